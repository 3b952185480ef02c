// Tensors of one shape, each with its own strides, as rows of adjacent elements: Copy and Sum iterate over
// these rows. Dimensions are merged if they follow one another without a gap in every tensor.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "core/tensor.h"
#include "cuda/primitives/divisor.h"

namespace alexnet::cuda {

// The rows of a launch: numbered by three indices, each with `items_a_row` items. An item is one access of a
// thread.
struct Rows {
  Divisor items_a_row, rows_a_plane, rows_a_line;
  int items = 0;

  struct Place {
    int outer, middle, inner, item;
  };
  __device__ __forceinline__ Place place(int i) const {
    int row = items_a_row.quotient(i);
    Place place;
    place.item = i - row * static_cast<int>(items_a_row.divisor);
    place.outer = rows_a_plane.split(row);
    place.middle = rows_a_line.split(row);
    place.inner = row;
    return place;
  }
};

// The strides of one tensor, in its elements.
struct RowStrides {
  int64_t outer = 0, middle = 0, inner = 0;

  __device__ __forceinline__ int64_t at(const Rows::Place& place) const {
    return place.outer * outer + place.middle * middle + place.inner * inner;
  }
};

class RowWalk {
 public:
  explicit RowWalk(const std::vector<const Tensor*>& tensors) : strides_(tensors.size()) {
    run_ = tensors[0]->c();
    std::array<int64_t, 3> extents{};  // from inner to outer
    size_t kept = 0;
    for (size_t d = 3; d-- > 0;) {
      const int64_t extent = tensors[0]->shape[d];
      if (extent == 1) continue;
      const auto follows = [&](size_t t) {
        const int64_t step = tensors[t]->strides[d];
        return kept == 0 ? step == run_ : step == extents[kept - 1] * strides_[t][kept - 1];
      };
      bool all = true;
      for (size_t t = 0; t < tensors.size(); ++t) all = all && follows(t);
      if (all) {
        (kept == 0 ? run_ : extents[kept - 1]) *= extent;
        continue;
      }
      extents[kept] = extent;
      for (size_t t = 0; t < tensors.size(); ++t) strides_[t][kept] = tensors[t]->strides[d];
      ++kept;
    }
    for (size_t d = 0; d < kept; ++d) extents_[d] = extents[d];
  }

  // Whether in every tensor each row begins at a multiple of `count` elements, and its length is a multiple
  // of `count`.
  bool multiple_of(int64_t count) const {
    if (run_ % count != 0) return false;
    for (const auto& strides : strides_)
      for (const int64_t step : strides)
        if (step % count != 0) return false;
    return true;
  }

  bool one_row() const { return extents_[0] == 1 && extents_[1] == 1 && extents_[2] == 1; }
  RowStrides strides(size_t tensor) const {
    return {strides_[tensor][2], strides_[tensor][1], strides_[tensor][0]};
  }

  // Calls f(rows, begin) with rows of items of `count` elements, few enough at a time that 32 bits number the
  // items; begin(tensor) is the first element of a tensor in this launch.
  template <class F>
  void for_launches(int64_t count, F&& f) const {
    constexpr int64_t kMost = int64_t{1} << 30;
    const int64_t in_row = run_ / count;
    if (one_row()) {
      for (int64_t first = 0; first < in_row; first += kMost) {
        const int64_t items = std::min(kMost, in_row - first);
        f(rows(items, 1, 1, 1), [&](size_t) { return first * count; });
      }
      return;
    }
    // A row is shorter than that, because its tensor has other rows.
    const auto [inner, middle, outer] = extents_;
    const int64_t fit = std::max<int64_t>(1, kMost / (in_row * inner * middle));
    for (int64_t first = 0; first < outer; first += fit)
      f(rows(in_row, inner, middle, std::min(fit, outer - first)),
        [&](size_t tensor) { return first * strides_[tensor][2]; });
  }

 private:
  static Rows rows(int64_t items, int64_t inner, int64_t middle, int64_t outer) {
    return {Divisor(items), Divisor(inner * middle), Divisor(inner),
            static_cast<int>(items * inner * middle * outer)};
  }

  int64_t run_ = 1;                          // elements of a row
  std::array<int64_t, 3> extents_{1, 1, 1};  // of the rows' indices, from inner to outer
  std::vector<std::array<int64_t, 3>> strides_;
};

}  // namespace alexnet::cuda
