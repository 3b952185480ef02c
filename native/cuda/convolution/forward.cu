// y = scale * mask * activation(conv(x, w) + bias + (accumulate ? y : 0)): a product whose rows are y's
// pixels, whose columns are kernels and whose k are a window's elements, read in place (Windows). AlexNet's
// layers at batch 128, multiply-adds: conv1 27 G, conv2 57 G, conv3 38 G, conv4 29 G, conv5 19 G, fc6 4.8 G.
// The convolutions are bound by arithmetic. fc6 is bound by reading its 38 million weights, once for all the
// images of a row of tiles (up to 128): its sum is split to fill the GPU.
#include "cuda/convolution/operands.h"
#include "cuda/convolution/plan.h"
#include "cuda/convolution/rearrange.h"
#include "cuda/convolution/wgmma.h"
#include "cuda/device/ops.h"
#include "cuda/gemm/finish.h"

namespace alexnet::cuda {
namespace {

struct ForwardPlan {
  Geometry before, g;  // g: after rearranging, if that is done
  bool rearranged, by_warpgroups, scalar;
  Math math;
  GemmPlan gemm;
  size_t x, w, parts, bytes;  // offsets in the workspace
};

ForwardPlan plan_of(const ConvolutionForward& op, const Card& card) {
  ForwardPlan plan{};
  plan.before = plan.g = geometry_of(op.convolution, op.x, op.w, op.y);
  plan.rearranged = rearranges(plan.before, op.x.dtype);
  Pieces pieces;
  if (plan.rearranged) {
    plan.g = rearranged(plan.before);
    plan.x = pieces.take(rearranged_images_bytes(plan.g, op.x.dtype));
    plan.w = pieces.take(rearranged_kernels_bytes(plan.g, op.x.dtype));
  }
  plan.scalar = !packs(plan.g, op.x.dtype, false);
  plan.math = math_of(op.x.dtype, op.convolution.products, card);
  plan.by_warpgroups = forward_by_warpgroups(plan.g, op.x.dtype, card);
  const GemmShape shape{plan.g.outputs(), plan.g.kernels, plan.g.kernel_numbers(), plan.g.groups};
  plan.gemm = plan.by_warpgroups ? plan_forward_wgmma(plan.g, card)
                                 : plan_pass<ForwardPass>(shape, plan.math, plan.scalar, card);
  if (plan.gemm.in_parts())
    plan.parts = pieces.take(plan.gemm.part_floats(plan.g.groups) * sizeof(float) *
                             static_cast<size_t>(plan.gemm.splits));
  plan.bytes = pieces.bytes();
  return plan;
}

Output output_of(const ConvolutionForward& op, const ForwardPlan& plan, const Launch& on) {
  const Geometry& g = plan.g;
  Output out = output_of(op.y, g.y, g.rows, g.columns, g.kernels, g.groups, on);
  if (op.bias) out.bias = on.data<float>(*op.bias);
  out.accumulate = op.accumulate;
  out.activation = op.activation;
  out.scale = static_cast<float>(op.scale);
  if (op.dropout) out.dropout = dropout_key(*op.dropout), out.step = on.step.number;
  if (plan.gemm.in_parts()) {
    out.parts = reinterpret_cast<float*>(on.workspace<std::byte>() + plan.parts);
    out.pitch = plan.gemm.pitch;
  }
  return out;
}

template <Math kMath, class T>
void multiply(const ForwardPlan& plan, const T* x, const T* w, const Output& output, const Launch& on) {
  if constexpr (kMath == Math::kBfloat16) {
    if (plan.by_warpgroups) return launch_forward_wgmma(plan.gemm, plan.g, x, w, output, on);
  }
  launch_pass<kMath, ForwardPass>(plan.gemm, plan.scalar, windows_of(plan.g, x), kernels_of(plan.g, w),
                                  output, on.stream);
}

template <Math kMath>
void run(const ConvolutionForward& op, const ForwardPlan& plan, const Launch& on) {
  using T = NumberOf<kMath>;
  const T *x = on.data<T>(op.x), *w = on.data<T>(op.w);
  if (plan.rearranged) {
    T* to_x = reinterpret_cast<T*>(on.workspace<std::byte>() + plan.x);
    T* to_w = reinterpret_cast<T*>(on.workspace<std::byte>() + plan.w);
    rearrange_images(plan.before, x, to_x, on.stream);
    rearrange_kernels(plan.before, w, to_w, on.stream);
    x = to_x, w = to_w;
  }
  const Output output = output_of(op, plan, on);
  multiply<kMath>(plan, x, w, output, on);
  if (plan.gemm.in_parts()) finish_parts(output, plan.gemm.splits, on.stream);
}

}  // namespace

void run(const ConvolutionForward& op, const Launch& on) {
  const ForwardPlan plan = plan_of(op, on.card);
  with_math(plan.math, [&]<Math kMath>() { run<kMath>(op, plan, on); });
}

size_t workspace(const ConvolutionForward& op, const Card& card) { return plan_of(op, card).bytes; }

}  // namespace alexnet::cuda
