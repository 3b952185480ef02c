// Max-pools backward, with two rings (ring.cuh): z, and the gradient with respect to z.
#pragma once

#include "cuda/elementwise/activation.h"
#include "cuda/pooling/ring.cuh"

namespace alexnet::cuda {

// The gradient at one position, for LRN's loops over channels.
struct GradientInRing {
  const float* gradient;  // of the thread's channel; null if no window contains the position

  __device__ __forceinline__ float one(int j) const { return gradient == nullptr ? 0 : gradient[j]; }
};

template <class T, class Lrn, bool kPaper>
struct PoolGradient {
  static constexpr int kCount = Lrn::kCount;
  const Pool<T, Lrn, kPaper>& pool;
  Ring<kCount> ring;
  int first_column, columns;  // of dx
  Positions positions;

  __device__ __forceinline__ PoolGradient(const Pool<T, Lrn, kPaper>& pool, unsigned char* shared)
      : pool(pool),
        ring(pool.ring),
        first_column(pool.part.first_column * pool.sizes.stride()),
        columns(min(pool.part.last_column * pool.sizes.stride(), pool.shape.width) - first_column),
        positions(columns) {
    float* const floats = reinterpret_cast<float*>(shared) + pool.shape.ring_floats();
    ring.floats = floats + (pool.ring.floats - reinterpret_cast<float*>(shared));
    for (int i = static_cast<int>(threadIdx.x); i < pool.shape.ring_floats();
         i += static_cast<int>(blockDim.x))
      floats[i] = 0;
    __syncthreads();
  }

  // Whether a window of row steps up to p contains (h, w); if so, `at` is the position's place in the ring.
  __device__ __forceinline__ bool held(int p, int h, int w, int& at) const {
    const PoolShape& shape = pool.shape;
    const int row = min(p, shape.out_height - 1), column = min(w / pool.sizes.stride(), shape.out_width - 1);
    at = ring.at(h % pool.sizes.size(), w - pool.part.first_window * pool.sizes.stride());
    return h - row * pool.sizes.stride() < pool.sizes.size() &&
           w - column * pool.sizes.stride() < pool.sizes.size();
  }

  // Adds dy of window row p to the windows' first maxima. Windows that overlap take turns.
  __device__ __forceinline__ void scatter(const T* __restrict__ dy, int p) const {
    const PoolPart& part = pool.part;
    const int overlap = pool.sizes.overlap(), windows = part.last_window - part.first_window;
    // All windows of one turn are numbered together, then those of the next turn: so whole warps take the
    // same branch.
    const int in_turn = (windows + overlap - 1) / overlap;
    for (int first = 0; first < in_turn * overlap; first += pool.thread.places) {
      const int number = first + pool.thread.place, own_turn = number / max(in_turn, 1);
      const int q = part.first_window + (number - own_turn * in_turn) * overlap + own_turn;
      const bool there = pool.works && own_turn < overlap && q < part.last_window;
      Packed<T, kCount> packed{};
      float best[kCount] = {};
      int greatest[kCount] = {};
      if (there) {
        packed.load(dy + (p * pool.shape.out_width + q) * pool.shape.channels);
        pool.each_number(p, q, [&](const float(&z)[kCount], int at, bool first_one) {
#pragma unroll
          for (int i = 0; i < kCount; ++i)
            if (first_one || exceeds(z[i], best[i])) best[i] = z[i], greatest[i] = at;
        });
      }
      for (int turn = 0; turn < overlap; ++turn) {
        if (there && own_turn == turn) {
          float gradient[kCount];
          packed.unpack(gradient);
#pragma unroll
          for (int i = 0; i < kCount; ++i) *ring.number(greatest[i], i) += gradient[i];
        }
        __syncthreads();
      }
    }
  }

  // Clears the ring for rows [first, last) of dx, which are finished.
  __device__ __forceinline__ void clear(int p, int first, int last) const {
    const float zeros[kCount] = {};
    for (int i = pool.thread.place; pool.works && i < (last - first) * columns; i += pool.thread.places) {
      int w = i, at = 0;
      const int h = first + positions.split(w);
      if (held(p, h, first_column + w, at)) ring.put(at, zeros);
    }
  }
};

template <class T, class Lrn, bool kPaper, Activation kActivation>
__global__ void __launch_bounds__(kMostPoolThreads, 1)
    pool_backward_kernel(const T* __restrict__ x, const T* __restrict__ dy, T* __restrict__ dx,
                         const __grid_constant__ PoolShape shape, Lrn lrn) {
  ALEXNET_DYNAMIC_SHARED(shared);
  constexpr int kCount = Lrn::kCount;
  const PoolPart part(shape, true);
  const Pool<T, Lrn, kPaper> pool(shape, part, lrn, shared);
  const PoolGradient<T, Lrn, kPaper> gradient(pool, shared);
  const T* const image = pool.image(x);
  T* const result_image = pool.image(dx);
  const T* const pooled =
      dy + part.image * shape.out_height * shape.out_width * shape.channels + pool.channel;
  const bool owns = pool.works && pool.channel >= part.first_channel && pool.channel < part.last_channel;
  const int stride = pool.sizes.stride();
  const Positions positions(pool.columns());

  int filled = 0;
  for (int p = max(0, part.first_row - pool.sizes.overlap() + 1); p < part.last_row; ++p) {
    if (p < shape.out_height) {
      const int first = max(filled, p * stride);
      filled = pool.needed(p);
      pool.fill(image, first, filled, positions);
      __syncthreads();
      gradient.scatter(pooled, p);
    }
    // The rows of this step: no later window contains them.
    const int first = p * stride, last = min(first + stride, shape.height),
              count = (last - first) * gradient.columns;
    if (p < part.first_row) {
      gradient.clear(p, first, last);
      continue;
    }
    // All lanes of a warp run the loop, because they exchange values.
    for (int begin = 0; begin < count; begin += pool.thread.places) {
      const int i = begin + pool.thread.place;
      const bool there = pool.works && i < count;
      int w = there ? i : 0, held_at = 0;
      const int h = first + gradient.positions.split(w);
      w += gradient.first_column;
      const int at = pool.at(h, w);
      const bool held = gradient.held(p, h, w, held_at);
      float own[kCount] = {}, result[kCount] = {};
      if constexpr (Lrn::kInWarp) {
        typename Lrn::Fetched fetched{};
        float through_pool[kCount] = {};
        if (there) {
          fetched = lrn.fetch(image + at, pool.own());
          if (held) {
            const float zeros[kCount] = {};
            gradient.ring.get(held_at, through_pool);
            gradient.ring.put(held_at, zeros);
          }
        }
        lrn.backward_in_warp(fetched, pool.own(), through_pool, own, result);
      } else if (there && owns) {
        const GradientInRing through_pool{held ? gradient.ring.number(held_at, 0) : nullptr};
        lrn.backward(image + at, pool.own(), through_pool, own, result);
      }
      if (!there || !owns) continue;
#pragma unroll
      for (int k = 0; k < kCount; ++k) result[k] = through<kActivation>(own[k], result[k]);
      store(result_image + at, result);
    }
    if constexpr (!Lrn::kInWarp) {
      __syncthreads();
      gradient.clear(p, first, last);
    }
  }
}

}  // namespace alexnet::cuda
