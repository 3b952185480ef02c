// The threads of one CPU device. The calling thread is one of them; the others wait for work: they spin for a
// moment (ops follow one another within microseconds) and then sleep.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace alexnet::cpu {

// Below this many elements, where each is touched once, waking the other threads costs more than it saves.
inline constexpr int64_t kElementGrain = 16384;

class ThreadPool {
 public:
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls work(thread, threads) once on every thread; returns when all have returned. Calls must not be
  // nested.
  template <class Work>
  void run(const Work& work) {
    if (workers_.empty()) return work(0, 1);
    start([](const void* context, int thread,
             int threads) { (*static_cast<const Work*>(context))(thread, threads); },
          &work);
    work(0, threads());
    finish();
  }

  // Calls work(begin, end, thread) on every thread whose even share of [0, count) is not empty. The shares
  // begin at multiples of `grain` and depend only on count, grain and threads().
  template <class Work>
  void share(int64_t count, int64_t grain, const Work& work) {
    const int64_t grains = (count + grain - 1) / grain;
    if (grains <= 1) {
      if (count > 0) work(int64_t{0}, count, 0);
      return;
    }
    run([&](int thread, int threads) {
      const int64_t begin = grains * thread / threads * grain;
      const int64_t end = grains * (thread + 1) / threads * grain;
      if (begin < end) work(begin, end < count ? end : count, thread);
    });
  }

 private:
  using Task = void (*)(const void*, int, int);
  void start(Task task, const void* context);
  void finish();
  void loop(int thread);

  std::vector<std::thread> workers_;
  Task task_ = nullptr;
  const void* context_ = nullptr;
  bool stopping_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  // On different cache lines: one is written by the caller, the other by the workers.
  alignas(64) std::atomic<uint32_t> round_{0};
  alignas(64) std::atomic<int> busy_{0};
};

}  // namespace alexnet::cpu
