// Selects the template and the grid for an op at launch.
#pragma once

#include <algorithm>

#include "core/ops.h"
#include "cuda/device/card.h"
#include "cuda/primitives/numbers.h"

namespace alexnet::cuda {

// Calls f(T{}) with the type of a tensor's elements.
template <class F>
void with_type(DType dtype, F&& f) {
  if (dtype == DType::kBfloat16)
    f(Bfloat16{});
  else
    f(float{});
}

inline int64_t quotient_up(int64_t n, int64_t d) { return (n + d - 1) / d; }

inline constexpr int kThreads = 256;

// The grid for kernels with grid-stride loops, in blocks of kThreads: as many blocks as the card holds at
// once, or fewer if there is less work.
inline dim3 grid_for(int64_t threads, const Card& card) {
  constexpr int64_t kBlocksAMultiprocessor = 2048 / kThreads;
  const int64_t most = card.multiprocessors * kBlocksAMultiprocessor;
  return dim3(static_cast<unsigned>(std::clamp<int64_t>(quotient_up(threads, kThreads), 1, most)));
}

// Kernels that count in 32 bits are launched in slices: calls f(first, count) for each slice; `first` is a
// multiple of `unit`.
template <class F>
void in_slices(int64_t items, int64_t unit, F&& f) {
  const int64_t most = std::max<int64_t>(1, (int64_t{1} << 30) / unit) * unit;
  for (int64_t first = 0; first < items; first += most) f(first, std::min(most, items - first));
}

}  // namespace alexnet::cuda
