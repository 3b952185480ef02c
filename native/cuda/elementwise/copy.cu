// Copies between tensors with different strides, and conversion between float32 and bfloat16. Memory traffic:
// x and y once. Elements that are not converted are copied as the widest words that fit the rows of both
// sides, whatever their type.
#include <type_traits>

#include "cuda/device/dispatch.h"
#include "cuda/device/ops.h"
#include "cuda/elementwise/rows.h"
#include "cuda/primitives/access.h"

namespace alexnet::cuda {
namespace {

// Converts kCount elements from one type to the other.
template <class From, class To, int kCount>
struct Convert {
  using Source = From;
  using Target = To;
  static constexpr int kNumbers = kCount;
  struct Fetched {
    float numbers[kCount];
  };
  __device__ __forceinline__ static void fetch(const From* from, Fetched& fetched) {
    load(from, fetched.numbers);
  }
  __device__ __forceinline__ static void put(To* to, const Fetched& fetched) { store(to, fetched.numbers); }
};

// A word of kBytes bytes.
template <int kBytes>
struct Word {
  using Source = unsigned char;
  using Target = unsigned char;
  static constexpr int kNumbers = kBytes;
  using Unit =
      std::conditional_t<kBytes % 4 == 0, uint32_t, std::conditional_t<kBytes == 2, uint16_t, uint8_t>>;
  using Fetched = Adjacent<Unit, kBytes / sizeof(Unit)>;
  __device__ __forceinline__ static void fetch(const unsigned char* from, Fetched& fetched) {
    fetched = *reinterpret_cast<const Fetched*>(from);
  }
  __device__ __forceinline__ static void put(unsigned char* to, const Fetched& fetched) {
    *reinterpret_cast<Fetched*>(to) = fetched;
  }
};

template <class Move, bool kOneRow>
__global__ void __launch_bounds__(kThreads)
    copy_kernel(const typename Move::Source* __restrict__ x, typename Move::Target* __restrict__ y, Rows rows,
                RowStrides x_strides, RowStrides y_strides) {
  constexpr int kItems = 4;  // in flight at once
  const int step = static_cast<int>(gridDim.x) * kThreads;
  for (int first = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
       first < rows.items; first += kItems * step) {
    typename Move::Fetched fetched[kItems];
    int64_t to[kItems];
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      const int item = first + i * step;
      if (item >= rows.items) continue;
      int64_t from = to[i] = int64_t{item} * Move::kNumbers;
      if constexpr (!kOneRow) {
        const Rows::Place place = rows.place(item);
        from = x_strides.at(place) + int64_t{place.item} * Move::kNumbers;
        to[i] = y_strides.at(place) + int64_t{place.item} * Move::kNumbers;
      }
      Move::fetch(x + from, fetched[i]);
    }
#pragma unroll
    for (int i = 0; i < kItems; ++i)
      if (first + i * step < rows.items) Move::put(y + to[i], fetched[i]);
  }
}

template <class Move>
void move(const RowWalk& walk, int64_t size, const Copy& op, const Launch& on) {
  const auto* x = on.data<const typename Move::Source>(op.x);
  auto* y = on.data<typename Move::Target>(op.y);
  const auto scaled = [&](RowStrides strides) {
    return RowStrides{strides.outer * size, strides.middle * size, strides.inner * size};
  };
  auto* const kernel = walk.one_row() ? copy_kernel<Move, true> : copy_kernel<Move, false>;
  walk.for_launches(Move::kNumbers / size, [&](const Rows& rows, auto&& begin) {
    launch(kernel, grid_for(rows.items, on.card), kThreads, 0, on.stream, x + begin(0) * size,
           y + begin(1) * size, rows, scaled(walk.strides(0)), scaled(walk.strides(1)));
  });
}

template <class From, class To>
void convert(const RowWalk& walk, const Copy& op, const Launch& on) {
  constexpr int kMost = 8;
  if (walk.multiple_of(kMost))
    move<Convert<From, To, kMost>>(walk, 1, op, on);
  else
    move<Convert<From, To, 1>>(walk, 1, op, on);
}

// The widest word that holds whole elements and fits the rows.
template <int kBytes>
void move_words(const RowWalk& walk, int64_t size, const Copy& op, const Launch& on) {
  if (kBytes % size == 0 && walk.multiple_of(kBytes / size)) {
    move<Word<kBytes>>(walk, size, op, on);
    return;
  }
  if constexpr (kBytes > 1) move_words<kBytes / 2>(walk, size, op, on);
}

}  // namespace

void run(const Copy& op, const Launch& on) {
  const RowWalk walk({&op.x, &op.y});
  if (op.x.dtype == op.y.dtype)
    move_words<16>(walk, static_cast<int64_t>(bytes_of(op.x.dtype)), op, on);
  else if (op.x.dtype == DType::kBfloat16)
    convert<Bfloat16, float>(walk, op, on);
  else
    convert<float, Bfloat16>(walk, op, on);
}

}  // namespace alexnet::cuda
