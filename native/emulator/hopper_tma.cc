#include <cstring>

#include "emulator/async_units.h"
#include "emulator/checker.h"
#include "emulator/configuration.h"
#include "emulator/hopper.h"

namespace emulator {
namespace {

// The place of one element: its address in global memory, null outside of the tensor, and its offset in the
// box.
template <class Take>
void for_tiled(const TensorCopy& copy, Take&& take) {
  const TensorMap& map = copy.map;
  uint32_t at[kMaxRank] = {};
  uint32_t offset = 0;
  for (;;) {
    const char* address = map.base;
    bool inside = true;
    for (int i = 0; i < map.rank; ++i) {
      const int64_t place = int64_t{copy.coordinates[i]} + at[i];
      inside &= place >= 0 && place < int64_t{map.dimensions[i]};
      address += place * (i == 0 ? int64_t{map.element_bytes} : static_cast<int64_t>(map.strides[i - 1]));
    }
    take(inside ? address : nullptr, offset);
    offset += map.element_bytes;
    int i = 0;
    while (i < map.rank && ++at[i] == map.box[i]) at[i++] = 0;
    if (i == map.rank) return;
  }
}

// Walks over the pixels of the bounding box, from the coordinates on; each pixel is read `offsets` further
// on.
template <class Take>
void for_im2col(const TensorCopy& copy, Take&& take) {
  const TensorMap& map = copy.map;
  const int spatial = map.rank - 2;
  int64_t at[kMaxRank];
  for (int i = 0; i < map.rank; ++i) at[i] = copy.coordinates[i];
  uint32_t offset = 0;
  for (int pixel = 0; pixel < map.box[1]; ++pixel) {
    const char* address = map.base;
    bool inside = at[map.rank - 1] >= 0 && at[map.rank - 1] < int64_t{map.dimensions[map.rank - 1]};
    for (int i = 1; i < map.rank; ++i) {
      const int64_t place = at[i] + (i <= spatial ? copy.offsets[i - 1] : 0);
      inside &= place >= 0 && place < int64_t{map.dimensions[i]};
      address += place * static_cast<int64_t>(map.strides[i - 1]);
    }
    for (int c = 0; c < map.box[0]; ++c, offset += map.element_bytes) {
      const int64_t channel = at[0] + c;
      const bool there = inside && channel >= 0 && channel < int64_t{map.dimensions[0]};
      take(there ? address + channel * map.element_bytes : nullptr, offset);
    }
    for (int i = 1; i < map.rank; ++i) {
      at[i] += i <= spatial ? map.element_strides[i] : 1;
      if (i > spatial || at[i] <= int64_t{map.dimensions[i]} - 1 + map.upper[i - 1]) break;
      at[i] = map.lower[i - 1];
    }
  }
}

template <class Take>
void for_elements(const TensorCopy& copy, Take&& take) {
  const auto place = [&](const char* global, uint32_t offset) {
    char* const arena = current_thread->block->arena;
    const auto begin = static_cast<uint32_t>(copy.shared - arena);
    take(const_cast<char*>(global), arena + swizzled(begin + offset, copy.map.swizzle));
  };
  if (copy.map.is_im2col)
    for_im2col(copy, place);
  else
    for_tiled(copy, place);
}

uint32_t bytes_of(const TensorMap& map) {
  uint32_t bytes = map.element_bytes;
  for (int i = 0; i < (map.is_im2col ? 2 : map.rank); ++i) bytes *= map.box[i];
  return bytes;
}

void carry_out_load(const TensorCopy& copy) {
  const size_t size = copy.map.element_bytes;
  for_elements(copy, [&](char* global, char* shared) {
    if (global != nullptr)
      std::memcpy(shared, global, size);
    else
      std::memset(shared, 0, size);
  });
  mark_arrived(copy.shared, bytes_of(copy.map));
  BarrierWord& barrier = barrier_word(copy.barrier);
  barrier.bytes -= static_cast<int32_t>(bytes_of(copy.map));
  complete_if_done(barrier);
}

void carry_out_store(const TensorCopy& copy) {
  const size_t size = copy.map.element_bytes;
  check_written(copy.shared, bytes_of(copy.map), "TMA stores");
  for_elements(copy, [&](char* global, char* shared) {
    if (global == nullptr) return;
    check_access(global, size, Access::kWrite, __builtin_return_address(0));
    std::memcpy(global, shared, size);
  });
}

// Delivers the load that was issued last.
bool deliver_late_load() {
  auto& loads = async_units().loads;
  if (loads.empty()) return false;
  const TensorCopy copy = loads.back();
  loads.pop_back();
  carry_out_load(copy);
  return true;
}

// Finishes the stores of a thread that returns without waiting for them.
void finish_stores() {
  tma_store_commit();
  tma_store_wait(0);
}

TensorCopy describe(const CUtensorMap* map, const void* shared, const int* coordinates) {
  Block& block = *current_thread->block;
  if (block.launch.capability < 90) fail(cudaErrorIllegalInstruction, "TMA on a card without it");
  TensorCopy copy{};
  std::memcpy(&copy.map, map, sizeof copy.map);
  if (copy.map.seal != kMapSeal)
    fail(cudaErrorIllegalInstruction, "TMA with a tensor map that was not encoded");
  if (!in_arena(block, shared)) fail(cudaErrorInvalidAddressSpace, "TMA with memory that is not shared");
  copy.shared = static_cast<char*>(const_cast<void*>(shared));
  const auto boundary = copy.map.swizzle == CU_TENSOR_MAP_SWIZZLE_NONE ? 128u : 16u << copy.map.swizzle << 3;
  if (static_cast<uint32_t>(copy.shared - block.arena) % boundary != 0)
    fail(cudaErrorMisalignedAddress, "TMA's place in shared memory is no multiple of %u", boundary);
  for (int i = 0; i < copy.map.rank; ++i) copy.coordinates[i] = coordinates[i];
  return copy;
}

void issue_load(TensorCopy& copy, uint64_t* barrier) {
  copy.barrier = barrier;
  barrier_word(barrier);
  for_elements(copy, [&](const char* global, const char*) {
    if (global != nullptr) check_readable(global, copy.map.element_bytes, "TMA reads");
  });
  mark_in_flight(copy.shared, bytes_of(copy.map));
  if (!configuration().late_copies) return carry_out_load(copy);
  current_thread->block->deliver_late = deliver_late_load;
  async_units().loads.push_back(copy);
}

}  // namespace

void tma_load(void* shared, const CUtensorMap* map, uint64_t* barrier, const int* coordinates) {
  TensorCopy copy = describe(map, shared, coordinates);
  if (copy.map.is_im2col) fail(cudaErrorIllegalInstruction, "a tiled load with an im2col map");
  issue_load(copy, barrier);
}

void tma_load_im2col(void* shared, const CUtensorMap* map, uint64_t* barrier, const int* coordinates,
                     const uint16_t* offsets) {
  TensorCopy copy = describe(map, shared, coordinates);
  if (!copy.map.is_im2col) fail(cudaErrorIllegalInstruction, "an im2col load with a tiled map");
  for (int i = 0; i < copy.map.rank - 2; ++i) copy.offsets[i] = offsets[i];
  issue_load(copy, barrier);
}

void tma_store(const CUtensorMap* map, const void* shared, const int* coordinates) {
  TensorCopy copy = describe(map, shared, coordinates);
  if (copy.map.is_im2col) fail(cudaErrorIllegalInstruction, "a tiled store with an im2col map");
  AsyncUnits& units = async_units();
  copy.thread = current_thread->number;
  copy.group = units.store_groups[copy.thread];
  if (!configuration().late_copies) return carry_out_store(copy);
  current_thread->block->thread_returns = finish_stores;
  units.stores.push_back(copy);
}

void tma_store_commit() { ++async_units().store_groups[current_thread->number]; }

void tma_store_wait(int groups_allowed_pending) {
  AsyncUnits& units = async_units();
  const int thread = current_thread->number;
  const int before = units.store_groups[thread] - groups_allowed_pending;
  for (size_t i = 0; i < units.stores.size();) {
    if (units.stores[i].thread != thread || units.stores[i].group >= before) {
      ++i;
      continue;
    }
    const TensorCopy copy = units.stores[i];
    units.stores.erase(units.stores.begin() + static_cast<std::ptrdiff_t>(i));
    carry_out_store(copy);
  }
}

}  // namespace emulator
