// From what an op says when it is launched to the template that computes it.
#pragma once

#include <algorithm>

#include "core/ops.h"
#include "cuda/device/card.h"
#include "cuda/primitives/numbers.h"

namespace alexnet::cuda {

// Calls f(T{}) with the type of a tensor of numbers.
template <class F>
void with_type(DType dtype, F&& f) {
  if (dtype == DType::kBfloat16)
    f(Bfloat16{});
  else
    f(float{});
}

inline int64_t quotient_up(int64_t n, int64_t d) { return (n + d - 1) / d; }

inline constexpr int kThreads = 256;

// Blocks of kThreads for kernels whose threads each go on `step` items further on, grid after grid: as many
// as the card holds at once, or fewer where that is more than there is to do.
inline dim3 grid_for(int64_t threads, const Card& card) {
  constexpr int64_t kBlocksAMultiprocessor = 2048 / kThreads;
  const int64_t most = card.multiprocessors * kBlocksAMultiprocessor;
  return dim3(static_cast<unsigned>(std::clamp<int64_t>(quotient_up(threads, kThreads), 1, most)));
}

// Kernels that count in 32 bits are launched for so many items at a time: f(first, count), first a multiple
// of `unit`.
template <class F>
void in_slices(int64_t items, int64_t unit, F&& f) {
  const int64_t most = std::max<int64_t>(1, (int64_t{1} << 30) / unit) * unit;
  for (int64_t first = 0; first < items; first += most) f(first, std::min(most, items - first));
}

}  // namespace alexnet::cuda
