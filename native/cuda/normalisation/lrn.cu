// Local response normalisation (lrn_window.h), forward and backward. The maps are one row of elements in
// memory, and a thread handles 16 bytes of it; a window's neighbouring elements come from the first-level
// cache. Memory traffic: x and y once (forward); x, dy and dx once (backward). Nothing is stored from forward
// to backward: recomputing the normaliser takes two special-function instructions, less than reading it from
// memory.
#include "cuda/device/dispatch.h"
#include "cuda/device/ops.h"
#include "cuda/elementwise/activation.h"
#include "cuda/normalisation/lrn_window.h"
#include "cuda/primitives/divisor.h"

namespace alexnet::cuda {
namespace {

// The first channel of an item (kCount channels) within its group.
struct Groups {
  Divisor items_a_group;
  int items = 0;

  __device__ __forceinline__ int channel(int item, int count) const {
    items_a_group.split(item);
    return item * count;
  }
};

template <class T, class Lrn>
__global__ void __launch_bounds__(kThreads)
    lrn_forward_kernel(const T* __restrict__ x, T* __restrict__ y, Groups groups, Lrn lrn) {
  constexpr int kCount = Lrn::kCount, kItems = 2;  // in flight at once
  const int step = static_cast<int>(gridDim.x) * kThreads;
  for (int item = static_cast<int>(blockIdx.x) * kThreads + threadIdx.x; item < groups.items;
       item += kItems * step) {
    typename Lrn::Fetched fetched[kItems];
#pragma unroll
    for (int i = 0; i < kItems; ++i)
      if (const int at = item + i * step; at < groups.items)
        fetched[i] = lrn.fetch(x + int64_t{at} * kCount, groups.channel(at, kCount));
#pragma unroll
    for (int i = 0; i < kItems; ++i)
      if (const int at = item + i * step; at < groups.items) {
        float z[kCount];
        lrn.forward(fetched[i], z);
        store(y + int64_t{at} * kCount, z);
      }
  }
}

template <class T>
struct GradientInMemory {
  const T* dy;  // of the item's first channel

  template <int kCount, int kSide>
  __device__ __forceinline__ void span(bool before, bool after, float (&g)[kCount + 2 * kSide]) const {
    load_with_neighbours<kCount, kSide>(dy, before, after, g);
  }
  __device__ __forceinline__ float one(int j) const { return to_float(dy[j]); }
};

template <class T, class Lrn, Activation kActivation>
__global__ void __launch_bounds__(kThreads)
    lrn_backward_kernel(const T* __restrict__ x, const T* __restrict__ dy, T* __restrict__ dx, Groups groups,
                        Lrn lrn) {
  constexpr int kCount = Lrn::kCount;
  const int step = static_cast<int>(gridDim.x) * kThreads;
  for (int item = static_cast<int>(blockIdx.x) * kThreads + threadIdx.x; item < groups.items; item += step) {
    const int64_t at = int64_t{item} * kCount;
    float own[kCount], gradient[kCount];
    lrn.backward(x + at, groups.channel(item, kCount), GradientInMemory<T>{dy + at}, own, gradient);
#pragma unroll
    for (int i = 0; i < kCount; ++i) gradient[i] = through<kActivation>(own[i], gradient[i]);
    store(dx + at, gradient);
  }
}

// Calls f(lrn, groups, first): the form of LRN, and what it is applied to, from element `first` on.
template <class T, class F>
void for_groups(const LrnParameters& parameters, const Tensor& x, F&& f) {
  with_lrn<T>(lrn_shape(parameters, x.c()), [&](const auto& lrn) {
    const int64_t count = lrn.kCount, unit = lrn.shape.group / count;
    in_slices(x.count() / count, unit, [&](int64_t first, int64_t items) {
      f(lrn, Groups{Divisor(unit), static_cast<int>(items)}, first * count);
    });
  });
}

}  // namespace

void run(const LrnForward& op, const Launch& on) {
  with_type(op.x.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_groups<T>(op.lrn, op.x, [&]<class Lrn>(const Lrn& lrn, const Groups& groups, int64_t first) {
      launch(lrn_forward_kernel<T, Lrn>, grid_for(groups.items, on.card), kThreads, 0, on.stream,
             on.data<const T>(op.x) + first, on.data<T>(op.y) + first, groups, lrn);
    });
  });
}

void run(const LrnBackward& op, const Launch& on) {
  with_type(op.x.dtype, [&](auto zero) {
    using T = decltype(zero);
    for_groups<T>(op.lrn, op.x, [&]<class Lrn>(const Lrn& lrn, const Groups& groups, int64_t first) {
      with_activation(op.activation, [&]<Activation kActivation>() {
        launch(lrn_backward_kernel<T, Lrn, kActivation>, grid_for(groups.items, on.card), kThreads, 0,
               on.stream, on.data<const T>(op.x) + first, on.data<const T>(op.dy) + first,
               on.data<T>(op.dx) + first, groups, lrn);
      });
    });
  });
}

}  // namespace alexnet::cuda
