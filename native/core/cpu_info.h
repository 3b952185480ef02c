// What this process may use of the machine's processor and memory.
#pragma once

#include <cstddef>
#include <string>

namespace alexnet {

// Cores that the process may keep busy: its affinity mask, less where a control group (a container) grants
// less time.
int usable_cores();
// Bytes of memory the process could have at most; 0 where the system does not tell.
size_t memory_limit();

}  // namespace alexnet
