// Max-pooling alone.

#include "cpu/device/ops.h"
#include "cpu/pooling/launch.h"

namespace alexnet::cpu {

namespace {

LrnPool pool_of(const MaxPoolForward& op) { return kernel_arguments(op.x, op.y, op.pool, nullptr); }
LrnPool pool_of(const MaxPoolBackward& op) {
  return kernel_arguments(op.x, op.dy, op.pool, nullptr, op.activation);
}

}  // namespace

void run(const MaxPoolForward& op, const Execution& on) { pool_forward(pool_of(op), op.x, op.y, on); }
void run(const MaxPoolBackward& op, const Execution& on) {
  pool_backward(pool_of(op), op.x, op.dy, op.dx, on);
}

ScratchSize scratch(const MaxPoolForward& op, const Processor& processor) {
  return pool_scratch(pool_of(op), processor);
}
ScratchSize scratch(const MaxPoolBackward& op, const Processor& processor) {
  return pool_scratch(pool_of(op), processor);
}

}  // namespace alexnet::cpu
