// Fibers, the threads of a kernel: separate stacks; switching between them takes a few nanoseconds.
#pragma once

#include <cstddef>

#pragma GCC visibility push(hidden)

// Saves the callee-saved registers on the stack and the stack pointer in *save, then continues where `to` was
// saved.
extern "C" void emulator_switch_fiber(void** save, void* to);

namespace emulator {

inline constexpr size_t kStackBytes = 128 * 1024;

// The lowest address of a stack with a guard page below it. Stacks are kept for reuse and never freed.
char* take_stack();
void give_stack(char* stack);

// The stack pointer to switch to so that `entry` starts on the stack. `entry` must not return.
void* prepare_stack(char* stack, void (*entry)());

}  // namespace emulator

#pragma GCC visibility pop
