// Apart from the descriptors, because the CPU's kernels, compiled for several instruction sets, may share no
// inline functions with the rest.
#pragma once

#include <stdint.h>

namespace alexnet {

// Side of the largest window that kernels of CPUs and GPUs pool.
inline constexpr int64_t kMostPoolSize = 16;

}  // namespace alexnet
