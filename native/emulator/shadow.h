// What the checker remembers of each 4 bytes of memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#pragma GCC visibility push(hidden)

namespace emulator {

inline constexpr size_t kGranule = 4;

// Of a granule's bytes, one bit each: the lower four say that they exist, the upper four that they are
// written.
using State = uint8_t;

// The last access to a granule of its kind. A granule shared by threads keeps one of them: races are missed
// so, but never invented.
struct Record {
  uint32_t era;  // 0: none
  uint16_t epoch;
  uint16_t thread : 10, bytes : 4, note : 2;
};
// Notes on a write, and on a read.
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

// Bit for each byte of a granule that an access touches.
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
