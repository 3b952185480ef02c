// dx = (accumulate ? dx : 0) + sum over taps and kernels of dy * w: the forward pass's product, from dy to
// dx, with turned kernels (taps from last to first). Rows are x's pixels, columns a group's channels, k is
// (tap, kernel). w is read in place, with kernels along k and channels across it (TurnedKernels).
#include "cuda/convolution/operands.h"
#include "cuda/convolution/plan.h"
#include "cuda/convolution/wgmma.h"
#include "cuda/device/ops.h"
#include "cuda/gemm/finish.h"

namespace alexnet::cuda {
namespace {

struct DataPlan {
  Geometry g;
  bool by_warpgroups, scalar;
  Math math;
  GemmPlan gemm;
  size_t bytes;
};

DataPlan plan_of(const ConvolutionBackwardData& op, const Card& card) {
  DataPlan plan{};
  plan.g = geometry_of(op.convolution, op.dx, op.w, op.dy);
  plan.scalar = plan.g.stride != 1 || !packs(plan.g, op.dy.dtype, true);
  plan.math = math_of(op.dy.dtype, op.convolution.products, card);
  plan.by_warpgroups = data_by_warpgroups(plan.g, op.dy.dtype, card);
  const GemmShape shape{plan.g.inputs(), plan.g.channels, plan.g.taps() * plan.g.kernels, plan.g.groups};
  plan.gemm = plan.by_warpgroups ? plan_data_wgmma(plan.g, card)
                                 : plan_pass<DataPass>(shape, plan.math, plan.scalar, card);
  if (plan.gemm.in_parts())
    plan.bytes = plan.gemm.part_floats(plan.g.groups) * sizeof(float) * static_cast<size_t>(plan.gemm.splits);
  return plan;
}

template <Math kMath, class T>
void multiply(const DataPlan& plan, const T* dy, const T* w, const Output& output, const Launch& on) {
  const Geometry& g = plan.g;
  if constexpr (kMath == Math::kBfloat16) {
    if (plan.by_warpgroups) return launch_data_wgmma(plan.gemm, g, dy, w, output, on);
  }
  if (g.stride == 1)
    launch_pass<kMath, DataPass>(plan.gemm, plan.scalar, turned_windows_of(g, dy), turned_kernels_of(g, w),
                                 output, on.stream);
  else
    launch_pass<kMath, SpreadDataPass>(plan.gemm, true, spread_windows_of(g, dy), turned_kernels_of(g, w),
                                       output, on.stream);
}

template <Math kMath>
void run(const ConvolutionBackwardData& op, const DataPlan& plan, const Launch& on) {
  using T = NumberOf<kMath>;
  const Geometry& g = plan.g;
  const T *dy = on.data<T>(op.dy), *w = on.data<T>(op.w);
  Output output = output_of(op.dx, g.x, g.height, g.width, g.channels, g.groups, on);
  output.accumulate = op.accumulate;
  if (plan.gemm.in_parts()) output.parts = on.workspace<float>(), output.pitch = plan.gemm.pitch;
  multiply<kMath>(plan, dy, w, output, on);
  if (plan.gemm.in_parts()) finish_parts(output, plan.gemm.splits, on.stream);
}

}  // namespace

void run(const ConvolutionBackwardData& op, const Launch& on) {
  const DataPlan plan = plan_of(op, on.card);
  with_math(plan.math, [&]<Math kMath>() { run<kMath>(op, plan, on); });
}

size_t workspace(const ConvolutionBackwardData& op, const Card& card) { return plan_of(op, card).bytes; }

}  // namespace alexnet::cuda
