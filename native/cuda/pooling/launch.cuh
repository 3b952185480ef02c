// Launches the kernels of the pooling ops.
#pragma once

#include "cuda/device/ops.h"
#include "cuda/pooling/backward.cuh"
#include "cuda/pooling/direct.cuh"
#include "cuda/pooling/forward.cuh"

namespace alexnet::cuda {

// Calls f with kPaper: whether the pool is the paper's, for which the forms of 16 bytes at a time have
// separate kernels.
template <class Lrn, class F>
void with_sizes(const PoolShape& shape, F&& f) {
  if constexpr (Lrn::kCount > 1)
    if (shape.size == 3 && shape.stride == 2) {
      f.template operator()<true>();
      return;
    }
  f.template operator()<false>();
}

// group, reach: those of the normalisation.
template <class T, class Lrn>
void pool_forward(const PoolParameters& parameters, const Tensor& x, const Tensor& y, int64_t group,
                  int reach, const Lrn& lrn, const Launch& on) {
  const PoolPlan plan = plan_pool(parameters, x, y, Lrn::kCount, group, reach, false, on.card);
  if (plan.fits)
    with_sizes<Lrn>(plan.shape, [&]<bool kPaper>() {
      launch(pool_forward_kernel<T, Lrn, kPaper>, plan.grid, plan.block, plan.shared_bytes, on.stream,
             on.data<const T>(x), on.data<T>(y), plan.shape, lrn);
    });
  else if constexpr (Lrn::kCount > 1)
    pool_forward<T>(parameters, x, y, group, reach, typename Lrn::Scalar{lrn.shape}, on);
  else
    launch(pool_forward_direct_kernel<T, Lrn>, grid_for(y.count(), on.card), kThreads, 0, on.stream,
           on.data<const T>(x), on.data<T>(y), y.count(), plan.shape, lrn);
}

template <class T, class Lrn>
void pool_backward(const PoolParameters& parameters, Activation activation, const Tensor& x, const Tensor& dy,
                   const Tensor& dx, int64_t group, int reach, const Lrn& lrn, const Launch& on) {
  const PoolPlan plan = plan_pool(parameters, x, dy, Lrn::kCount, group, reach, true, on.card);
  if constexpr (Lrn::kCount > 1)
    if (!plan.fits) {
      pool_backward<T>(parameters, activation, x, dy, dx, group, reach, typename Lrn::Scalar{lrn.shape}, on);
      return;
    }
  with_activation(activation, [&]<Activation kActivation>() {
    if (plan.fits)
      with_sizes<Lrn>(plan.shape, [&]<bool kPaper>() {
        launch(pool_backward_kernel<T, Lrn, kPaper, kActivation>, plan.grid, plan.block, plan.shared_bytes,
               on.stream, on.data<const T>(x), on.data<const T>(dy), on.data<T>(dx), plan.shape, lrn);
      });
    else if constexpr (Lrn::kCount == 1)
      launch(pool_backward_direct_kernel<T, Lrn, kActivation>, grid_for(x.count(), on.card), kThreads, 0,
             on.stream, on.data<const T>(x), on.data<const T>(dy), on.data<T>(dx), x.count(), plan.shape,
             lrn);
  });
}

}  // namespace alexnet::cuda
