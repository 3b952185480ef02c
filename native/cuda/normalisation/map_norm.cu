// Normalisation within each map, a layer that the authors' program has after conv2's LRN (docs/fidelity.md):
//   y_i = x_i * s_i^-beta,   s_i = k + alpha * sum_{j in window(i)} x_j^2
//   dx_i = dy_i * s_i^-beta - 2 * alpha * beta * x_i * sum_{j: i in window(j)} dy_j * x_j * s_j^(-beta - 1)
// window(i): the size x size positions around i, clipped to the map.
//
// With the authors' window of five and beta of 3/4, a thread has four channels of one column and walks down
// the rows. It sums the five squares of each row and keeps the last five rows' sums in registers, so an
// element takes five multiplications, not twenty-five. Backward does the same again with the terms of the
// second sum. It gets their neighbours through shared memory; for them a block also computes two columns on
// either side of its own. Memory traffic: x and y once (forward); x, dy and dx once (backward); a row's
// neighbours come from the first-level cache. For other parameters, a thread computes each element with plain
// loops.
#include "cuda/device/dispatch.h"
#include "cuda/device/ops.h"
#include "cuda/normalisation/roots.h"
#include "cuda/primitives/access.h"

namespace alexnet::cuda {
namespace {

struct MapShape {
  int height, width, channels;
  int size;
  float k, alpha, beta, factor;  // factor: 2 * alpha * beta
  // For the blocks of the kernels that walk down the rows.
  int chunks = 1, strips = 1, segment = 1, segments = 1;
};

constexpr int kWindow = 5, kReach = 2;
constexpr int kCount = 4;                 // channels of a thread
constexpr int kPacks = 8, kColumns = 32;  // threads of a block: 32 channels, whole sectors of memory
constexpr int kOwnColumns = kColumns - 2 * kReach;  // of a block, backward

// The column and channels that a thread walks down.
struct Walk {
  int64_t image;  // its first element
  int first, last, column, channel;

  __device__ Walk(const MapShape& shape, int own_columns, int reach) {
    int rest = static_cast<int>(blockIdx.x);
    channel = (rest % shape.chunks * kPacks + static_cast<int>(threadIdx.x)) * kCount;
    rest /= shape.chunks;
    column = rest % shape.strips * own_columns + static_cast<int>(threadIdx.y) - reach;
    rest /= shape.strips;
    first = rest % shape.segments * shape.segment;
    last = min(first + shape.segment, shape.height);
    image = int64_t{rest / shape.segments} * shape.height * shape.width * shape.channels;
  }
  __device__ __forceinline__ bool inside(const MapShape& shape) const {
    return column >= 0 && column < shape.width && channel < shape.channels;
  }
  __device__ __forceinline__ int64_t at(const MapShape& shape, int row) const {
    return image + (int64_t{row} * shape.width + column) * shape.channels + channel;
  }
};

// Values of the last kRows rows, in registers.
template <int kRows>
struct LastRows {
  float row[kRows][kCount] = {};

  __device__ __forceinline__ void push(const float (&next)[kCount]) {
#pragma unroll
    for (int r = 0; r + 1 < kRows; ++r)
#pragma unroll
      for (int i = 0; i < kCount; ++i) row[r][i] = row[r + 1][i];
#pragma unroll
    for (int i = 0; i < kCount; ++i) row[kRows - 1][i] = next[i];
  }
  __device__ __forceinline__ float sum(int i) const {
    float total = row[0][i];
#pragma unroll
    for (int r = 1; r < kRows; ++r) total += row[r][i];
    return total;
  }
};

// The sums of the squares of five columns of a row; zeros if there is no such row.
template <class T>
__device__ __forceinline__ void squares_of(const T* __restrict__ x, const MapShape& shape, const Walk& walk,
                                           int row, float (&squares)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) squares[i] = 0;
  if (row < 0 || row >= shape.height) return;
#pragma unroll
  for (int d = -kReach; d <= kReach; ++d) {
    if (walk.column + d < 0 || walk.column + d >= shape.width) continue;
    float numbers[kCount];
    load(x + walk.at(shape, row) + d * shape.channels, numbers);
#pragma unroll
    for (int i = 0; i < kCount; ++i) squares[i] = fmaf(numbers[i], numbers[i], squares[i]);
  }
}

template <class T>
__global__ void __launch_bounds__(kPacks* kColumns, 1)
    map_norm_forward_kernel(const T* __restrict__ x, T* __restrict__ y, MapShape shape) {
  const Walk walk(shape, kColumns, 0);
  if (!walk.inside(shape)) return;
  LastRows<kWindow> squares;
#pragma unroll 5
  for (int row = walk.first - kReach; row < walk.last + kReach; ++row) {
    float next[kCount];
    squares_of(x, shape, walk, row, next);
    squares.push(next);
    const int h = row - kReach;  // the window's middle
    if (h < walk.first) continue;
    float numbers[kCount];
    load(x + walk.at(shape, h), numbers);
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      numbers[i] *= ThreeQuarters().normaliser(fmaf(shape.alpha, squares.sum(i), shape.k));
    store(y + walk.at(shape, h), numbers);
  }
}

template <class T>
__global__ void __launch_bounds__(kPacks* kColumns, 1)
    map_norm_backward_kernel(const T* __restrict__ x, const T* __restrict__ dy, T* __restrict__ dx,
                             MapShape shape) {
  using Terms = Adjacent<float, kCount>;
  ALEXNET_SHARED(Terms, terms, [2][kColumns][kPacks]);
  const Walk walk(shape, kOwnColumns, kReach);
  const bool inside = walk.inside(shape);
  const int tx = static_cast<int>(threadIdx.x), ty = static_cast<int>(threadIdx.y);
  const bool own = inside && ty >= kReach && ty < kReach + kOwnColumns;
  LastRows<kWindow> squares, sums;
  LastRows<kReach + 1> numbers, direct;  // x, and dy * s^-beta
  for (int row = walk.first - 2 * kReach; row < walk.last + 2 * kReach; ++row) {
    float next[kCount] = {};
    if (inside) squares_of(x, shape, walk, row, next);
    squares.push(next);
    // The terms of the row in the middle of those squares.
    const int middle = row - kReach;
    float here[kCount] = {}, gradient[kCount] = {}, through[kCount] = {}, term[kCount] = {};
    if (inside && middle >= max(0, walk.first - kReach) && middle < shape.height) {
      load(x + walk.at(shape, middle), here);
      load(dy + walk.at(shape, middle), gradient);
#pragma unroll
      for (int i = 0; i < kCount; ++i) {
        float steeper;
        const float n = ThreeQuarters().normaliser(fmaf(shape.alpha, squares.sum(i), shape.k), steeper);
        through[i] = gradient[i] * n;
        term[i] = gradient[i] * here[i] * steeper;
      }
    }
    // Two alternating buffers: a buffer is written again only after all threads have passed the barrier of
    // the other one.
    auto& buffer = terms[row & 1];
    store(buffer[ty][tx].at, term);
    __syncthreads();
    float sum[kCount] = {};
    if (own) {
#pragma unroll
      for (int d = -kReach; d <= kReach; ++d)
#pragma unroll
        for (int i = 0; i < kCount; ++i) sum[i] += buffer[ty + d][tx].at[i];
    }
    sums.push(sum), numbers.push(here), direct.push(through);
    const int h = middle - kReach;
    if (!own || h < walk.first) continue;
    float result[kCount];
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      result[i] = fmaf(-shape.factor * numbers.row[0][i], sums.sum(i), direct.row[0][i]);
    store(dx + walk.at(shape, h), result);
  }
}

// One element of a map, with plain loops.
template <class T>
struct Anywhere {
  const T* x;  // of the image and channel
  const MapShape& shape;

  __device__ __forceinline__ float number(int h, int w) const {
    return to_float(x[(int64_t{h} * shape.width + w) * shape.channels]);
  }
  // Sums f(row, column) over the positions of a square that begins `before` rows above and `before` columns
  // left of (h, w).
  template <class F>
  __device__ __forceinline__ float sum(int before, int h, int w, F&& f) const {
    const int bottom = min(shape.height, h - before + shape.size);
    const int right = min(shape.width, w - before + shape.size);
    float total = 0;
    for (int i = max(0, h - before); i < bottom; ++i)
      for (int j = max(0, w - before); j < right; ++j) total += f(i, j);
    return total;
  }
  __device__ __forceinline__ float denominator(int h, int w) const {
    return shape.k +
           shape.alpha * sum(shape.size / 2, h, w, [&](int i, int j) { return number(i, j) * number(i, j); });
  }
};

// Computes the forward pass if there is no dy.
template <class T, bool kBackward>
__global__ void __launch_bounds__(kThreads, 1)
    map_norm_any_kernel(const T* __restrict__ x, const T* __restrict__ dy, T* __restrict__ out, int64_t count,
                        MapShape shape) {
  const AnyPower power{shape.beta};
  const int64_t step = int64_t{gridDim.x} * kThreads;
  for (int64_t at = int64_t{blockIdx.x} * kThreads + threadIdx.x; at < count; at += step) {
    int64_t rest = at / shape.channels;
    const int64_t channel = at - rest * shape.channels;
    const int w = static_cast<int>(rest % shape.width);
    rest /= shape.width;
    const int h = static_cast<int>(rest % shape.height);
    const int64_t first = rest / shape.height * shape.height * shape.width * shape.channels + channel;
    const Anywhere<T> map{x + first, shape};
    const float n = power.normaliser(map.denominator(h, w));
    if constexpr (kBackward) {
      const T* gradient = dy + first;
      // The positions whose window contains this one form the mirrored window.
      const float sum = map.sum(shape.size - 1 - shape.size / 2, h, w, [&](int i, int j) {
        float steeper;
        power.normaliser(map.denominator(i, j), steeper);
        return to_float(gradient[(int64_t{i} * shape.width + j) * shape.channels]) * map.number(i, j) *
               steeper;
      });
      out[at] = from_float<T>(to_float(dy[at]) * n - shape.factor * map.number(h, w) * sum);
    } else {
      out[at] = from_float<T>(map.number(h, w) * n);
    }
  }
}

MapShape map_shape(const MapNormParameters& norm, const Tensor& x, int own_columns, const Card& card) {
  MapShape shape{static_cast<int>(x.h()),       static_cast<int>(x.w()),
                 static_cast<int>(x.c()),       static_cast<int>(norm.size),
                 static_cast<float>(norm.k),    static_cast<float>(norm.alpha),
                 static_cast<float>(norm.beta), static_cast<float>(2 * norm.alpha * norm.beta)};
  shape.chunks = static_cast<int>(quotient_up(shape.channels, kPacks * kCount));
  shape.strips = static_cast<int>(quotient_up(shape.width, own_columns));
  // If there are few images, their rows are divided as well, although the rows around each cut are then
  // computed twice.
  constexpr int kBlocksAMultiprocessor = 4, kFewestRows = 8;
  const int64_t columns = x.n() * shape.chunks * shape.strips;
  const int64_t wanted = quotient_up(int64_t{card.multiprocessors} * kBlocksAMultiprocessor, columns);
  const int64_t segments = std::clamp<int64_t>(wanted, 1, std::max(1, shape.height / kFewestRows));
  shape.segment = static_cast<int>(quotient_up(shape.height, segments));
  shape.segments = static_cast<int>(quotient_up(shape.height, shape.segment));
  return shape;
}

bool is_the_authors(const MapNormParameters& norm, const Tensor& x) {
  return norm.size == kWindow && norm.beta == 0.75 && x.c() % kCount == 0;
}

dim3 grid_of(const MapShape& shape, const Tensor& x) {
  return dim3(static_cast<unsigned>(x.n() * shape.chunks * shape.strips * shape.segments));
}

}  // namespace

void run(const MapNormForward& op, const Launch& on) {
  with_type(op.x.dtype, [&]<class T>(T) {
    const MapShape shape = map_shape(op.norm, op.x, kColumns, on.card);
    const auto* x = on.data<const T>(op.x);
    auto* y = on.data<T>(op.y);
    if (is_the_authors(op.norm, op.x))
      launch(map_norm_forward_kernel<T>, grid_of(shape, op.x), dim3(kPacks, kColumns), 0, on.stream, x, y,
             shape);
    else
      launch(map_norm_any_kernel<T, false>, grid_for(op.x.count(), on.card), kThreads, 0, on.stream, x,
             nullptr, y, op.x.count(), shape);
  });
}

void run(const MapNormBackward& op, const Launch& on) {
  with_type(op.x.dtype, [&]<class T>(T) {
    const MapShape shape = map_shape(op.norm, op.x, kOwnColumns, on.card);
    const auto* x = on.data<const T>(op.x);
    const auto* dy = on.data<const T>(op.dy);
    auto* dx = on.data<T>(op.dx);
    if (is_the_authors(op.norm, op.x))
      launch(map_norm_backward_kernel<T>, grid_of(shape, op.x), dim3(kPacks, kColumns), 0, on.stream, x, dy,
             dx, shape);
    else
      launch(map_norm_any_kernel<T, true>, grid_for(op.x.count(), on.card), kThreads, 0, on.stream, x, dy, dx,
             op.x.count(), shape);
  });
}

}  // namespace alexnet::cuda
