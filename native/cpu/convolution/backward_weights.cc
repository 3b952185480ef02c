// The gradient with respect to the weights and the bias, and the op that also applies the update.

#include <algorithm>

#include "cpu/bf16/convolution.h"
#include "cpu/convolution/bias.h"
#include "cpu/convolution/plan.h"
#include "cpu/device/ops.h"
#include "cpu/winograd/blocks.h"
#include "cpu/winograd/winograd.h"

namespace alexnet::cpu {

namespace {

OuterPlan plan_of(const ConvolutionBackwardWeights& op, const Processor& processor) {
  return cpu::plan_of(outer_of(op), op.convolution.products, processor);
}

void matrix(const OuterGemm& g, const ScratchSize& size, const Execution& on) {
  const Kernels& kernels = on.kernels();
  on.pool().share(kernels.matrix_weights_units(g), 1, [&](int64_t begin, int64_t end, int thread) {
    kernels.matrix_weights(g, begin, end, on.own(thread, size));
  });
}

// Sums of each range of images, then of the ranges.
void few_channels(const OuterGemm& g, const ScratchSize& size, const Execution& on) {
  const Kernels& kernels = on.kernels();
  on.pool().share(kernels.few_channels_ranges(g), 1, [&](int64_t begin, int64_t end, int thread) {
    kernels.few_channels_sum(g, begin, end, on.shared(), on.own(thread, size));
  });
  on.pool().share(g.outputs, 16, [&](int64_t begin, int64_t end, int) {
    kernels.few_channels_finish(g, begin, end, on.shared());
  });
}

void outer(const OuterGroups& groups, const ScratchSize& size, const Execution& on) {
  const Kernels& kernels = on.kernels();
  const int64_t units = kernels.outer_units(groups.first);
  on.pool().share(units * groups.count, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t i = begin / units; i <= (end - 1) / units; ++i)
      kernels.outer(groups.at(i), std::max(begin - i * units, int64_t{0}), std::min(end - i * units, units),
                    on.own(thread, size));
  });
}

// plan.groups: with data pointers.
void multiply(const OuterPlan& plan, const Execution& on) {
  const OuterGroups& groups = plan.groups;
  const ScratchSize& size = plan.scratch;
  switch (plan.algorithm) {
    case OuterAlgorithm::kBf16:
      return bf16_outer(groups, size, on);
    case OuterAlgorithm::kMatrix:
      return matrix(groups.first, size, on);
    case OuterAlgorithm::kWinogradBlocks:
      for (int64_t i = 0; i < groups.count; ++i) winograd_blocks_weights(groups.at(i), size, on);
      return;
    case OuterAlgorithm::kWinograd:
      for (int64_t i = 0; i < groups.count; ++i) winograd_weights(groups.at(i), size, on);
      return;
    case OuterAlgorithm::kFewChannels:
      for (int64_t i = 0; i < groups.count; ++i) few_channels(groups.at(i), size, on);
      return;
    case OuterAlgorithm::kOuter:
      return outer(groups, size, on);
  }
}

// Floats of the gradient at the start of the update's workspace; the rest is scratch for computing it.
size_t gradient_floats(const ConvolutionUpdate& op) {
  return ScratchSize::padded(static_cast<size_t>(op.w.count()));
}

}  // namespace

void run(const ConvolutionBackwardWeights& op, const Execution& on) {
  OuterPlan plan = plan_of(op, on.processor());
  plan.groups.first.x = on.data(op.x);
  plan.groups.first.dy = on.data(op.dy);
  plan.groups.first.dw = on.data(op.dw);
  multiply(plan, on);
  if (op.db) bias_gradient(op.dy, *op.db, on);
}

ScratchSize scratch(const ConvolutionBackwardWeights& op, const Processor& processor) {
  return plan_of(op, processor).scratch;
}

void run(const ConvolutionUpdate& op, const Execution& on) {
  const Tensor gradient = op.gradient_at(on.workspace);
  run(op.gradient(gradient),
      Execution{on.backend, on.workspace + gradient_floats(op) * sizeof(float), on.step});
  run(op.update(gradient), on);
}

ScratchSize scratch(const ConvolutionUpdate& op, const Processor& processor) {
  const ScratchSize size = scratch(op.gradient(op.w), processor);
  return {size.each, gradient_floats(op) + size.shared};
}

}  // namespace alexnet::cpu
