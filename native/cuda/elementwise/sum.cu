// y = xs[0] + xs[1] + ..., in this order, in float32, rounded once. Memory traffic: every tensor once. y may
// be one of the terms: a thread reads all terms of an element before it writes the sum.
#include "cuda/device/dispatch.h"
#include "cuda/device/ops.h"
#include "cuda/elementwise/rows.h"
#include "cuda/primitives/access.h"

namespace alexnet::cuda {
namespace {

constexpr int kMostTerms = 64;  // keeps the table below 4 KB, the parameters that every GPU accepts

template <class T>
struct Terms {
  int count = 0;
  RowStrides y;
  const T* at[kMostTerms];
  RowStrides strides[kMostTerms];
};
static_assert(sizeof(Terms<float>) + sizeof(Rows) + sizeof(void*) <= 4096);

template <class T, int kCount, bool kOneRow>
__global__ void __launch_bounds__(kThreads)
    sum_kernel(T* y, Rows rows, const __grid_constant__ Terms<T> terms) {
  const int step = static_cast<int>(gridDim.x) * kThreads;
  for (int item = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x); item < rows.items;
       item += step) {
    Rows::Place place{};
    if constexpr (!kOneRow) place = rows.place(item);
    const int64_t in_row = int64_t{kOneRow ? item : place.item} * kCount;
    const auto at = [&](const RowStrides& strides) { return kOneRow ? in_row : strides.at(place) + in_row; };
    float total[kCount];
    load(terms.at[0] + at(terms.strides[0]), total);
#pragma unroll 4
    for (int t = 1; t < terms.count; ++t) {
      float term[kCount];
      load(terms.at[t] + at(terms.strides[t]), term);
#pragma unroll
      for (int i = 0; i < kCount; ++i) total[i] += term[i];
    }
    store(y + at(terms.y), total);
  }
}

template <class T, int kCount>
void add(const RowWalk& walk, const std::vector<const Tensor*>& terms, const Tensor& y, const Launch& on) {
  auto* const kernel = walk.one_row() ? sum_kernel<T, kCount, true> : sum_kernel<T, kCount, false>;
  walk.for_launches(kCount, [&](const Rows& rows, auto&& begin) {
    Terms<T> table{};
    table.count = static_cast<int>(terms.size());
    table.y = walk.strides(terms.size());
    for (size_t t = 0; t < terms.size(); ++t) {
      table.at[t] = on.data<const T>(*terms[t]) + begin(t);
      table.strides[t] = walk.strides(t);
    }
    launch(kernel, grid_for(rows.items, on.card), kThreads, 0, on.stream, on.data<T>(y) + begin(terms.size()),
           rows, table);
  });
}

// Adds at most kMostTerms terms, in one launch.
void add(const std::vector<const Tensor*>& terms, const Tensor& y, const Launch& on) {
  std::vector<const Tensor*> all = terms;
  all.push_back(&y);
  const RowWalk walk(all);
  with_type(y.dtype, [&]<class T>(T) {
    if (walk.multiple_of(Pack<T>::kCount))
      add<T, Pack<T>::kCount>(walk, terms, y, on);
    else
      add<T, 1>(walk, terms, y, on);
  });
}

}  // namespace

// More terms are added to y one table at a time. If y itself is a term, it is in the first table.
void run(const Sum& op, const Launch& on) {
  std::vector<const Tensor*> terms;
  for (const Tensor& x : op.xs) terms.push_back(&x);
  if (terms.size() > kMostTerms)
    std::stable_partition(terms.begin(), terms.end(),
                          [&](const Tensor* x) { return x->offset == op.y.offset; });
  for (size_t first = 0; first < terms.size();) {
    std::vector<const Tensor*> some;
    if (first > 0) some.push_back(&op.y);
    while (some.size() < kMostTerms && first < terms.size()) some.push_back(terms[first++]);
    add(some, op.y, on);
  }
}

}  // namespace alexnet::cuda
