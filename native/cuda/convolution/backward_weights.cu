// dw(kernel, tap, channel) = the sum over images and positions of dy * x: a product whose rows are kernels,
// whose columns are a kernel's elements and whose k are y's pixels. k is long: 93,312 in conv2 at batch 128,
// where dw is 128 x 1200 a group. So k is split until the GPU is full; the parts are added in order. In both
// operands k runs across the rows in memory (Pixels, Windows).
//
// An update changes the weights directly where the gradient's sums would be written: that saves 8 of 26 bytes
// of memory traffic a weight. The exception is rearranged convolutions: the gradients of their few weights
// are stored in the workspace first.
#include "cuda/convolution/bias.h"
#include "cuda/convolution/operands.h"
#include "cuda/convolution/plan.h"
#include "cuda/convolution/rearrange.h"
#include "cuda/convolution/wgmma.h"
#include "cuda/device/ops.h"
#include "cuda/gemm/finish.h"

namespace alexnet::cuda {
namespace {

struct WeightsPlan {
  Geometry before, g;  // g: after rearranging, if that is done
  bool rearranged, by_warpgroups, scalar, in_parts;
  Math math;
  GemmPlan gemm;
  size_t x, parts, bias, bytes;  // offsets in the workspace
};

WeightsPlan plan_of(const ConvolutionBackwardWeights& op, const Card& card) {
  WeightsPlan plan{};
  plan.before = plan.g = geometry_of(op.convolution, op.x, op.dw, op.dy);
  plan.rearranged = rearranges(plan.before, op.x.dtype);
  Pieces pieces;
  if (plan.rearranged) {
    plan.g = rearranged(plan.before);
    plan.x = pieces.take(rearranged_images_bytes(plan.g, op.x.dtype));
  }
  plan.scalar = !packs(plan.g, op.x.dtype, true);
  plan.math = math_of(op.x.dtype, op.convolution.products, card);
  const GemmShape shape{plan.g.kernels, plan.g.kernel_numbers(), plan.g.outputs(), plan.g.groups};
  plan.by_warpgroups = weights_by_warpgroups(plan.g, op.x.dtype, card);
  plan.gemm = plan.by_warpgroups ? plan_weights_wgmma(plan.g, card)
                                 : plan_pass<WeightsPass>(shape, plan.math, plan.scalar, card);
  plan.in_parts = plan.gemm.in_parts() || plan.rearranged;
  if (plan.in_parts)
    plan.parts = pieces.take(plan.gemm.part_floats(plan.g.groups) * sizeof(float) *
                             static_cast<size_t>(plan.gemm.splits));
  if (op.db) plan.bias = pieces.take(bias_gradient_bytes(plan.before, card));
  plan.bytes = pieces.bytes();
  return plan;
}

// Rows are kernels, dense; columns are a kernel's elements. With an update, op.dw is the tensor of the
// weights.
Output output_of(const ConvolutionBackwardWeights& op, const ConvolutionUpdate* update,
                 const WeightsPlan& plan, const Launch& on) {
  const Geometry& g = plan.g;
  Output out;
  out.data = on.data<float>(op.dw);
  out.column_step = g.kernel_numbers(), out.even = true;
  out.group_step = g.kernels * g.kernel_numbers();
  out.rows = static_cast<int>(g.kernels), out.columns = static_cast<int>(g.kernel_numbers());
  out.groups = static_cast<int>(g.groups);
  out.fours = g.kernel_numbers() % 4 == 0;
  if (update) {
    out.velocity = on.data<float>(update->v), out.copy = copy_of(update->copy, on);
    out.momentum = static_cast<float>(update->momentum), out.decay = update->decay;
    out.rate = on.step.learning_rates + update->rate;
  }
  if (plan.in_parts) {
    out.parts = reinterpret_cast<float*>(on.workspace<std::byte>() + plan.parts);
    out.pitch = plan.gemm.pitch;
  }
  return out;
}

template <Math kMath, class T>
void multiply(const WeightsPlan& plan, const T* dy, const T* x, const Output& output, const Launch& on) {
  if constexpr (kMath == Math::kBfloat16) {
    if (plan.by_warpgroups) return launch_weights_wgmma(plan.gemm, plan.g, dy, x, output, on);
  }
  launch_pass<kMath, WeightsPass>(plan.gemm, plan.scalar, pixels_of(plan.g, dy), windows_of(plan.g, x),
                                  output, on.stream);
}

template <Math kMath>
void run(const ConvolutionBackwardWeights& op, const ConvolutionUpdate* update, const WeightsPlan& plan,
         const Launch& on) {
  using T = NumberOf<kMath>;
  const T *x = on.data<T>(op.x), *dy = on.data<T>(op.dy);
  if (plan.rearranged) {
    T* to = reinterpret_cast<T*>(on.workspace<std::byte>() + plan.x);
    rearrange_images(plan.before, x, to, on.stream);
    x = to;
  }
  const Output output = output_of(op, update, plan, on);
  multiply<kMath>(plan, dy, x, output, on);
  if (plan.rearranged)
    finish_rearranged(plan.before, output.parts, plan.gemm.splits, output.pitch, on.data<float>(op.dw),
                      on.stream);
  else if (plan.in_parts)
    finish_parts(output, plan.gemm.splits, on.stream);
  if (op.db)
    bias_gradient(plan.before, dy, reinterpret_cast<float*>(on.workspace<std::byte>() + plan.bias),
                  on.data<float>(*op.db), on.card, on.stream);
}

// Bytes of the gradient in the workspace, if it is stored there.
size_t gradient_bytes(const ConvolutionUpdate& op, const WeightsPlan& plan) {
  Pieces pieces;
  if (plan.rearranged) pieces.take(op.w.bytes());
  return pieces.bytes();
}

}  // namespace

void run(const ConvolutionBackwardWeights& op, const Launch& on) {
  const WeightsPlan plan = plan_of(op, on.card);
  with_math(plan.math, [&]<Math kMath>() { run<kMath>(op, nullptr, plan, on); });
}

size_t workspace(const ConvolutionBackwardWeights& op, const Card& card) { return plan_of(op, card).bytes; }

void run(const ConvolutionUpdate& op, const Launch& on) {
  const ConvolutionBackwardWeights to_weights = op.gradient(op.w);
  const WeightsPlan plan = plan_of(to_weights, on.card);
  if (!plan.rearranged)
    return with_math(plan.math, [&]<Math kMath>() { run<kMath>(to_weights, &op, plan, on); });
  const Tensor gradient = op.gradient_at(on.workspace_offset);
  Launch behind = on;
  behind.workspace_offset += gradient_bytes(op, plan);
  run(op.gradient(gradient), behind);
  run(op.update(gradient), behind);
}

size_t workspace(const ConvolutionUpdate& op, const Card& card) {
  const WeightsPlan plan = plan_of(op.gradient(op.w), card);
  return gradient_bytes(op, plan) + plan.bytes;
}

}  // namespace alexnet::cuda
