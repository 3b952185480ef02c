// The two types of a network's tensors on a GPU, and packs of 16 bytes of them.
#pragma once

#include "cuda/primitives/portable.h"

#if defined(__CUDACC__)
#include <cuda_bf16.h>
#endif

namespace alexnet::cuda {

// bfloat16: the upper half of a float32. Kernels compute in float32 and round to nearest even at the end.
struct Bfloat16 {
  uint16_t bits;
};

__host__ __device__ __forceinline__ float to_float(float x) { return x; }
__host__ __device__ __forceinline__ float to_float(Bfloat16 x) {
  const uint32_t bits = uint32_t{x.bits} << 16;
#if defined(__CUDA_ARCH__)
  return __uint_as_float(bits);
#else
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
#endif
}

template <class T>
__host__ __device__ __forceinline__ T from_float(float x);
template <>
__host__ __device__ __forceinline__ float from_float<float>(float x) {
  return x;
}
template <>
__host__ __device__ __forceinline__ Bfloat16 from_float<Bfloat16>(float x) {
#if defined(__CUDA_ARCH__)
  return {__bfloat16_as_ushort(__float2bfloat16_rn(x))};
#else
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return {0x7fff};  // NaN
  return {static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
#endif
}

// The elements of one 16-byte memory access: 4 floats or 8 bfloat16s. The address is a multiple of 16.
template <class T>
struct alignas(16) Pack {
  static constexpr int kCount = 16 / static_cast<int>(sizeof(T));
  T at[kCount];
};

}  // namespace alexnet::cuda
