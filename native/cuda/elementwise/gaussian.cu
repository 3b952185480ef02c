// Initial weights (paper, section 5): normally distributed values by Box-Muller from Philox, in double
// (core/ops/elementwise.h has the formula). Memory traffic: y once. The kernel is bound by arithmetic, and
// runs once in a training.
#include <cmath>

#include "cuda/device/dispatch.h"
#include "cuda/device/ops.h"
#include "cuda/primitives/philox.h"

namespace alexnet::cuda {
namespace {

struct Normals {
  Seed seed;
  uint32_t stream;
  double mean, deviation;
  int64_t channels, area;  // of y, area = rows * columns
  int64_t whole_channels;  // of the whole tensor, of which y is a part
  int64_t kernel_offset, channel_offset;

  // The index of y's element i in the whole tensor's OIHW order.
  __device__ __forceinline__ uint64_t index(int64_t i) const {
    const int64_t pixel = i / channels, c = i - pixel * channels;
    const int64_t k = pixel / area, place = pixel - k * area;
    return static_cast<uint64_t>(((kernel_offset + k) * whole_channels + channel_offset + c) * area + place);
  }

  __device__ __forceinline__ static double unit(uint32_t word) { return (word + 0.5) / 4294967296.0; }

  __device__ __forceinline__ double at(uint64_t index) const {
    uint32_t words[4];
    random_block(seed, stream, 0, index / 4, words);
    const uint32_t first = index & 2 ? words[2] : words[0], second = index & 2 ? words[3] : words[1];
    const double radius = sqrt(-2 * log(unit(first))), half_turns = 2 * unit(second);
    return mean + deviation * radius * (index & 1 ? sine(half_turns) : cosine(half_turns));
  }

 private:
  // The sine and cosine of pi times x; sinpi and cospi need no costly reduction of large angles.
  __device__ __forceinline__ static double sine(double x) {
#if defined(__CUDA_ARCH__)
    return sinpi(x);
#else
    return std::sin(3.14159265358979323846 * x);
#endif
  }
  __device__ __forceinline__ static double cosine(double x) {
#if defined(__CUDA_ARCH__)
    return cospi(x);
#else
    return std::cos(3.14159265358979323846 * x);
#endif
  }
};

template <class T>
__global__ void __launch_bounds__(kThreads) gaussian_kernel(T* y, int64_t count, Normals normals) {
  const int64_t step = int64_t{gridDim.x} * kThreads;
  for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count; i += step)
    y[i] = from_float<T>(static_cast<float>(normals.at(normals.index(i))));
}

}  // namespace

void run(const Gaussian& op, const Launch& on) {
  const Normals normals{op.seed,      op.stream,        op.mean,
                        op.deviation, op.y.c(),         op.y.h() * op.y.w(),
                        op.whole[3],  op.kernel_offset, op.channel_offset};
  with_type(op.y.dtype, [&](auto zero) {
    using T = decltype(zero);
    launch(gaussian_kernel<T>, grid_for(op.y.count(), on.card), kThreads, 0, on.stream, on.data<T>(op.y),
           op.y.count(), normals);
  });
}

}  // namespace alexnet::cuda
