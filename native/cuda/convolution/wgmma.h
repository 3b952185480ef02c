// The passes of a convolution as products of warpgroups (gemm/wgmma.cuh): bfloat16 on GPUs of compute
// capability 9.0.
#pragma once

#include "cuda/convolution/geometry.h"
#include "cuda/device/launch.h"
#include "cuda/gemm/plan.h"
#include "cuda/primitives/numbers.h"

namespace alexnet::cuda {

struct Output;

// Whether warpgroups compute a pass: TMA has to be able to describe its operands, 16 bytes at a time.
// Otherwise gemm/mma.cuh computes it.
bool forward_by_warpgroups(const Geometry& g, DType dtype, const Card& card);
bool data_by_warpgroups(const Geometry& g, DType dtype, const Card& card);
bool weights_by_warpgroups(const Geometry& g, DType dtype, const Card& card);

// The tile numbers in these plans are valid only for the functions below.
GemmPlan plan_forward_wgmma(const Geometry& g, const Card& card);
GemmPlan plan_data_wgmma(const Geometry& g, const Card& card);
GemmPlan plan_weights_wgmma(const Geometry& g, const Card& card);

// The counterparts of launch_pass (kernels.cuh) for ForwardPass, DataPass and WeightsPass.
void launch_forward_wgmma(const GemmPlan& plan, const Geometry& g, const Bfloat16* x, const Bfloat16* w,
                          const Output& output, const Launch& on);
void launch_data_wgmma(const GemmPlan& plan, const Geometry& g, const Bfloat16* dy, const Bfloat16* w,
                       const Output& output, const Launch& on);
void launch_weights_wgmma(const GemmPlan& plan, const Geometry& g, const Bfloat16* dy, const Bfloat16* x,
                          const Output& output, const Launch& on);

}  // namespace alexnet::cuda
