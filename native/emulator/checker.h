// Finds races, and accesses to bytes that do not exist or were never written, in shared and global memory.
//
// Kernels are compiled with -fsanitize=thread. Its runtime library is not linked; instead its hooks
// (tsan_hooks.cc) call the checker. Every 4 bytes of memory have a state and records of the last write and
// the last read. Time is counted in eras: a number that increases with every block and every barrier, so that
// two accesses of one block are ordered if their eras differ.
#pragma once

#include <cstddef>
#include <cstdint>

#pragma GCC visibility push(hidden)

namespace emulator {

struct Block;

enum class Access { kRead, kWrite, kAtomic };

// If false, the hooks return at once.
extern bool checking;

// Checks an access of the current thread; pc is the address of the accessing code.
void check_access(const void* address, size_t bytes, Access access, const void* pc);

// Called for a misaligned access: fails if it is to shared memory or a card's memory, where an access has to
// be aligned to its size.
void check_alignment(const void* address, size_t bytes, const void* pc);

// Global memory, as the host changes it: new allocations are unwritten; copies also copy which bytes are
// written.
void mark_allocated(char* address, size_t bytes);
void mark_freed(char* address, size_t bytes);
void mark_written(char* address, size_t bytes);
void copy_marks(char* to, const char* from, size_t bytes);

void begin_launch();
void begin_block(Block& block);
void begin_era();
void mark_shared(Block& block, char* address, size_t bytes);
// For the asynchronous units: the shared memory that they read, will write and have written, and the global
// memory that they read. Their accesses are ordered by mbarriers, which the checker does not track, so it
// does not look for races here.
void check_written(const void* address, size_t bytes, const char* who);
void check_readable(const void* address, size_t bytes, const char* who);
void mark_arrived(const void* address, size_t bytes);
void mark_in_flight(const void* address, size_t bytes);

}  // namespace emulator

#pragma GCC visibility pop
