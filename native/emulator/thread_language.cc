// Implements CUDA C++'s language extensions (language.h) for a kernel's thread.
#include <algorithm>
#include <chrono>
#include <cstring>

#include "emulator/block.h"
#include "emulator/checker.h"

namespace emulator {

uint3 thread_index() { return current_thread->index; }
uint3 block_index() { return current_thread->block->index; }
dim3 block_dimensions() { return current_thread->block->launch.block; }
dim3 grid_dimensions() { return current_thread->block->launch.grid; }
unsigned lane_index() { return static_cast<unsigned>(current_thread->lane); }

int synchronise_block_counting(const Site* site, int predicate) {
  Thread& me = *current_thread;
  Block& block = *me.block;
  if (block.returned > 0)
    fail(cudaErrorLaunchFailure, "a barrier (%s:%d) after %d threads of the block have returned", site->file,
         site->line, block.returned);
  if (block.waiting == 0) {
    block.barrier = site;
    block.barrier_votes = 0;
  } else if (block.barrier != site) {
    fail(cudaErrorLaunchFailure, "divergent barriers: it is at %s:%d, others of its block wait at %s:%d",
         site->file, site->line, block.barrier->file, block.barrier->line);
  }
  block.barrier_votes += predicate;
  if (++block.waiting < block.count) {
    me.state = Thread::State::kAtBarrier;
    block.wait();
    return block.barrier_result;
  }
  block.barrier_result = block.barrier_votes;
  block.waiting = 0;
  block.progress();
  block.release_barrier();
  begin_era();
  return block.barrier_result;
}

void synchronise_block(const Site* site) { synchronise_block_counting(site, 0); }

void* shared_array(const Site* site, size_t bytes, size_t alignment) {
  Block& block = *current_thread->block;
  size_t total = block.launch.dynamic_bytes + bytes, fixed = bytes;
  for (const SharedArray& array : block.arrays) {
    if (array.site == site) return block.arena + array.offset;
    total += array.bytes;
    fixed += array.bytes;
  }
  if (fixed > 48 * 1024)
    fail(cudaErrorLaunchFailure, "%zu bytes of shared arrays; 49152 is the most that a kernel can have",
         fixed);
  if (total > (block.launch.optin_bytes > 48 * 1024 ? block.launch.optin_bytes : 48 * 1024))
    fail(cudaErrorLaunchFailure, "%zu bytes of shared memory in all are more than the kernel was given",
         total);
  const size_t boundary = alignment < 16 ? 16 : alignment;
  const size_t offset = (block.used + kArenaGap + boundary - 1) / boundary * boundary;
  block.used = offset + bytes;
  block.peak = std::max(block.peak, block.used);
  block.arrays.push_back({site, offset, bytes});
  mark_shared(block, block.arena + offset, bytes);
  return block.arena + offset;
}

unsigned char* dynamic_shared_memory() {
  return reinterpret_cast<unsigned char*>(current_thread->block->arena + kArenaGap);
}

unsigned shared_address(const void* address) {
  const Block& block = *current_thread->block;
  if (!in_arena(block, address))
    fail(cudaErrorInvalidAddressSpace, "takes the shared address of other memory");
  return static_cast<unsigned>(static_cast<const char*>(address) - block.arena);
}

void trap() { fail(cudaErrorLaunchFailure, "__trap()"); }

long long card_clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace emulator
