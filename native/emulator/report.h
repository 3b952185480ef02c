// The emulator's report of this thread's last CUDA call that failed; empty if it adds nothing to CUDA's own
// text.
#pragma once

#pragma GCC visibility push(hidden)

const char* emulator_report();

namespace emulator {
inline const char* last_report() { return emulator_report(); }
}  // namespace emulator

#pragma GCC visibility pop
