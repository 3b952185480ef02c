#include "core/cpu_peak.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace alexnet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSeconds = 0.4;
constexpr int kRounds = 100000;
// Enough independent chains for two multiply-adds a cycle that take four to five cycles each.
constexpr int kChains = 12;
constexpr size_t kCopyBytes = size_t{64} << 20;

// One chain a vector register, so that nothing but the arithmetic units can hold it up. A macro, because a
// function's vectors are only as wide as the instruction set that it is itself compiled for.
#define ALEXNET_MULTIPLY_ADDS(BYTES)                                                              \
  typedef float Vector __attribute__((vector_size(BYTES)));                                       \
  Vector sums[kChains], factor = Vector{} + 0.999999f, term = Vector{} + 1e-6f;                   \
  for (int i = 0; i < kChains; ++i) sums[i] = Vector{} + static_cast<float>(i);                   \
  for (int round = 0; round < kRounds; ++round) {                                                 \
    _Pragma("GCC unroll 12") for (int i = 0; i < kChains; ++i) sums[i] = sums[i] * factor + term; \
  }                                                                                               \
  for (int i = 1; i < kChains; ++i) sums[0] += sums[i];                                           \
  *result = sums[0][0];                                                                           \
  return 2.0 * kRounds * kChains * (BYTES / sizeof(float))

// Each returns the operations it did.
using MultiplyAdds = double (*)(float* result);

double multiply_adds(float* result) { ALEXNET_MULTIPLY_ADDS(16); }
#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) double multiply_adds_avx2(float* result) { ALEXNET_MULTIPLY_ADDS(32); }
__attribute__((target("avx512f"))) double multiply_adds_avx512(float* result) { ALEXNET_MULTIPLY_ADDS(64); }
#endif

#undef ALEXNET_MULTIPLY_ADDS

MultiplyAdds choose([[maybe_unused]] std::string_view isa) {
#if defined(__x86_64__)
  if (isa == "avx512") return multiply_adds_avx512;
  if (isa == "avx2") return multiply_adds_avx2;
#endif
  return multiply_adds;
}

// Amount of work a second that all threads do together, each calling `work` again and again.
double rate(int threads, const std::function<double()>& work) {
  std::atomic<int> ready = 0;
  std::vector<double> rates(static_cast<size_t>(threads));
  const auto loop = [&](int thread) {
    ++ready;
    while (ready < threads) std::this_thread::yield();
    const auto start = Clock::now();
    double done = 0, seconds = 0;
    do {
      done += work();
      seconds = std::chrono::duration<double>(Clock::now() - start).count();
    } while (seconds < kSeconds);
    rates[static_cast<size_t>(thread)] = done / seconds;
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(loop, i);
  loop(0);
  for (std::thread& other : others) other.join();
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

}  // namespace

Peak measure_peak(int threads, std::string_view isa) {
  const MultiplyAdds multiply_adds_here = choose(isa);
  const double flops = rate(threads, [&] {
    volatile float sink;
    float result;
    const double done = multiply_adds_here(&result);
    sink = result;
    (void)sink;
    return done;
  });
  const double bytes = rate(threads, [] {
    thread_local const auto from = std::make_unique<std::byte[]>(kCopyBytes);
    thread_local const auto to = std::unique_ptr<std::byte[]>(new std::byte[kCopyBytes]);
    std::memcpy(to.get(), from.get(), kCopyBytes);
    return 2.0 * kCopyBytes;
  });
  return {flops / 1e9, bytes / 1e9};
}

}  // namespace alexnet
