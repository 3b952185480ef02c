// Local response normalisation and the max-pooling after it in one pass.

#include "cpu/device/ops.h"
#include "cpu/pooling/launch.h"

namespace alexnet::cpu {

namespace {

LrnPool pool_of(const LrnPoolForward& op) { return kernel_arguments(op.x, op.y, op.pool, &op.lrn); }
LrnPool pool_of(const LrnPoolBackward& op) {
  return kernel_arguments(op.x, op.dy, op.pool, &op.lrn, op.activation);
}

}  // namespace

void run(const LrnPoolForward& op, const Execution& on) { pool_forward(pool_of(op), op.x, op.y, on); }
void run(const LrnPoolBackward& op, const Execution& on) {
  pool_backward(pool_of(op), op.x, op.dy, op.dx, on);
}

ScratchSize scratch(const LrnPoolForward& op, const Processor& processor) {
  return pool_scratch(pool_of(op), processor);
}
ScratchSize scratch(const LrnPoolBackward& op, const Processor& processor) {
  return pool_scratch(pool_of(op), processor);
}

}  // namespace alexnet::cpu
