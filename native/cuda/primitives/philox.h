// Random numbers for kernels: core/philox.h's function, word for word, for both compilers.
#pragma once

#include "core/ops.h"
#include "cuda/primitives/portable.h"

namespace alexnet::cuda {

// Words 4 * block to 4 * block + 3 of (seed, stream, step): Philox4x32-10.
__host__ __device__ __forceinline__ void random_block(Seed seed, uint32_t stream, uint32_t step,
                                                      uint64_t block, uint32_t (&words)[4]) {
  uint32_t c0 = static_cast<uint32_t>(block), c1 = static_cast<uint32_t>(block >> 32);
  uint32_t c2 = step, c3 = stream;
  uint32_t k0 = seed.low, k1 = seed.high;
#pragma unroll
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * c0;
    const uint64_t p1 = uint64_t{0xCD9E8D57u} * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(p0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  words[0] = c0, words[1] = c1, words[2] = c2, words[3] = c3;
}

__host__ __device__ __forceinline__ uint32_t random_word(Seed seed, uint32_t stream, uint32_t step,
                                                         uint64_t index) {
  uint32_t words[4];
  random_block(seed, stream, step, index / 4, words);
  // Selected without indexing, so that the words stay in registers.
  const uint32_t low = index & 1 ? words[1] : words[0], high = index & 1 ? words[3] : words[2];
  return index & 2 ? high : low;
}

// A layer's dropout, as passed to kernels. The step's number is read from device memory (StepMemory).
struct DropoutKey {
  Seed seed;
  uint32_t stream = 0;
  uint32_t threshold = 0;  // a unit whose word is below it is dropped
  int64_t channels = 0, channel_offset = 0;

  // The index of the word that channel c of pixel `pixel` draws; pixels are counted over images, rows and
  // columns.
  __host__ __device__ __forceinline__ uint64_t index(int64_t pixel, int64_t c) const {
    return static_cast<uint64_t>(pixel * channels + channel_offset + c);
  }
  __host__ __device__ __forceinline__ bool drops(uint32_t step, int64_t pixel, int64_t c) const {
    return random_word(seed, stream, step, index(pixel, c)) < threshold;
  }
};

inline DropoutKey dropout_key(const Dropout& dropout) {
  return {dropout.seed, dropout.stream, dropout_threshold(dropout.rate), dropout.channels,
          dropout.channel_offset};
}

}  // namespace alexnet::cuda
