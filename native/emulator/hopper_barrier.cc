#include "emulator/async_units.h"
#include "emulator/checker.h"
#include "emulator/hopper.h"

namespace emulator {

BarrierWord& barrier_word(uint64_t* barrier) {
  if (!in_arena(*current_thread->block, barrier))
    fail(cudaErrorInvalidAddressSpace, "an mbarrier in memory that is not shared");
  auto& word = *reinterpret_cast<BarrierWord*>(barrier);
  if (!word.valid || word.arrivals == 0x7fff)
    fail(cudaErrorLaunchFailure, "an mbarrier is used before it is initialised");
  return word;
}

// Begins the next phase. Accesses before an arrival are ordered before accesses after the wait; the checker
// treats the accesses of the whole block as ordered here.
void complete_if_done(BarrierWord& barrier) {
  current_thread->block->progress();
  if (barrier.pending != 0 || barrier.bytes != 0) return;
  barrier.phase ^= 1;
  barrier.pending = barrier.arrivals;
  begin_era();
}

void mbarrier_init(uint64_t* barrier, uint32_t arrivals) {
  if (!in_arena(*current_thread->block, barrier))
    fail(cudaErrorInvalidAddressSpace, "an mbarrier in memory that is not shared");
  if (arrivals == 0 || arrivals > 1024) fail(cudaErrorLaunchFailure, "an mbarrier for %u arrivals", arrivals);
  auto& word = *reinterpret_cast<BarrierWord*>(barrier);
  word.phase = 0;
  word.arrivals = word.pending = arrivals & 0x7fffu;
  word.valid = 1;
  word.bytes = 0;
}

void mbarrier_arrive_expect_tx(uint64_t* barrier, uint32_t bytes) {
  BarrierWord& word = barrier_word(barrier);
  if (word.pending == 0) fail(cudaErrorLaunchFailure, "more arrivals at an mbarrier than it was made for");
  word.bytes += static_cast<int32_t>(bytes);
  word.pending = (word.pending - 1) & 0x7fffu;
  complete_if_done(word);
}

void mbarrier_arrive(uint64_t* barrier) { mbarrier_arrive_expect_tx(barrier, 0); }

bool mbarrier_test_wait(uint64_t* barrier, uint32_t parity) {
  if (barrier_word(barrier).phase != (parity & 1u)) return true;
  current_thread->block->poll();
  return barrier_word(barrier).phase != (parity & 1u);
}

void mbarrier_wait(uint64_t* barrier, uint32_t parity) {
  while (!mbarrier_test_wait(barrier, parity)) {
  }
  current_thread->block->progress();
}

}  // namespace emulator
