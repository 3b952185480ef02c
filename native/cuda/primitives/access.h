// Loads and stores of adjacent elements in one memory access; they are float32 in registers, whatever their
// type in memory.
#pragma once

#include "cuda/primitives/numbers.h"

namespace alexnet::cuda {

// The address is a multiple of the elements' total size.
template <class T, int kCount>
struct alignas(kCount * sizeof(T)) Adjacent {
  T at[kCount];
};

// Elements in a thread's registers, in their memory type.
template <class T, int kCount>
struct Packed {
  Adjacent<T, kCount> numbers;

  __device__ __forceinline__ void load(const T* from) {
    numbers = *reinterpret_cast<const Adjacent<T, kCount>*>(from);
  }
  __device__ __forceinline__ void unpack(float (&to)[kCount]) const {
#pragma unroll
    for (int i = 0; i < kCount; ++i) to[i] = to_float(numbers.at[i]);
  }
};

// Pairs of bfloat16 values: one instruction for each value.
template <int kCount>
requires(kCount % 2 == 0) struct Packed<Bfloat16, kCount> {
  Adjacent<uint32_t, kCount / 2> pairs;

  __device__ __forceinline__ void load(const Bfloat16* from) {
    pairs = *reinterpret_cast<const Adjacent<uint32_t, kCount / 2>*>(from);
  }
  __device__ __forceinline__ void unpack(float (&to)[kCount]) const {
#pragma unroll
    for (int i = 0; i < kCount / 2; ++i) {
      to[2 * i] = __uint_as_float(pairs.at[i] << 16);
      to[2 * i + 1] = __uint_as_float(pairs.at[i] & 0xffff0000u);
    }
  }
};

template <int kCount, class T>
__device__ __forceinline__ void load(const T* from, float (&to)[kCount]) {
  Packed<T, kCount> packed;
  packed.load(from);
  packed.unpack(to);
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
// One instruction rounds two values.
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

// kCount elements, and kSide elements on either side: those before them if `before`, those after them if
// `after`, otherwise zeros.
template <class T, int kCount, int kSide>
struct WithNeighbours {
  Packed<T, kCount> own;
  Packed<T, kSide> low{}, high{};

  __device__ __forceinline__ void load(const T* from, bool before, bool after) {
    own.load(from);
    if (before) low.load(from - kSide);
    if (after) high.load(from + kCount);
  }
  __device__ __forceinline__ void unpack(float (&to)[kCount + 2 * kSide]) const {
    float middle[kCount], side[kSide];
    low.unpack(side);
#pragma unroll
    for (int i = 0; i < kSide; ++i) to[i] = side[i];
    own.unpack(middle);
#pragma unroll
    for (int i = 0; i < kCount; ++i) to[kSide + i] = middle[i];
    high.unpack(side);
#pragma unroll
    for (int i = 0; i < kSide; ++i) to[kSide + kCount + i] = side[i];
  }
};

template <int kCount, int kSide, class T>
__device__ __forceinline__ void load_with_neighbours(const T* from, bool before, bool after,
                                                     float (&to)[kCount + 2 * kSide]) {
  if constexpr (kSide == 0) {
    load(from, to);
  } else {
    WithNeighbours<T, kCount, kSide> all;
    all.load(from, before, after);
    all.unpack(to);
  }
}

}  // namespace alexnet::cuda
