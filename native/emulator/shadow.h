// The checker's records for each 4 bytes of memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#pragma GCC visibility push(hidden)

namespace emulator {

inline constexpr size_t kGranule = 4;

// Two bits for each byte of a granule: the lower four bits say which bytes exist, the upper four which are
// written.
using State = uint8_t;

// The last access of one kind to a granule. If several threads access a granule, only one is recorded: so
// races may be missed, but never invented.
struct Record {
  uint32_t era;  // 0: none
  uint16_t epoch;
  uint16_t thread : 10, bytes : 4, note : 2;
};
// Values of `note` for a write, and for a read.
enum : uint16_t { kPlain, kAtomicUpdate };
enum : uint16_t { kOneThread, kLanesOfWarp, kSeveralWarps };

struct Shadow {
  Record write, read;
};

struct Memory {
  State* state;
  Shadow* shadow;
};

extern const Memory global_memory, shared_memory;

// A bit for each byte of a granule that an access touches.
inline unsigned bytes_of(size_t within, size_t count) { return ((1u << count) - 1) << within; }

// Calls set(state, bytes) for each granule of a range.
template <class Set>
void for_granules(size_t offset, size_t bytes, State* states, Set&& set) {
  while (bytes > 0) {
    const size_t within = offset % kGranule, count = std::min(bytes, kGranule - within);
    set(states[offset / kGranule], bytes_of(within, count));
    offset += count;
    bytes -= count;
  }
}

}  // namespace emulator

#pragma GCC visibility pop
