// The nonlinearities (paper, section 3.1) in kernels.
#pragma once

#include <cmath>

#include "core/ops.h"
#include "cuda/primitives/portable.h"

namespace alexnet::cuda {

// NaN passes through, so that a diverged run shows.
template <Activation kActivation>
__device__ __forceinline__ float activate(float x) {
  if constexpr (kActivation == Activation::kRelu)
    return x < 0 ? 0 : x;
  else if constexpr (kActivation == Activation::kTanh)
    return tanhf(x);
  else
    return x;
}

// The gradient through an activation whose output is y; through relu where y is NaN, as in PyTorch.
template <Activation kActivation>
__device__ __forceinline__ float through(float y, float gradient) {
  if constexpr (kActivation == Activation::kRelu)
    return y <= 0 ? 0 : gradient;
  else if constexpr (kActivation == Activation::kTanh)
    return gradient * (1 - y * y);
  else
    return gradient;
}

// Calls f.template operator()<kActivation>().
template <class F>
void with_activation(Activation activation, F&& f) {
  if (activation == Activation::kRelu)
    f.template operator()<Activation::kRelu>();
  else if (activation == Activation::kTanh)
    f.template operator()<Activation::kTanh>();
  else
    f.template operator()<Activation::kNone>();
}

}  // namespace alexnet::cuda
