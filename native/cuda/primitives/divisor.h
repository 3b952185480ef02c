// Division by a number that is known when a kernel is launched, done as a multiplication.
#pragma once

#include "cuda/primitives/portable.h"

namespace alexnet::cuda {

// For 0 <= n < 2^31.
struct Divisor {
  uint32_t divisor = 1, magic = 1, shift = 0;

  Divisor() = default;
  explicit Divisor(int64_t d) : divisor(static_cast<uint32_t>(d)) {
    while ((int64_t{1} << shift) < d) ++shift;
    magic = static_cast<uint32_t>(((uint64_t{1} << 32) * ((uint64_t{1} << shift) - divisor)) / divisor + 1);
  }
  __host__ __device__ __forceinline__ int quotient(int n) const {
    const auto unsigned_n = static_cast<uint32_t>(n);
    const auto high = static_cast<uint32_t>((uint64_t{unsigned_n} * magic) >> 32);
    return static_cast<int>((high + unsigned_n) >> shift);
  }
  // n becomes the remainder.
  __host__ __device__ __forceinline__ int split(int& n) const {
    const int q = quotient(n);
    n -= q * static_cast<int>(divisor);
    return q;
  }
};

}  // namespace alexnet::cuda
