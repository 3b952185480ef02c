// Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
// easy as 1, 2, 3" (SC 2011). Every random number of a run is a pure function of (seed, stream, step, index),
// so it is the same on every backend, for any number of devices, and after a resume.
//
//   key     = seed (low word, high word)
//   counter = (index/4 low word, index/4 high word, step, stream); element `index` takes word index%4
//
// lib/random/philox.ts is the same function in TypeScript; both are tested on the authors' published vectors.
#pragma once

#include <array>
#include <cstdint>

namespace alexnet {

struct Seed {
  uint32_t low = 0, high = 0;
};

inline std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, Seed seed) {
  uint32_t k0 = seed.low, k1 = seed.high;
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<uint32_t>(p1 >> 32) ^ counter[1] ^ k0, static_cast<uint32_t>(p1),
               static_cast<uint32_t>(p0 >> 32) ^ counter[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return counter;
}

inline std::array<uint32_t, 4> random_block(Seed seed, uint32_t stream, uint32_t step, uint64_t block) {
  return philox4x32({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), step, stream}, seed);
}

// A unit is dropped when its word is below this; rate is in [0, 1).
inline uint32_t dropout_threshold(double rate) { return static_cast<uint32_t>(rate * 4294967296.0); }

}  // namespace alexnet
