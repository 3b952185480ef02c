// bfloat16: the upper half of a float32.
#pragma once

#include <cstdint>

namespace alexnet {

// To nearest, ties to even, as every backend rounds. A copy in each file: some are compiled for instructions
// that not every processor has.
static inline uint32_t to_bfloat16(float number) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, number);
  const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return nan ? 0x7fffu : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
}

}  // namespace alexnet
