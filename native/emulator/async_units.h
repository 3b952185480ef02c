// The pending work of a block's TMA (Tensor Memory Accelerator) and tensor cores.
#pragma once

#include <cstdint>
#include <vector>

#include "emulator/block.h"
#include "emulator/tensor_map.h"

#pragma GCC visibility push(hidden)

namespace emulator {

// An mbarrier's representation in shared memory.
struct BarrierWord {
  uint32_t phase : 1, arrivals : 15, pending : 15, valid : 1;
  int32_t bytes;  // still expected in this phase; negative: they arrived before they were expected
};
static_assert(sizeof(BarrierWord) == sizeof(uint64_t));

BarrierWord& barrier_word(uint64_t* barrier);  // fails if it was not initialised
void complete_if_done(BarrierWord& barrier);

struct TensorCopy {
  TensorMap map;
  char* shared;
  uint64_t* barrier;  // null: a store
  int coordinates[kMaxRank];
  uint16_t offsets[kMaxRank - 2];
  int thread, group;  // of a store
};

struct Product {
  uint64_t a, b;
  int columns;
  bool adds, a_transposed, b_transposed;
  float* d[128];  // of each thread of the warpgroup
};

enum class WarpgroupOperation { kFence, kCommit, kWait, kMultiply };

struct Warpgroup {
  int arrived = 0;
  WarpgroupOperation operation{};  // that threads are waiting in
  Product next;                    // that they are issuing
  std::vector<Product> products;   // issued, not done
  std::vector<size_t> groups;      // how many products each committed group has
  size_t open = 0;                 // products not yet in a group
};

struct AsyncUnits {
  std::vector<TensorCopy> loads;
  std::vector<TensorCopy> stores;
  int store_groups[kMaxThreads] = {};
  Warpgroup warpgroups[kMaxThreads / 128];
};

// Those of the current block; created at the first use, freed with the block.
AsyncUnits& async_units();

}  // namespace emulator

#pragma GCC visibility pop
