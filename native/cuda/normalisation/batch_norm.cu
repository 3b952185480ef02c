// Batch normalisation over channels (core/ops/normalisation.h has the formulas). The pixels are cut into
// strips. A block reduces a few channels of one strip to two sums a channel, a second kernel combines the
// strips in order, and a third computes each element. There are no atomics, so every run gives the same bits.
// Memory traffic: forward x twice and y once, backward x and dy twice and dx once; the second read hits
// whatever the second-level cache still holds. The kernels are memory-bound.
#include <algorithm>

#include "cuda/device/dispatch.h"
#include "cuda/device/ops.h"
#include "cuda/elementwise/activation.h"
#include "cuda/primitives/access.h"
#include "cuda/primitives/divisor.h"

namespace alexnet::cuda {
namespace {

// The fewest rows that a thread adds.
constexpr int64_t kFewestRows = 16;

// The two sums of a channel over some of its elements: for the moments, their mean and the sum of squares
// about it; for the gradient, the sums of dy and of dy * (x - mean).
struct Sums {
  float first = 0, second = 0;
};

// How many of `count` rows thread `y` of `height` adds.
__device__ __forceinline__ int rows_of(int count, int y, int height) {
  return y < count ? (count - y + height - 1) / height : 0;
}

// Combines the moments of two sets (Chan, Golub and LeVeque, 1979), without differences of large numbers.
__device__ __forceinline__ void join(Sums& all, float& seen, const Sums& own, float count) {
  if (count == 0) return;
  const float away = own.first - all.first, total = seen + count, share = count / total;
  all.first += away * share;
  all.second += own.second + away * away * seen * share;
  seen = total;
}

// Welford's update, so that channels with a large mean lose no accuracy.
template <class T>
struct MomentsOf {
  const T* x;

  template <int kCount>
  __device__ __forceinline__ void add(int64_t at, int, float inverse, Sums (&sums)[kCount]) const {
    float v[kCount];
    load(x + at, v);
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      const float away = v[i] - sums[i].first;
      sums[i].first += away * inverse;
      sums[i].second += away * (v[i] - sums[i].first);
    }
  }
  __device__ __forceinline__ static void put_together(Sums& all, float& seen, const Sums& own, float count) {
    join(all, seen, own, count);
  }
};

template <class T>
struct GradientSumsOf {
  const T* x;
  const T* dy;
  const float* mean;

  template <int kCount>
  __device__ __forceinline__ void add(int64_t at, int channel, float, Sums (&sums)[kCount]) const {
    float v[kCount], g[kCount];
    load(x + at, v), load(dy + at, g);
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      sums[i].first += g[i];
      sums[i].second += g[i] * (v[i] - mean[channel + i]);
    }
  }
  __device__ __forceinline__ static void put_together(Sums& all, float&, const Sums& own, float) {
    all.first += own.first, all.second += own.second;
  }
};

struct Table {
  int rows, channels;
  int strip, strips;  // rows of a strip, and how many there are
};

// A block reads blockDim.x pieces of kCount channels by blockDim.y rows at a time; blockIdx.y is the strip.
template <int kCount, class Of>
__global__ void __launch_bounds__(kThreads) strip_kernel(Of of, Table table, Sums* out) {
  ALEXNET_SHARED(Sums, shared, [kCount][kThreads]);
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  const int width = static_cast<int>(blockDim.x), height = static_cast<int>(blockDim.y);
  const int channel = (static_cast<int>(blockIdx.x) * width + x) * kCount;
  const int first = static_cast<int>(blockIdx.y) * table.strip;
  const int count = table.rows - first < table.strip ? table.rows - first : table.strip;
  Sums sums[kCount];
  if (channel < table.channels) {
    int seen = 0;
#pragma unroll 4
    for (int row = y; row < count; row += height)
      of.add(int64_t{first + row} * table.channels + channel, channel, 1.0f / static_cast<float>(++seen),
             sums);
  }
#pragma unroll
  for (int i = 0; i < kCount; ++i) shared[i][y * width + x] = sums[i];
  __syncthreads();
  for (int i = y * width + x; i < width * kCount; i += kThreads) {
    const int e = i % kCount, column = i / kCount;
    const int at = (static_cast<int>(blockIdx.x) * width + column) * kCount + e;
    if (at >= table.channels) continue;
    Sums all;
    float seen = 0;
    for (int row = 0; row < height; ++row)
      Of::put_together(all, seen, shared[e][row * width + column],
                       static_cast<float>(rows_of(count, row, height)));
    out[int64_t{static_cast<int>(blockIdx.y)} * table.channels + at] = all;
  }
}

// A block combines 32 channels with 8 threads each, which take strips in turn; the first thread combines
// their sums.
constexpr int kColumns = 32, kTurns = kThreads / kColumns;

// Calls finish(channel, sums) for every channel.
template <class Of, class Finish>
__global__ void __launch_bounds__(kThreads) finish_kernel(const Sums* strips, Table table, Finish finish) {
  ALEXNET_SHARED(Sums, shared, [kTurns][kColumns]);
  ALEXNET_SHARED(float, counts, [kTurns][kColumns]);
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  const int channel = static_cast<int>(blockIdx.x) * kColumns + x;
  Sums sums;
  float seen = 0;
  if (channel < table.channels)
    for (int strip = y; strip < table.strips; strip += kTurns) {
      const int left = table.rows - strip * table.strip;
      Of::put_together(sums, seen, strips[int64_t{strip} * table.channels + channel],
                       static_cast<float>(left < table.strip ? left : table.strip));
    }
  shared[y][x] = sums, counts[y][x] = seen;
  __syncthreads();
  if (y != 0 || channel >= table.channels) return;
  for (int turn = 1; turn < kTurns; ++turn) Of::put_together(sums, seen, shared[turn][x], counts[turn][x]);
  finish(channel, sums);
}

struct FinishMoments {
  float *mean, *inverse, *running_mean, *running_variance;
  float rows, epsilon, momentum;

  __device__ __forceinline__ void operator()(int c, const Sums& sums) const {
    mean[c] = sums.first;
    inverse[c] = 1 / sqrtf(sums.second / rows + epsilon);
    const auto move = [this](float& running, float now) {
      running = (1 - momentum) * running + momentum * now;
    };
    move(running_mean[c], sums.first);
    move(running_variance[c], sums.second / (rows > 1 ? rows - 1 : 1));
  }
};

struct FinishGradient {
  const float* inverse;
  float *dgamma, *dbeta;

  __device__ __forceinline__ void operator()(int c, const Sums& sums) const {
    dgamma[c] = sums.second * inverse[c];
    dbeta[c] = sums.first;
  }
};

// y = activation(gamma * (x - mean) * inverse + beta). inverse: given, or computed from the running variance.
template <Activation kActivation, bool kRunning>
struct Normalise {
  const float *gamma, *beta, *mean, *inverse_or_variance;
  float epsilon;

  __device__ __forceinline__ float operator()(float x, int c) const {
    const float inverse = kRunning ? 1 / sqrtf(inverse_or_variance[c] + epsilon) : inverse_or_variance[c];
    return activate<kActivation>(gamma[c] * inverse * (x - mean[c]) + beta[c]);
  }
};

// Threads loop over items, each of kCount channels of one pixel.
template <class T, int kCount, class F>
__global__ void __launch_bounds__(kThreads)
    apply_kernel(const T* __restrict__ x, T* __restrict__ y, int64_t items, int pieces, F f) {
  const int64_t step = int64_t{gridDim.x} * kThreads;
  for (int64_t item = int64_t{blockIdx.x} * kThreads + threadIdx.x; item < items; item += step) {
    const int channel = static_cast<int>(item % pieces) * kCount;
    float v[kCount];
    load(x + item * kCount, v);
#pragma unroll
    for (int i = 0; i < kCount; ++i) v[i] = f(v[i], channel + i);
    store(y + item * kCount, v);
  }
}

// dx = gamma * inverse * (dy - dbeta / m - (x - mean) * inverse * dgamma / m)
struct Gradient {
  const float *gamma, *mean, *inverse, *dgamma, *dbeta;
  float share;  // 1 / m
};

template <class T, int kCount>
__global__ void __launch_bounds__(kThreads)
    gradient_kernel(const T* __restrict__ x, const T* __restrict__ dy, T* __restrict__ dx, int64_t items,
                    int pieces, Gradient of) {
  const int64_t step = int64_t{gridDim.x} * kThreads;
  for (int64_t item = int64_t{blockIdx.x} * kThreads + threadIdx.x; item < items; item += step) {
    const int channel = static_cast<int>(item % pieces) * kCount;
    float v[kCount], g[kCount];
    load(x + item * kCount, v), load(dy + item * kCount, g);
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      const int c = channel + i;
      const float normalised = (v[i] - of.mean[c]) * of.inverse[c];
      g[i] = of.gamma[c] * of.inverse[c] * (g[i] - of.share * (of.dbeta[c] + normalised * of.dgamma[c]));
    }
    store(dx + item * kCount, g);
  }
}

// Four blocks a multiprocessor, and no more strips than a thread combines quickly.
Table table_of(const Tensor& x, const Card& card) {
  constexpr int64_t kMost = 512;
  const int64_t rows = x.n() * x.h() * x.w();
  const int64_t wanted = std::clamp<int64_t>(rows / (kFewestRows * 8), 1,
                                             std::min<int64_t>(kMost, int64_t{4} * card.multiprocessors));
  const int64_t strip = quotient_up(rows, wanted);
  return {static_cast<int>(rows), static_cast<int>(x.c()), static_cast<int>(strip),
          static_cast<int>(quotient_up(rows, strip))};
}

size_t sums_bytes(const Tensor& x, const Card& card) {
  const Table table = table_of(x, card);
  return static_cast<size_t>(table.strips) * static_cast<size_t>(table.channels) * sizeof(Sums);
}

// Calls f.template operator()<T, kCount>(): 16 bytes at a time where the channels allow it.
template <class F>
void with_pieces(const Tensor& x, F&& f) {
  with_type(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    constexpr int kCount = Pack<T>::kCount;
    if (x.c() % kCount == 0)
      f.template operator()<T, kCount>();
    else
      f.template operator()<T, 1>();
  });
}

template <int kCount, class Of, class Finish>
void sum_channels(const Of& of, const Tensor& x, const Finish& finish, const Launch& on) {
  const Table table = table_of(x, on.card);
  Sums* sums = on.workspace<Sums>();
  const int64_t pieces = table.channels / kCount;
  unsigned width = 1;
  while (width < pieces && width < 32) width *= 2;
  const dim3 grid(static_cast<unsigned>(quotient_up(pieces, width)), static_cast<unsigned>(table.strips));
  launch(strip_kernel<kCount, Of>, grid, dim3(width, kThreads / width), 0, on.stream, of, table, sums);
  launch(finish_kernel<Of, Finish>, dim3(static_cast<unsigned>(quotient_up(table.channels, kColumns))),
         dim3(kColumns, kTurns), 0, on.stream, sums, table, finish);
}

template <class T, int kCount, class F>
void apply(const F& f, const Tensor& x, const Tensor& y, const Launch& on) {
  const int64_t items = x.count() / kCount;
  launch(apply_kernel<T, kCount, F>, grid_for(items, on.card), kThreads, 0, on.stream, on.data<const T>(x),
         on.data<T>(y), items, static_cast<int>(x.c() / kCount), f);
}

}  // namespace

size_t workspace(const BatchNormForward& op, const Card& card) { return sums_bytes(op.x, card); }
size_t workspace(const BatchNormBackward& op, const Card& card) { return sums_bytes(op.x, card); }

void run(const BatchNormForward& op, const Launch& on) {
  const FinishMoments finish{on.data<float>(op.mean),
                             on.data<float>(op.inverse),
                             on.data<float>(op.running_mean),
                             on.data<float>(op.running_variance),
                             static_cast<float>(op.x.count() / op.x.c()),
                             static_cast<float>(op.epsilon),
                             static_cast<float>(op.momentum)};
  with_pieces(op.x, [&]<class T, int kCount>() {
    sum_channels<kCount>(MomentsOf<T>{on.data<const T>(op.x)}, op.x, finish, on);
    with_activation(op.activation, [&]<Activation kActivation>() {
      const Normalise<kActivation, false> f{on.data<const float>(op.gamma), on.data<const float>(op.beta),
                                            finish.mean, finish.inverse, 0};
      apply<T, kCount>(f, op.x, op.y, on);
    });
  });
}

void run(const BatchNormInference& op, const Launch& on) {
  with_pieces(op.x, [&]<class T, int kCount>() {
    with_activation(op.activation, [&]<Activation kActivation>() {
      const Normalise<kActivation, true> f{on.data<const float>(op.gamma), on.data<const float>(op.beta),
                                           on.data<const float>(op.running_mean),
                                           on.data<const float>(op.running_variance),
                                           static_cast<float>(op.epsilon)};
      apply<T, kCount>(f, op.x, op.y, on);
    });
  });
}

void run(const BatchNormBackward& op, const Launch& on) {
  const auto *mean = on.data<const float>(op.mean), *inverse = on.data<const float>(op.inverse);
  auto *dgamma = on.data<float>(op.dgamma), *dbeta = on.data<float>(op.dbeta);
  with_pieces(op.x, [&]<class T, int kCount>() {
    const auto *x = on.data<const T>(op.x), *dy = on.data<const T>(op.dy);
    sum_channels<kCount>(GradientSumsOf<T>{x, dy, mean}, op.x, FinishGradient{inverse, dgamma, dbeta}, on);
    const Gradient of{on.data<const float>(op.gamma),
                      mean,
                      inverse,
                      dgamma,
                      dbeta,
                      1 / static_cast<float>(op.x.count() / op.x.c())};
    const int64_t items = op.x.count() / kCount;
    launch(gradient_kernel<T, kCount>, grid_for(items, on.card), kThreads, 0, on.stream, x, dy,
           on.data<T>(op.dx), items, static_cast<int>(op.x.c() / kCount), of);
  });
}

}  // namespace alexnet::cuda
