// Max-pools whose windows, of positions or of channels, are too large for the ring in shared memory
// (ring.cuh): one thread for each result, which recomputes whatever it needs. This is for completeness, not
// for speed.
#pragma once

#include "cuda/device/dispatch.h"
#include "cuda/elementwise/activation.h"
#include "cuda/normalisation/lrn_window.h"
#include "cuda/pooling/maximum.h"
#include "cuda/pooling/plan.h"

namespace alexnet::cuda {

// One channel of an image.
template <class T, class Lrn>
struct DirectPool {
  static_assert(Lrn::kCount == 1);
  const PoolShape& shape;
  const Lrn& lrn;
  const T* x;  // of the image and channel
  int c;       // in its group

  __device__ __forceinline__ float value(int h, int w) const {
    float z[1];
    lrn.forward(lrn.fetch(x + (int64_t{h} * shape.width + w) * shape.channels, c), z);
    return z[0];
  }
  // The first maximum of window (p, q), at (row, column).
  __device__ __forceinline__ float first_maximum(int p, int q, int& row, int& column) const {
    row = p * shape.stride, column = q * shape.stride;
    const int bottom = min(row + shape.size, shape.height), right = min(column + shape.size, shape.width);
    float best = value(row, column);
    for (int h = p * shape.stride; h < bottom; ++h)
      for (int w = q * shape.stride; w < right; ++w)
        if (const float z = value(h, w); exceeds(z, best)) best = z, row = h, column = w;
    return best;
  }
};

template <class T, class Lrn>
__global__ void __launch_bounds__(kThreads, 1)
    pool_forward_direct_kernel(const T* __restrict__ x, T* __restrict__ y, int64_t count,
                               const __grid_constant__ PoolShape shape, Lrn lrn) {
  const int64_t step = int64_t{gridDim.x} * kThreads;
  for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count; i += step) {
    const int channel = static_cast<int>(i % shape.channels);
    int64_t rest = i / shape.channels;
    const int q = static_cast<int>(rest % shape.out_width);
    rest /= shape.out_width;
    const int p = static_cast<int>(rest % shape.out_height);
    const int64_t image = rest / shape.out_height;
    const DirectPool<T, Lrn> pool{
        shape, lrn, x + image * shape.height * shape.width * shape.channels + channel, channel % shape.group};
    int row, column;
    y[i] = from_float<T>(pool.first_maximum(p, q, row, column));
  }
}

template <class T, class Lrn>
struct GradientThroughDirectPool {
  DirectPool<T, Lrn> pool;
  const T* dy;  // of the image and channel
  int h, w;

  // Channel j, relative to this one.
  __device__ __forceinline__ float one(int j) const {
    const PoolShape& shape = pool.shape;
    const DirectPool<T, Lrn> beside{shape, pool.lrn, pool.x + j, pool.c + j};
    float g = 0;
    for (int p = max(0, h / shape.stride - shape.overlap + 1); p <= h / shape.stride && p < shape.out_height;
         ++p)
      for (int q = max(0, w / shape.stride - shape.overlap + 1); q <= w / shape.stride && q < shape.out_width;
           ++q) {
        int row, column;
        beside.first_maximum(p, q, row, column);
        if (row == h && column == w)
          g += to_float(dy[(int64_t{p} * shape.out_width + q) * shape.channels + j]);
      }
    return g;
  }
};

template <class T, class Lrn, Activation kActivation>
__global__ void __launch_bounds__(kThreads, 1)
    pool_backward_direct_kernel(const T* __restrict__ x, const T* __restrict__ dy, T* __restrict__ dx,
                                int64_t count, const __grid_constant__ PoolShape shape, Lrn lrn) {
  const int64_t step = int64_t{gridDim.x} * kThreads;
  for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count; i += step) {
    const int channel = static_cast<int>(i % shape.channels), c = channel % shape.group;
    int64_t rest = i / shape.channels;
    const int w = static_cast<int>(rest % shape.width);
    rest /= shape.width;
    const int h = static_cast<int>(rest % shape.height);
    const int64_t image = rest / shape.height;
    const GradientThroughDirectPool<T, Lrn> gradient{
        {shape, lrn, x + image * shape.height * shape.width * shape.channels + channel, c},
        dy + image * shape.out_height * shape.out_width * shape.channels + channel,
        h,
        w};
    float own[1], result[1];
    if constexpr (Lrn::kInWarp) {
      const float through_pool[1] = {gradient.one(0)};
      lrn.backward_in_warp(lrn.fetch(x + i, c), c, through_pool, own, result);
    } else {
      lrn.backward(x + i, c, gradient, own, result);
    }
    dx[i] = from_float<T>(through<kActivation>(own[0], result[0]));
  }
}

}  // namespace alexnet::cuda
