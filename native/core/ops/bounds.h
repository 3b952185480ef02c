// What values every op's check holds its parameters to.
#pragma once

#include <cstdint>

#include "core/tensor.h"

namespace alexnet {

// Windows, their steps and the padding around them; far beyond any network, small enough for 32-bit
// arithmetic.
inline constexpr int64_t kLargestWindow = 65535;

// Learning rates of a program, and events between its devices.
inline constexpr int64_t kLargestIndex = 65535;

inline Shape vector_of(int64_t length) { return {1, 1, 1, length}; }

}  // namespace alexnet
