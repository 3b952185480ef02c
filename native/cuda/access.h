// Adjacent numbers in one memory access each way, float32 in registers whatever they are in memory.
#pragma once

#include "cuda/numbers.h"

namespace alexnet::cuda {

// The address is a multiple of their size.
template <class T, int kCount>
struct alignas(kCount * sizeof(T)) Adjacent {
  T at[kCount];
};

template <int kCount, class T>
__device__ __forceinline__ void load(const T* from, float (&to)[kCount]) {
  const auto numbers = *reinterpret_cast<const Adjacent<T, kCount>*>(from);
#pragma unroll
  for (int i = 0; i < kCount; ++i) to[i] = to_float(numbers.at[i]);
}

template <class T, int kCount>
__device__ __forceinline__ Adjacent<T, kCount> rounded(const float (&from)[kCount]) {
  Adjacent<T, kCount> numbers;
#pragma unroll
  for (int i = 0; i < kCount; ++i) numbers.at[i] = from_float<T>(from[i]);
  return numbers;
}

template <class T, int kCount>
__device__ __forceinline__ void store(T* to, const float (&from)[kCount]) {
  *reinterpret_cast<Adjacent<T, kCount>*>(to) = rounded<T>(from);
}

#if defined(__CUDA_ARCH__)
// One instruction rounds two.
template <int kCount>
__device__ __forceinline__ void store(Bfloat16* to, const float (&from)[kCount]) {
  if constexpr (kCount % 2 == 0) {
    Adjacent<uint32_t, kCount / 2> pairs;
#pragma unroll
    for (int i = 0; i < kCount / 2; ++i) {
      const __nv_bfloat162 pair = __floats2bfloat162_rn(from[2 * i], from[2 * i + 1]);
      pairs.at[i] = uint32_t{__bfloat16_as_ushort(pair.x)} | uint32_t{__bfloat16_as_ushort(pair.y)} << 16;
    }
    *reinterpret_cast<Adjacent<uint32_t, kCount / 2>*>(to) = pairs;
  } else {
    *reinterpret_cast<Adjacent<Bfloat16, kCount>*>(to) = rounded<Bfloat16>(from);
  }
}
#endif

// kCount numbers, and kSide on either side of them where they are `before` and `after`; else zeros.
template <int kCount, int kSide, class T>
__device__ __forceinline__ void load_span(const T* from, bool before, bool after,
                                          float (&to)[kCount + 2 * kSide]) {
  float own[kCount];
  load(from, own);
#pragma unroll
  for (int i = 0; i < kCount; ++i) to[kSide + i] = own[i];
  if constexpr (kSide > 0) {
    float side[kSide] = {};
    if (before) load(from - kSide, side);
#pragma unroll
    for (int i = 0; i < kSide; ++i) to[i] = side[i], side[i] = 0;
    if (after) load(from + kCount, side);
#pragma unroll
    for (int i = 0; i < kSide; ++i) to[kSide + kCount + i] = side[i];
  }
}

}  // namespace alexnet::cuda
