// Max-pools forward, with the ring of ring.cuh.
#pragma once

#include "cuda/pooling/ring.cuh"

namespace alexnet::cuda {

// NaN where a window holds one.
template <class T, class Lrn, bool kPaper>
__global__ void __launch_bounds__(kMostPoolThreads, 1)
    pool_forward_kernel(const T* __restrict__ x, T* __restrict__ y, const __grid_constant__ PoolShape shape,
                        Lrn lrn) {
  ALEXNET_DYNAMIC_SHARED(shared);
  constexpr int kCount = Lrn::kCount;
  const PoolPart part(shape, false);
  const Pool<T, Lrn, kPaper> pool(shape, part, lrn, shared);
  const T* const image = pool.image(x);
  T* const pooled = y + part.image * shape.out_height * shape.out_width * shape.channels + pool.channel;
  const Positions positions(pool.columns());
  int filled = part.first_row * pool.sizes.stride();
  for (int p = part.first_row; p < part.last_row; ++p) {
    const int first = max(filled, p * pool.sizes.stride());
    filled = pool.needed(p);
    pool.fill(image, first, filled, positions);
    __syncthreads();
    for (int q = part.first_window + pool.thread.place; pool.works && q < part.last_window;
         q += pool.thread.places) {
      float best[kCount] = {};
      pool.each_number(p, q, [&](const float(&z)[kCount], int, bool first_one) {
#pragma unroll
        for (int i = 0; i < kCount; ++i)
          if (first_one)
            best[i] = z[i];
          else if constexpr (Lrn::kKeepsZeros)
            best[i] = exceeds(z[i], best[i]) ? z[i] : best[i];
          else
            best[i] = maximum_or_nan(best[i], z[i]);
      });
      store(pooled + (p * shape.out_width + q) * shape.channels, best);
    }
    __syncthreads();
  }
}

}  // namespace alexnet::cuda
