#include "cpu/device/thread_pool.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace alexnet::cpu {

namespace {

// About 20 microseconds: longer than the gap between two ops, shorter than what a sleep and a wake-up cost.
constexpr int kSpins = 2000;

inline void pause_briefly() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  for (int thread = 1; thread < threads; ++thread) workers_.emplace_back([this, thread] { loop(thread); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    round_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::start(Task task, const void* context) {
  {
    std::lock_guard lock(mutex_);
    task_ = task;
    context_ = context;
    busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
}

void ThreadPool::finish() {
  // The shares are even, so the other threads usually finish within a moment; not where other programs use
  // the cores.
  for (int spin = 0; busy_.load(std::memory_order_acquire) > 0; ++spin) {
    if (spin < kSpins) {
      pause_briefly();
    } else {
      std::this_thread::yield();
    }
  }
}

void ThreadPool::loop(int thread) {
  uint32_t seen = 0;
  for (;;) {
    for (int spin = 0; spin < kSpins && round_.load(std::memory_order_acquire) == seen; ++spin)
      pause_briefly();
    if (round_.load(std::memory_order_acquire) == seen) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return round_.load(std::memory_order_acquire) != seen; });
    }
    ++seen;
    if (stopping_) return;
    task_(context_, thread, threads());
    busy_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace alexnet::cpu
