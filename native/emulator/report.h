// What the emulator has to say about the last CUDA call of this thread that failed; empty where it has
// nothing to add to CUDA's own text.
#pragma once

#pragma GCC visibility push(hidden)

const char* emulator_report();

namespace emulator {
inline const char* last_report() { return emulator_report(); }
}  // namespace emulator

#pragma GCC visibility pop
