// The gradient with respect to the input: the forward pass's product, from dy to dx, with turned kernels
// (taps from last to first).

#include "cpu/convolution/gather.h"
#include "cpu/device/ops.h"

namespace alexnet::cpu {

namespace {

GatherPlan plan_of(const ConvolutionBackwardData& op, const Processor& processor) {
  return cpu::plan_of(gather_of(op), op.convolution.products, processor);
}

}  // namespace

void run(const ConvolutionBackwardData& op, const Execution& on) {
  GatherPlan plan = plan_of(op, on.processor());
  GatherGemm& g = plan.groups.first;
  g.source = on.data(op.dy);
  g.target = on.data(op.dx);
  g.weights = on.data(op.w);
  multiply(plan, nullptr, on);
}

ScratchSize scratch(const ConvolutionBackwardData& op, const Processor& processor) {
  return plan_of(op, processor).scratch;
}

}  // namespace alexnet::cpu
