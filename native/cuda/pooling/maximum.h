// A window's maximum: the first of equal numbers, and NaN is greater than every number, the last one of a
// window, as in PyTorch.
#pragma once

#include "cuda/primitives/portable.h"

namespace alexnet::cuda {

// Whether z takes the place of the maximum so far.
__device__ __forceinline__ bool exceeds(float z, float best) { return z > best || z != z; }

// The greater one where it does not matter which of 0 and -0, or which NaN: one instruction from compute
// capability 8.0 on.
__device__ __forceinline__ float maximum_or_nan(float best, float z) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  float greater;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(greater) : "f"(best), "f"(z));
  return greater;
#else
  return exceeds(z, best) ? z : best;
#endif
}

}  // namespace alexnet::cuda
