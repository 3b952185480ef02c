#include "emulator/async_copy.h"

#include <cstdint>
#include <cstring>

#include "emulator/block.h"
#include "emulator/checker.h"
#include "emulator/configuration.h"

namespace emulator {
namespace {

void carry_out(PendingCopy& copy) {
  std::memcpy(copy.to, copy.from, static_cast<size_t>(copy.source_bytes));
  std::memset(copy.to + copy.source_bytes, 0, static_cast<size_t>(copy.bytes - copy.source_bytes));
  copy.arrived = true;
}

}  // namespace

void CopyQueue::complete_before(int group) {
  size_t kept = 0;
  for (PendingCopy& copy : pending) {
    if (copy.group >= group) {
      pending[kept++] = copy;
      continue;
    }
    if (!copy.arrived) carry_out(copy);
    check_access(copy.to, static_cast<size_t>(copy.bytes), Access::kWrite, __builtin_return_address(0));
  }
  pending.resize(kept);
}

void cp_async(void* shared, const void* global, int bytes, int source_bytes) {
  const void* const pc = __builtin_return_address(0);
  Thread& me = *current_thread;
  Block& block = *me.block;
  if (bytes != 4 && bytes != 8 && bytes != 16)
    fail(cudaErrorIllegalInstruction, "cp.async of %d bytes; it can copy 4, 8 and 16", bytes);
  if (!in_arena(block, shared)) fail(cudaErrorInvalidAddressSpace, "cp.async to memory that is not shared");
  const auto size = static_cast<uintptr_t>(bytes);
  if (reinterpret_cast<uintptr_t>(shared) % size != 0 || reinterpret_cast<uintptr_t>(global) % size != 0)
    fail(cudaErrorMisalignedAddress, "cp.async of %d bytes between addresses that are no multiples of that",
         bytes);
  // The bytes may arrive from now on, so no thread may still be using their target.
  check_access(shared, size, Access::kWrite, pc);
  if (source_bytes > 0) check_access(global, static_cast<size_t>(source_bytes), Access::kRead, pc);
  PendingCopy copy{static_cast<char*>(shared),
                   static_cast<const char*>(global),
                   bytes,
                   source_bytes,
                   me.copies.open_group,
                   false};
  if (block.launch.capability < 80) return carry_out(copy);
  mark_in_flight(shared, size);
  const CopyTime time = configuration().copies;
  block.random = block.random * 1664525u + 1013904223u;
  if (time == CopyTime::kEarly || (time == CopyTime::kRandom && block.random >> 31)) carry_out(copy);
  me.copies.pending.push_back(copy);
}

void cp_async_commit() { ++current_thread->copies.open_group; }

void cp_async_wait(int groups_allowed_pending) {
  CopyQueue& copies = current_thread->copies;
  copies.complete_before(copies.open_group - groups_allowed_pending);
}

void cp_async_wait_all() {
  CopyQueue& copies = current_thread->copies;
  copies.complete_before(copies.open_group + 1);
}

}  // namespace emulator
