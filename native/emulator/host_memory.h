// Host memory that GPUs (cards) may use: memory that was allocated pinned or registered, and the program's
// own constants.
#pragma once

#include <cstddef>

#pragma GCC visibility push(hidden)

namespace emulator {

void* allocate_pinned(size_t bytes);
// Returns false if it was not allocated by allocate_pinned.
bool free_pinned(void* memory);
bool register_pinned(void* memory, size_t bytes);
bool unregister_pinned(void* memory);
bool is_pinned(const void* address);

// Whether kernels may use these bytes of the host's memory.
bool kernels_may_use(const void* address, size_t bytes);

}  // namespace emulator

#pragma GCC visibility pop
