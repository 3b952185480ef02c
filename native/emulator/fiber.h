// Threads of a kernel are fibers: stacks that are switched between by hand, in a few nanoseconds.
#pragma once

#include <cstddef>

#pragma GCC visibility push(hidden)

// Keeps the registers that calls preserve and the stack pointer, in *save, and goes on where `to` was kept.
extern "C" void emulator_switch_fiber(void** save, void* to);

namespace emulator {

inline constexpr size_t kStackBytes = 128 * 1024;

// The lowest address of a stack with a guard page below it; kept for reuse, never given back.
char* take_stack();
void give_stack(char* stack);

// What to switch to so that `entry` begins on the stack. It must not return.
void* prepare_stack(char* stack, void (*entry)());

}  // namespace emulator

#pragma GCC visibility pop
