// What this process may use of the machine's processor and memory.
#pragma once

#include <cstddef>
#include <string>

namespace alexnet {

// Cores that the process may keep busy: its affinity mask, less where a control group (a container) grants
// less time.
int usable_cores();
// The widest vector instructions the CPU backend has code for here: "avx512", "avx2", "neon" or "baseline".
const char* vector_isa();
// Bytes of memory the process could have at most; 0 where the system does not tell.
size_t memory_limit();

}  // namespace alexnet
