// s^-beta and s^(-beta - 1), the factors of response normalisation.
//
// For the paper's 3/4: u = s^-1/2, s^-3/4 = u * sqrt(u), s^-7/4 = s^-3/4 * u^2. The GPU's approximate
// instructions for both roots have errors of at most 2 units in the last place (CUDA C++ Programming Guide,
// PTX ISA), so the results' relative errors are about 5e-7. Each root takes one special-function instruction;
// a multiprocessor executes sixteen of these a clock. The PTX instructions are used directly, because
// otherwise the compiler would add the handling of subnormal numbers; s, a sum with k, is never subnormal.
#pragma once

#include <cmath>

#include "cuda/primitives/portable.h"

namespace alexnet::cuda {

__device__ __forceinline__ float inverse_root(float s) {
#if defined(__CUDA_ARCH__)
  float u;
  asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(u) : "f"(s));
  return u;
#else
  return 1.0f / std::sqrt(s);
#endif
}
__device__ __forceinline__ float root(float u) {
#if defined(__CUDA_ARCH__)
  float r;
  asm("sqrt.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(u));
  return r;
#else
  return std::sqrt(u);
#endif
}

// beta = 3/4.
struct ThreeQuarters {
  __device__ __forceinline__ float normaliser(float s) const {
    const float u = inverse_root(s);
    return u * root(u);
  }
  __device__ __forceinline__ float normaliser(float s, float& steeper) const {
    const float u = inverse_root(s), n = u * root(u);
    steeper = n * (u * u);
    return n;
  }
};

struct AnyPower {
  float beta;
  __device__ __forceinline__ float normaliser(float s) const { return powf(s, -beta); }
  __device__ __forceinline__ float normaliser(float s, float& steeper) const {
    const float n = powf(s, -beta);
    steeper = n / s;
    return n;
  }
};

}  // namespace alexnet::cuda
