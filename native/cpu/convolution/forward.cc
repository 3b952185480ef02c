// The forward pass, and the packing of its weights.

#include "cpu/bf16/convolution.h"
#include "cpu/convolution/gather.h"
#include "cpu/device/ops.h"
#include "cpu/elementwise/dropout.h"
#include "cpu/winograd/blocks.h"
#include "cpu/winograd/winograd.h"

namespace alexnet::cpu {

namespace {

GatherPlan plan_of(const ConvolutionForward& op, bool packed, const Processor& processor) {
  return cpu::plan_of(gather_of(op, packed), op.convolution.products, processor);
}

}  // namespace

void run(const ConvolutionForward& op, const Execution& on) {
  GatherPlan plan = plan_of(op, op.packed.has_value(), on.processor());
  GatherGemm& g = plan.groups.first;
  g.source = on.data(op.x);
  g.target = on.data(op.y);
  if (op.w.dtype == DType::kBfloat16)
    g.short_weights = on.backend.data<uint16_t>(op.w);
  else
    g.weights = on.data(op.w);
  g.bias = op.bias ? on.data(*op.bias) : nullptr;
  multiply(plan, op.packed ? on.data(*op.packed) : nullptr, on);
  if (op.dropout) apply_dropout(*op.dropout, op.y, g.target, on);
}

ScratchSize scratch(const ConvolutionForward& op, const Processor& processor) {
  return plan_of(op, op.packed.has_value(), processor).scratch;
}

size_t packed_bytes(const ConvolutionForward& op, const Processor& processor) {
  return plan_of(op, true, processor).packed_bytes;
}

void pack(const ConvolutionForward& op, CpuBackend& backend) {
  const Processor& processor = backend.processor();
  GatherPlan plan = plan_of(op, true, processor);
  plan.groups.first.weights = backend.data<float>(op.w);
  switch (plan.algorithm) {
    case GatherAlgorithm::kBf16Windows:
      return bf16_windows_pack(plan.groups, *processor.bf16, backend.pool(),
                               backend.data<uint16_t>(*op.packed));
    case GatherAlgorithm::kWinogradBlocks:
      return winograd_blocks_pack(plan.groups, processor.kernels, backend.pool(),
                                  backend.data<float>(*op.packed));
    case GatherAlgorithm::kWinograd:
      return winograd_pack(plan.groups, processor.kernels, backend.pool(), backend.data<float>(*op.packed));
    case GatherAlgorithm::kBf16Matrix:
    case GatherAlgorithm::kDot:
    case GatherAlgorithm::kMatrix:
    case GatherAlgorithm::kMatrixAcross:
    case GatherAlgorithm::kGather:
      return;  // packed_bytes is 0
  }
}

}  // namespace alexnet::cpu
