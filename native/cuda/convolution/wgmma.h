// The passes of a convolution as products of warpgroups (gemm/wgmma.cuh): bfloat16 on cards of compute
// capability 9.0.
#pragma once

#include "cuda/convolution/geometry.h"
#include "cuda/device/launch.h"
#include "cuda/gemm/plan.h"
#include "cuda/primitives/numbers.h"

namespace alexnet::cuda {

struct Output;

// Whether warpgroups do a pass: TMA has to be able to describe its operands, 16 bytes at a time. Else
// gemm/mma.cuh does.
bool forward_by_warpgroups(const Geometry& g, DType dtype, const Card& card);
bool data_by_warpgroups(const Geometry& g, DType dtype, const Card& card);
bool weights_by_warpgroups(const Geometry& g, DType dtype, const Card& card);

// Tile numbers in these plans are for the functions below only.
GemmPlan plan_forward_wgmma(const Geometry& g, const Card& card);
GemmPlan plan_data_wgmma(const Geometry& g, const Card& card);
GemmPlan plan_weights_wgmma(const Geometry& g, const Card& card);

// As launch_pass (kernels.cuh) of ForwardPass, DataPass and WeightsPass.
void launch_forward_wgmma(const GemmPlan& plan, const Geometry& g, const Bfloat16* x, const Bfloat16* w,
                          const Output& output, const Launch& on);
void launch_data_wgmma(const GemmPlan& plan, const Geometry& g, const Bfloat16* dy, const Bfloat16* w,
                       const Output& output, const Launch& on);
void launch_weights_wgmma(const GemmPlan& plan, const Geometry& g, const Bfloat16* dy, const Bfloat16* x,
                          const Output& output, const Launch& on);

}  // namespace alexnet::cuda
