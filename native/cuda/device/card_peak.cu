// Measures a GPU's peak rates: the bytes that a copy moves, and the operations of the ordinary and the tensor
// cores when no operand comes from memory.
//
// Copy: 16 bytes an access, with kPacks accesses in flight in each thread, over far more memory than the
// caches hold. Arithmetic: independent chains in registers, enough to cover each instruction's latency, in
// one wave of blocks that fills every multiprocessor. Each thread writes its sum, so that nothing is
// optimised away. An idle GPU's clock is low: launches are repeated for kSeconds, and the shortest one
// counts.
#include "cuda/device/card_peak.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "cuda/device/handles.h"
#include "cuda/device/launch.h"
#include "cuda/primitives/ptx.h"

namespace alexnet::cuda {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kThreads = 256;
constexpr int kPacks = 4;
constexpr int kChains = 8;     // multiply-adds in flight in each thread
constexpr int kUnrolled = 16;  // steps of each chain between two tests of the loop condition
constexpr int kTiles = 8;      // products in flight in each warp
constexpr int kFewestLaunches = 3;

#if defined(ALEXNET_EMULATED)
// On an emulated card the rates mean nothing; only the code is tested.
constexpr size_t kMostCopyBytes = size_t{64} << 10;
constexpr int kRounds = 1;
constexpr double kSeconds = 0;
#else
constexpr size_t kMostCopyBytes = size_t{1} << 30;
constexpr int kRounds = 20000;  // a launch takes 2 to 20 ms
constexpr double kSeconds = 0.4;
#endif

__global__ void __launch_bounds__(kThreads) copy_kernel(const uint4* from, uint4* to, int64_t packs) {
  const int64_t step = int64_t{gridDim.x} * kThreads;
  for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < packs; i += kPacks * step) {
    uint4 pack[kPacks];
#pragma unroll
    for (int p = 0; p < kPacks; ++p)
      if (i + p * step < packs) pack[p] = from[i + p * step];
#pragma unroll
    for (int p = 0; p < kPacks; ++p)
      if (i + p * step < packs) to[i + p * step] = pack[p];
  }
}

__global__ void __launch_bounds__(kThreads) fma_kernel(float factor, float term, int rounds, float* sums) {
  const unsigned thread = blockIdx.x * kThreads + threadIdx.x;
  float chain[kChains];
#pragma unroll
  for (int i = 0; i < kChains; ++i) chain[i] = static_cast<float>(thread + i);
  for (int round = 0; round < rounds; ++round) {
#pragma unroll
    for (int again = 0; again < kUnrolled; ++again)
#pragma unroll
      for (int i = 0; i < kChains; ++i) chain[i] = fmaf(chain[i], factor, term);
  }
  float sum = 0;
#pragma unroll
  for (int i = 0; i < kChains; ++i) sum += chain[i];
  sums[thread] = sum;
}

// Values of either sign, of magnitude between 1 and 2, with all bits of the mantissa in use: zeros would draw
// less power.
__device__ __forceinline__ uint32_t operand(uint32_t place, Bfloat16) {
  return ((place * 2654435761u) & 0x807f807fu) | 0x3f803f80u;
}
__device__ __forceinline__ uint32_t operand(uint32_t place, float) {
  return ((place * 2654435761u) & 0x807fe000u) | 0x3f800000u;
}

template <class T>
__global__ void __launch_bounds__(kThreads) product_kernel(int rounds, float* sums) {
  const unsigned thread = blockIdx.x * kThreads + threadIdx.x;
  uint32_t a[4], b[2];
#pragma unroll
  for (int i = 0; i < 4; ++i) a[i] = operand(thread * 6 + i, T{});
#pragma unroll
  for (int i = 0; i < 2; ++i) b[i] = operand(thread * 6 + 4 + i, T{});
  float d[kTiles][4] = {};
  for (int round = 0; round < rounds; ++round) {
#pragma unroll
    for (int tile = 0; tile < kTiles; ++tile) multiply_add(d[tile], a, b, T{});
  }
  float sum = 0;
#pragma unroll
  for (int tile = 0; tile < kTiles; ++tile) sum += d[tile][0] + d[tile][1] + d[tile][2] + d[tile][3];
  sums[thread] = sum;
}

// Calls `queue` repeatedly, once for each launch; returns the seconds of the shortest launch.
template <class F>
double shortest(cudaStream_t stream, F&& queue) {
  const Event before = make_event(true), after = make_event(true);
  float best = std::numeric_limits<float>::max();
  const Clock::time_point start = Clock::now();
  for (int launches = 0;
       launches < kFewestLaunches || std::chrono::duration<double>(Clock::now() - start).count() < kSeconds;
       ++launches) {
    record(before, stream);
    queue();
    record(after, stream);
    check(cudaEventSynchronize(after.get()), "measuring a card");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, before.get(), after.get()), "reading the time between events");
    best = std::min(best, milliseconds);
  }
  // Keeps the rate finite, even if the clock measures zero.
  return std::max(best / 1e3, 1e-7);
}

// How many blocks of a kernel a card holds at once.
template <class... Parameters>
int64_t one_wave(const Card& card, void (*kernel)(Parameters...)) {
  int blocks = 0;
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, reinterpret_cast<const void*>(kernel),
                                                      kThreads, 0),
        "asking how many blocks fit");
  return int64_t{std::max(blocks, 1)} * card.multiprocessors;
}

double copy_rate(const Card& card, cudaStream_t stream) {
  size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "reading a card's free memory");
  const size_t bytes = std::min(kMostCopyBytes, free / 4) / sizeof(uint4) * sizeof(uint4);
  const DeviceMemory from = allocate_device(bytes), to = allocate_device(bytes);
  check(cudaMemsetAsync(from.get(), 0x5a, bytes, stream), "filling memory");
  double best = 0;
  for (const int waves : {1, 4}) {
    const auto blocks = static_cast<unsigned>(waves * one_wave(card, copy_kernel));
    const double seconds = shortest(stream, [&] {
      launch(copy_kernel, blocks, kThreads, 0, stream, reinterpret_cast<const uint4*>(from.get()),
             reinterpret_cast<uint4*>(to.get()), static_cast<int64_t>(bytes / sizeof(uint4)));
    });
    best = std::max(best, 2.0 * static_cast<double>(bytes) / seconds);
  }
  return best;
}

// Operations a second of one wave of `kernel`; each thread does `operations` and writes a sum.
template <class... Parameters, class... Arguments>
double rate(const Card& card, cudaStream_t stream, void (*kernel)(Parameters...), double operations,
            Arguments... arguments) {
  const int64_t blocks = one_wave(card, kernel), threads = blocks * kThreads;
  const DeviceMemory sums = allocate_device(static_cast<size_t>(threads) * sizeof(float));
  const double seconds = shortest(stream, [&] {
    launch(kernel, static_cast<unsigned>(blocks), kThreads, 0, stream, arguments...,
           reinterpret_cast<float*>(sums.get()));
  });
  return static_cast<double>(threads) * operations / seconds;
}

}  // namespace

CardPeak measure_card(int index) {
  const Card card = card_at(index);
  use_card(index);
  const Stream owner = make_stream();
  const cudaStream_t stream = owner.get();
  CardPeak peak{};
  peak.copy_gigabytes = copy_rate(card, stream) / 1e9;
  const double multiply_adds = double{kRounds} * kUnrolled * kChains;
  peak.fp32_tflops = rate(card, stream, fma_kernel, 2 * multiply_adds, 0.999999f, 1e-6f, kRounds) / 1e12;
  if (card.compute_capability < 80) return peak;
  // A warp computes 16 x 8 sums of 8 (tf32) or 16 (bf16) products; a thread's share is a 32nd.
  const double tiles = double{kRounds} * kTiles * 16 * 8 / 32;
  peak.tf32_tflops = rate(card, stream, product_kernel<float>, 2 * 8 * tiles, kRounds) / 1e12;
  peak.bf16_tflops = rate(card, stream, product_kernel<Bfloat16>, 2 * 16 * tiles, kRounds) / 1e12;
  return peak;
}

}  // namespace alexnet::cuda
