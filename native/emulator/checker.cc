#include "emulator/checker.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>
#include <vector>

#include "emulator/block.h"
#include "emulator/card_memory.h"
#include "emulator/host_memory.h"
#include "emulator/shadow.h"
#include "emulator/symbols.h"

namespace emulator {

bool checking = true;

namespace {

template <class T>
T* reserve(size_t count) {
  void* memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<T*>(memory);
}

Memory make_memory(size_t bytes) {
  return {reserve<State>(bytes / kGranule + 1), reserve<Shadow>(bytes / kGranule + 1)};
}

}  // namespace

const Memory global_memory = make_memory(kAddressBytes), shared_memory = make_memory(kArenaBytes);

namespace {

uint32_t era = 0, launch_begin = 0, block_begin = 0;
// After a fence, a block's atomic publishes all accesses so far; a block that then does an atomic sees them.
bool block_fenced = false;
uint32_t published = 0, seen = 0;
std::vector<uint32_t> block_begins;  // of this launch

bool is_ordered(const Record& earlier, const Thread& me, bool shared) {
  if (earlier.era < launch_begin) return true;
  if (earlier.era < block_begin) return shared || earlier.era <= seen;
  if (earlier.era != era || earlier.thread == me.number) return true;
  return earlier.thread / 32 == me.number / 32 && earlier.epoch != static_cast<uint16_t>(me.warp->epoch);
}

// A record may stand for the reads of several threads (kLanesOfWarp, kSeveralWarps).
bool reads_are_ordered(const Record& earlier, const Thread& me, bool shared) {
  if (earlier.note == kOneThread || earlier.era != era) return is_ordered(earlier, me, shared);
  return earlier.note == kLanesOfWarp && earlier.thread / 32 == me.number / 32 &&
         earlier.epoch != static_cast<uint16_t>(me.warp->epoch);
}

struct Problem {
  const char* what;
  const Record* other = nullptr;
};

std::string place_text(const Block& block, const char* address) {
  char text[160];
  if (!in_arena(block, address)) return allocation_text(address);
  const size_t offset = static_cast<size_t>(address - block.arena);
  if (offset >= kArenaGap && offset < kArenaGap + block.launch.dynamic_bytes) {
    std::snprintf(text, sizeof text, "byte %zu of %zu of dynamic shared memory", offset - kArenaGap,
                  block.launch.dynamic_bytes);
    return text;
  }
  // The array that contains the address, or the last array before it.
  const SharedArray* nearest = nullptr;
  for (const SharedArray& array : block.arrays)
    if (offset >= array.offset && (nearest == nullptr || array.offset > nearest->offset)) nearest = &array;
  if (nearest != nullptr)
    std::snprintf(text, sizeof text, "byte %zu of the %zu of the shared array at %s:%d",
                  offset - nearest->offset, nearest->bytes, nearest->site->file, nearest->site->line);
  else
    std::snprintf(text, sizeof text, "byte %td past the %zu of dynamic shared memory",
                  static_cast<std::ptrdiff_t>(offset) - static_cast<std::ptrdiff_t>(kArenaGap),
                  block.launch.dynamic_bytes);
  return text;
}

std::string thread_text(const Block& block, const Record& record) {
  const dim3 size = block.launch.block, grid = block.launch.grid;
  const unsigned n = record.thread;
  const auto after = std::upper_bound(block_begins.begin(), block_begins.end(), record.era);
  char text[120];
  int length = std::snprintf(text, sizeof text, "thread (%u,%u,%u)", n % size.x, n / size.x % size.y,
                             n / (size.x * size.y));
  if (record.era < block_begin && after != block_begins.begin())
    std::snprintf(text + length, sizeof text - static_cast<size_t>(length), " of block %td of %u",
                  after - block_begins.begin(), grid.x * grid.y * grid.z);
  return text;
}

[[noreturn]] __attribute__((noinline)) void report(cudaError_t error, const Problem& problem,
                                                   const char* address, const void* pc) {
  const Block& block = *current_thread->block;
  const std::string other = problem.other ? " by " + thread_text(block, *problem.other) : "";
  fail(error, "%s%s: %s, at %s", problem.what, other.c_str(), place_text(block, address).c_str(),
       code_place(pc).c_str());
}

[[noreturn]] __attribute__((noinline)) void report_missing(Access access, bool shared, const char* address,
                                                           const void* pc) {
  if (shared)
    report(cudaErrorIllegalAddress,
           {access == Access::kRead ? "reads shared memory out of bounds"
                                    : "writes shared memory out of bounds"},
           address, pc);
  report(cudaErrorIllegalAddress,
         {access == Access::kRead ? "reads global memory outside of every allocation"
                                  : "writes global memory outside of every allocation"},
         address, pc);
}

template <bool kShared, Access kAccess>
inline __attribute__((always_inline)) void check_granule(const Thread& me, size_t offset, unsigned bytes,
                                                         const char* address, const void* pc) {
  constexpr Access access = kAccess;
  constexpr bool shared = kShared;
  const Memory& memory = kShared ? shared_memory : global_memory;
  State& state = memory.state[offset / kGranule];
  if ((state & bytes) != bytes) report_missing(access, shared, address, pc);
  if (access != Access::kWrite && (state >> 4 & bytes) != bytes)
    report(cudaErrorLaunchFailure,
           {shared ? "reads shared memory that nothing has been written to (or whose copy is under way)"
                   : "reads global memory that nothing has been written to"},
           address, pc);
  Shadow& shadow = memory.shadow[offset / kGranule];
  const bool atomic = access == Access::kAtomic;
  if (shadow.write.bytes & bytes && !(atomic && shadow.write.note == kAtomicUpdate) &&
      !is_ordered(shadow.write, me, shared))
    report(cudaErrorLaunchFailure,
           {access == Access::kRead ? "race: reads what was written without a barrier between"
                                    : "race: writes over what was written without a barrier between",
            &shadow.write},
           address, pc);
  Record now{era, static_cast<uint16_t>(me.warp->epoch), 0, 0, 0};
  now.thread = static_cast<uint16_t>(me.number & 1023);
  now.bytes = static_cast<uint16_t>(bytes & 15u);
  if (access != Access::kRead) {
    if (shadow.read.bytes & bytes && !reads_are_ordered(shadow.read, me, shared))
      report(cudaErrorLaunchFailure,
             {"race: writes over what was read without a barrier between", &shadow.read}, address, pc);
    now.note = atomic ? kAtomicUpdate : kPlain;
    const Record& last = shadow.write;
    if (last.era == era && last.thread == now.thread && last.epoch == now.epoch && last.note == now.note)
      now.bytes = static_cast<uint16_t>((now.bytes | last.bytes) & 15u);
    shadow.write = now;
    state = static_cast<State>(state | bytes << 4);
    return;
  }
  const Record& last = shadow.read;
  if (last.era == era) {
    if (last.note == kSeveralWarps && last.bytes == now.bytes) return;
    const bool same_warp = last.thread / 32 == now.thread / 32;
    if (last.thread == now.thread && last.epoch == now.epoch && last.note == kOneThread) {
      now.bytes = static_cast<uint16_t>((now.bytes | last.bytes) & 15u);
    } else if ((last.bytes & now.bytes) == 0) {
      return;
    } else if (last.note == kSeveralWarps || !same_warp) {
      now.note = kSeveralWarps;
      now.bytes = now.bytes & last.bytes;
    } else if (last.epoch == now.epoch) {
      now.note = kLanesOfWarp;
      now.bytes = now.bytes & last.bytes;
    }
  }
  shadow.read = now;
}

template <bool kShared, Access kAccess>
void check_granules(const Thread& me, size_t offset, size_t bytes, const char* address, const void* pc) {
  for (; bytes >= kGranule && offset % kGranule == 0; bytes -= kGranule) {
    check_granule<kShared, kAccess>(me, offset, 15, address, pc);
    offset += kGranule;
    address += kGranule;
  }
  while (bytes > 0) {
    const size_t within = offset % kGranule, count = std::min(bytes, kGranule - within);
    check_granule<kShared, kAccess>(me, offset, bytes_of(within, count), address, pc);
    offset += count;
    address += count;
    bytes -= count;
  }
}

template <bool kShared>
void check_granules(const Thread& me, size_t offset, size_t bytes, Access access, const char* address,
                    const void* pc) {
  if (access == Access::kRead) return check_granules<kShared, Access::kRead>(me, offset, bytes, address, pc);
  if (access == Access::kWrite)
    return check_granules<kShared, Access::kWrite>(me, offset, bytes, address, pc);
  check_granules<kShared, Access::kAtomic>(me, offset, bytes, address, pc);
}

// For an address outside of shared memory and the stack: its offset in the cards' memory. Returns false if it
// is host memory that kernels may use.
bool find_global(const Block& block, const char* address, size_t bytes, Access access, const void* pc,
                 size_t& offset) {
  offset = static_cast<size_t>(address - address_space());
  if (offset >= kAddressBytes) {
    if (kernels_may_use(address, bytes)) return false;
    report(cudaErrorIllegalAddress,
           {access == Access::kRead ? "reads memory of the host" : "writes memory of the host"}, address, pc);
  }
  if (!(block.launch.reachable >> card_at_offset(offset) & 1u))
    report(cudaErrorIllegalAddress, {"uses memory of a card that its card has no access to"}, address, pc);
  if (access == Access::kAtomic) {
    seen = published;
    if (block_fenced) published = era;
  }
  return true;
}

}  // namespace

void check_access(const void* where, size_t bytes, Access access, const void* pc) {
  if (!checking) return;
  const char* const address = static_cast<const char*>(where);
  const Thread& me = *current_thread;
  if (static_cast<size_t>(address - me.stack) < kStackBytes) return;
  const Block& block = *me.block;
  size_t offset = static_cast<size_t>(address - block.arena);
  if (offset < kArenaBytes) return check_granules<true>(me, offset, bytes, access, address, pc);
  if (find_global(block, address, bytes, access, pc, offset))
    check_granules<false>(me, offset, bytes, access, address, pc);
}

void check_alignment(const void* where, size_t bytes, const void* pc) {
  const Block& block = *current_thread->block;
  const char* address = static_cast<const char*>(where);
  if (!in_arena(block, where) && card_of(where) < 0) return;
  fail(cudaErrorMisalignedAddress, "accesses %zu bytes at an address that is no multiple of that: %s, at %s",
       bytes, place_text(block, address).c_str(), code_place(pc).c_str());
}

void check_atomic(void* address, size_t bytes) {
  if (reinterpret_cast<uintptr_t>(address) % bytes != 0)
    fail(cudaErrorMisalignedAddress, "an atomic of %zu bytes at an address that is no multiple of that",
         bytes);
  check_access(address, bytes, Access::kAtomic, __builtin_return_address(0));
}

void thread_fence(bool whole_card) {
  if (whole_card) block_fenced = true;
}

void begin_launch() {
  launch_begin = era + 1;
  published = 0;
  block_begins.clear();
}

void begin_block(Block& block) {
  begin_era();
  block_begin = era;
  block_begins.push_back(era);
  block_fenced = false;
  seen = 0;
  if (checking) std::memset(shared_memory.state, 0, (block.peak + kArenaGap) / kGranule);
}

void begin_era() { ++era; }

void mark_shared(Block& block, char* address, size_t bytes) {
  std::memset(address, 0xff, bytes);
  if (!checking) return;
  for_granules(static_cast<size_t>(address - block.arena), bytes, shared_memory.state,
               [](State& state, unsigned which) { state = static_cast<State>((state | which) & 15u); });
}

void check_written(const void* address, size_t bytes, const char* who) {
  if (!checking) return;
  const Block& block = *current_thread->block;
  const char* const begin = static_cast<const char*>(address);
  for_granules(static_cast<size_t>(begin - block.arena), bytes, shared_memory.state,
               [&](State& state, unsigned which) {
                 if ((state & which) != which)
                   fail(cudaErrorIllegalAddress, "%s shared memory out of bounds: %s", who,
                        place_text(block, begin).c_str());
                 if ((state >> 4 & which) != which)
                   fail(cudaErrorLaunchFailure,
                        "%s shared memory that nothing has been written to (or whose copy is under way): %s",
                        who, place_text(block, begin).c_str());
               });
}

void check_readable(const void* address, size_t bytes, const char* who) {
  if (!checking) return;
  const Block& block = *current_thread->block;
  const char* const begin = static_cast<const char*>(address);
  const size_t offset = static_cast<size_t>(begin - address_space());
  if (offset >= kAddressBytes || !(block.launch.reachable >> card_at_offset(offset) & 1u))
    fail(cudaErrorIllegalAddress, "%s memory that its card has no access to", who);
  for_granules(offset, bytes, global_memory.state, [&](State& state, unsigned which) {
    if ((state & which) != which)
      fail(cudaErrorIllegalAddress, "%s global memory outside of every allocation: %s", who,
           allocation_text(begin).c_str());
    if ((state >> 4 & which) != which)
      fail(cudaErrorLaunchFailure, "%s global memory that nothing has been written to: %s", who,
           allocation_text(begin).c_str());
  });
}

void mark_arrived(const void* address, size_t bytes) {
  if (!checking) return;
  const Block& block = *current_thread->block;
  const size_t offset = static_cast<size_t>(static_cast<const char*>(address) - block.arena);
  for_granules(offset, bytes, shared_memory.state,
               [](State& state, unsigned which) { state = static_cast<State>(state | which << 4); });
  std::memset(static_cast<void*>(shared_memory.shadow + offset / kGranule), 0,
              (bytes + kGranule - 1) / kGranule * sizeof(Shadow));
}

void mark_in_flight(const void* address, size_t bytes) {
  if (!checking) return;
  const Block& block = *current_thread->block;
  for_granules(static_cast<size_t>(static_cast<const char*>(address) - block.arena), bytes,
               shared_memory.state,
               [](State& state, unsigned which) { state = static_cast<State>(state & ~(which << 4)); });
}

}  // namespace emulator
