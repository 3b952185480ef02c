// Finds races, and accesses to bytes that do not exist or that nobody has written, in shared and global
// memory.
//
// Kernels are compiled with -fsanitize=thread; its runtime library is not linked, and its hooks
// (tsan_hooks.cc) come here. Every 4 bytes of memory have a state and a record of the last write and the last
// read. A moment of a kernel is an era: a number that rises with every block and every barrier, so that two
// accesses of one block are ordered if their eras differ.
#pragma once

#include <cstddef>
#include <cstdint>

#pragma GCC visibility push(hidden)

namespace emulator {

struct Block;

enum class Access { kRead, kWrite, kAtomic };

// Off: the hooks return at once.
extern bool checking;

// An access of the current thread; pc is where it is made.
void check_access(const void* address, size_t bytes, Access access, const void* pc);

// Fails where the access is to a card's memory: it would have to be at a multiple of its size.
void check_alignment(const void* address, size_t bytes, const void* pc);

// The host's side of global memory: allocations begin unwritten; copies carry along what is written.
void mark_allocated(char* address, size_t bytes);
void mark_freed(char* address, size_t bytes);
void mark_written(char* address, size_t bytes);
void copy_marks(char* to, const char* from, size_t bytes);

void begin_launch();
void begin_block(Block& block);
void begin_era();
void mark_shared(Block& block, char* address, size_t bytes);
// Of shared memory that asynchronous units read, write and have written; of global memory that they read.
// They are ordered by mbarriers, which the checker does not follow: no races are looked for.
void check_written(const void* address, size_t bytes, const char* who);
void check_readable(const void* address, size_t bytes, const char* who);
void mark_arrived(const void* address, size_t bytes);
void mark_in_flight(const void* address, size_t bytes);

}  // namespace emulator

#pragma GCC visibility pop
