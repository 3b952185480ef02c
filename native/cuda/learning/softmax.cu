// Softmax over the classes and the multinomial logistic objective (paper, section 3.5), its gradient, and the
// label's rank, all from one read of the logits:
//   p_c = exp(z_c - m) / sum_j exp(z_j - m),   m = max_j z_j
//   loss = log(sum_j exp(z_j - m)) - (z_label - m),   dz_c = (p_c - [c = label]) / N
// There is a block for each image; its threads hold the paper's thousand classes in registers. A batch of 128
// is half a megabyte, so four memory latencies determine the time, not the bandwidth.
#include <cmath>

#include "cuda/device/dispatch.h"
#include "cuda/device/fault.h"
#include "cuda/device/ops.h"
#include "cuda/primitives/access.h"

namespace alexnet::cuda {
namespace {

constexpr int kHeld = 4;  // logits of a thread in registers; with more classes the rest is read again

template <class Gradient>
struct Results {
  float* probabilities;  // null if not wanted, like the others
  float* losses;
  int32_t* ranks;
  Gradient* dlogits;
};

struct Greatest {
  __device__ __forceinline__ float operator()(float a, float b) const { return fmaxf(a, b); }
};
struct Total {
  template <class V>
  __device__ __forceinline__ V operator()(V a, V b) const {
    return a + b;
  }
};

// Reduces all threads' values in a fixed order; every thread gets the result. `shared` has one value for each
// warp.
template <class V, class F>
__device__ __forceinline__ V of_block(V value, V* shared, F f) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2)
    value = f(value, __shfl_xor_sync(0xffffffffu, value, distance));
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = value;
  __syncthreads();
  value = shared[0];
  for (unsigned warp = 1; warp < blockDim.x / 32; ++warp) value = f(value, shared[warp]);
  return value;
}

// Whether class c comes before the label's class, whose logit is `own`, when sorted by descending logit: NaN
// first, and of equal logits the smaller index first, so that a diverged network is never right.
__device__ __forceinline__ bool before(float logit, int c, float own, int label) {
  return !(logit < own || (logit == own && c >= label));
}

template <class T, class Gradient>
__global__ void __launch_bounds__(kThreads, 1)
    softmax_kernel(const T* __restrict__ logits, const int32_t* __restrict__ labels,
                   Results<Gradient> results, int classes, Fault* fault) {
  ALEXNET_SHARED(float, maxima, [kThreads / 32]);
  ALEXNET_SHARED(float, sums, [kThreads / 32]);
  ALEXNET_SHARED(int, counts, [kThreads / 32]);
  const int64_t n = blockIdx.x;
  const int label = labels == nullptr ? -1 : labels[n];
  if (label < -1 || label >= classes) {
    if (threadIdx.x == 0) atomicMax(fault, encode_label_fault(n, label));
    return;
  }
  const T* row = logits + n * classes;
  const int first = static_cast<int>(threadIdx.x), step = static_cast<int>(blockDim.x);
  float held[kHeld];
#pragma unroll
  for (int i = 0; i < kHeld; ++i)
    if (first + i * step < classes) held[i] = to_float(row[first + i * step]);
  const auto each = [&](auto&& f) {
#pragma unroll
    for (int i = 0; i < kHeld; ++i)
      if (first + i * step < classes) f(first + i * step, held[i]);
    for (int c = first + kHeld * step; c < classes; c += step) f(c, to_float(row[c]));
  };

  float most = -INFINITY;
  each([&](int, float z) { most = fmaxf(most, z); });
  const float m = of_block(most, maxima, Greatest());
  float sum = 0;
  each([&](int, float z) { sum += expf(z - m); });
  sum = of_block(sum, sums, Total());

  const bool labelled = label >= 0;
  const float own = labelled ? to_float(row[label]) : 0, images = static_cast<float>(gridDim.x);
  int rank = 0;
  each([&](int c, float z) {
    const float p = expf(z - m) / sum;
    if (results.probabilities != nullptr) results.probabilities[n * classes + c] = p;
    if (results.dlogits != nullptr)
      results.dlogits[n * classes + c] =
          from_float<Gradient>(labelled ? (p - (c == label ? 1.0f : 0.0f)) / images : 0.0f);
    rank += before(z, c, own, label) ? 1 : 0;
  });
  if (results.losses != nullptr && threadIdx.x == 0)
    results.losses[n] = labelled ? logf(sum) - (own - m) : 0.0f;
  if (results.ranks == nullptr) return;
  rank = of_block(rank, counts, Total());
  if (threadIdx.x == 0) results.ranks[n] = !labelled ? 0 : own == own ? rank : classes;
}

}  // namespace

void run(const SoftmaxCrossEntropy& op, const Launch& on) {
  const auto at = [&]<class T>(const std::optional<Tensor>& tensor, T) -> T* {
    return tensor ? on.data<T>(*tensor) : nullptr;
  };
  const int64_t classes = op.logits.c();
  const int64_t warps = std::clamp<int64_t>(quotient_up(classes, 32 * kHeld), 1, kThreads / 32);
  with_type(op.logits.dtype, [&]<class T>(T) {
    with_type(op.dlogits ? op.dlogits->dtype : DType::kFloat32, [&]<class Gradient>(Gradient) {
      const Results<Gradient> results{at(op.probabilities, float{}), at(op.losses, float{}),
                                      at(op.ranks, int32_t{}), at(op.dlogits, Gradient{})};
      launch(softmax_kernel<T, Gradient>, dim3(static_cast<unsigned>(op.logits.n())),
             dim3(static_cast<unsigned>(32 * warps)), 0, on.stream, on.data<const T>(op.logits),
             at(op.labels, int32_t{}), results, static_cast<int>(classes), on.fault);
    });
  });
}

}  // namespace alexnet::cuda
