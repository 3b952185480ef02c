// Collective operations of a warp, and asynchronous copies to shared memory. The host branches of PTX
// wrappers call the functions in namespace emulator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "emulator/language.h"

#pragma GCC visibility push(hidden)

namespace emulator {

// mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32: d += a * b.
void mma_m16n8k16_bf16(float* d, const uint32_t* a, const uint32_t* b);
// mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32; the operands' low 13 bits are ignored.
void mma_m16n8k8_tf32(float* d, const uint32_t* a, const uint32_t* b);
// ldmatrix.sync.aligned.m8n8.x{1,2,4}[.trans].shared.b16; `row` is this lane's address.
void ldmatrix(uint32_t* r, const void* row, int matrices, bool transposed);

// cp.async of 4, 8 or 16 bytes, of which source_bytes are copied and the rest become zeros. Below compute
// capability 8.0, where wrappers load and store, the bytes arrive at once.
void cp_async(void* shared, const void* global, int bytes, int source_bytes);
void cp_async_commit();
void cp_async_wait(int groups_allowed_pending);
void cp_async_wait_all();

// The collective operations. All lanes of a mask have to request the same one.
enum class Operation {
  kShuffle,
  kShuffleUp,
  kShuffleDown,
  kShuffleXor,
  kVote,
  kReduce,
  kSynchronise,
  kMultiplyBf16,
  kMultiplyTf32,
  kLoadMatrices
};

// The lane passes 8 bytes and gets those of lane `source`; source < 0: its own.
uint64_t shuffle_bits(Operation operation, unsigned mask, uint64_t value, int source);
// all[lane]: the values that the lanes of the mask passed.
void gather_bits(unsigned mask, uint64_t value, uint64_t (&all)[32]);
void synchronise_warp(unsigned mask);
__attribute__((const)) unsigned lane_index();
unsigned active_mask();

template <class T>
EMULATOR_UNCHECKED inline uint64_t packed(T value) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 8);
  uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof value);
  return bits;
}
template <class T>
EMULATOR_UNCHECKED inline T unpacked(uint64_t bits) {
  T value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

template <class T>
EMULATOR_UNCHECKED inline T shuffle(Operation operation, unsigned mask, T value, int source) {
  return unpacked<T>(shuffle_bits(operation, mask, packed(value), source));
}

template <class T, class Combine>
EMULATOR_UNCHECKED inline T reduce(unsigned mask, T value, Combine combine) {
  uint64_t all[32];
  gather_bits(mask, packed(value), all);
  T result{};
  bool first = true;
  for (int lane = 0; lane < 32; ++lane) {
    if (!(mask >> lane & 1u)) continue;
    result = first ? unpacked<T>(all[lane]) : combine(result, unpacked<T>(all[lane]));
    first = false;
  }
  return result;
}

unsigned vote(unsigned mask, bool predicate);

}  // namespace emulator

#pragma GCC visibility pop

inline void __syncwarp(unsigned mask = 0xffffffffu) { emulator::synchronise_warp(mask); }
inline unsigned __activemask() { return emulator::active_mask(); }
inline unsigned __ballot_sync(unsigned mask, int predicate) { return emulator::vote(mask, predicate != 0); }
inline int __any_sync(unsigned mask, int predicate) { return emulator::vote(mask, predicate != 0) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return emulator::vote(mask, predicate == 0) == 0; }

// Segments of `width` lanes shuffle separately.
template <class T>
EMULATOR_UNCHECKED inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  const int lane = static_cast<int>(emulator::lane_index());
  return emulator::shuffle(emulator::Operation::kShuffle, mask, value,
                           (lane & ~(width - 1)) | (source & (width - 1)));
}
template <class T>
EMULATOR_UNCHECKED inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const int lane = static_cast<int>(emulator::lane_index()), source = lane - static_cast<int>(delta);
  return emulator::shuffle(emulator::Operation::kShuffleUp, mask, value,
                           source < (lane & ~(width - 1)) ? -1 : source);
}
template <class T>
EMULATOR_UNCHECKED inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const int lane = static_cast<int>(emulator::lane_index()), source = lane + static_cast<int>(delta);
  return emulator::shuffle(emulator::Operation::kShuffleDown, mask, value,
                           source > (lane | (width - 1)) ? -1 : source);
}
template <class T>
EMULATOR_UNCHECKED inline T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32) {
  const int lane = static_cast<int>(emulator::lane_index()), source = lane ^ lanes;
  return emulator::shuffle(emulator::Operation::kShuffleXor, mask, value,
                           source > (lane | (width - 1)) ? -1 : source);
}

#define EMULATOR_REDUCE(name, expression)                                                             \
  inline unsigned name(unsigned mask, unsigned value) {                                               \
    return emulator::reduce(mask, value,                                                              \
                            [](unsigned x, unsigned y) EMULATOR_UNCHECKED { return expression; });    \
  }                                                                                                   \
  inline int name(unsigned mask, int value) {                                                         \
    return emulator::reduce(mask, value, [](int x, int y) EMULATOR_UNCHECKED { return expression; }); \
  }
EMULATOR_REDUCE(__reduce_add_sync, x + y)
EMULATOR_REDUCE(__reduce_min_sync, y < x ? y : x)
EMULATOR_REDUCE(__reduce_max_sync, x < y ? y : x)
EMULATOR_REDUCE(__reduce_and_sync, x& y)
EMULATOR_REDUCE(__reduce_or_sync, x | y)
EMULATOR_REDUCE(__reduce_xor_sync, x ^ y)
#undef EMULATOR_REDUCE
