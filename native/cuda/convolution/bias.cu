// db(k) = sum over images and positions of dy(n, p, q, k): column sums of a tall table. The table is cut into
// strips of rows, one block sums one strip, and a second kernel adds the strips' sums in order. dy is read
// once, 16 bytes at a time where its channels allow it. The kernels are memory-bound.
#include "cuda/convolution/bias.h"

#include <algorithm>

#include "cuda/convolution/operands.h"
#include "cuda/primitives/numbers.h"

namespace alexnet::cuda {
namespace {

constexpr int kThreads = 256;
// The fewest rows that a thread adds.
constexpr int64_t kFewestRows = 16;

template <class T, int kNumbers>
struct alignas(kNumbers * sizeof(T)) Piece {
  T at[kNumbers];
};

// A block reads blockDim.x pieces of columns by blockDim.y rows at a time.
template <class T, int kNumbers>
__global__ void __launch_bounds__(kThreads)
    sum_strips(Pixels<T> dy, int pieces, int rows_a_strip, float* sums) {
  ALEXNET_SHARED(float, shared, [kNumbers][kThreads]);
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  const int width = static_cast<int>(blockDim.x), height = static_cast<int>(blockDim.y);
  const int piece = static_cast<int>(blockIdx.x) * width + x;
  const int first = static_cast<int>(blockIdx.y) * rows_a_strip;
  const int last = dy.lines - first < rows_a_strip ? dy.lines : first + rows_a_strip;
  float sum[kNumbers] = {};
  if (piece < pieces) {
#pragma unroll 4
    for (int row = first + y; row < last; row += height) {
      const auto* from = reinterpret_cast<const Piece<T, kNumbers>*>(dy.line(row).data + piece * kNumbers);
      const Piece<T, kNumbers> numbers = *from;
#pragma unroll
      for (int e = 0; e < kNumbers; ++e) sum[e] += to_float(numbers.at[e]);
    }
  }
#pragma unroll
  for (int e = 0; e < kNumbers; ++e) shared[e][y * width + x] = sum[e];
  __syncthreads();
  for (int i = y * width + x; i < width * kNumbers; i += kThreads) {
    const int e = i % kNumbers, column = i / kNumbers;
    float total = 0;
    for (int row = 0; row < height; ++row) total += shared[e][row * width + column];
    const int at = (static_cast<int>(blockIdx.x) * width + column) * kNumbers + e;
    if (at < pieces * kNumbers) sums[static_cast<int64_t>(blockIdx.y) * pieces * kNumbers + at] = total;
  }
}

// A block sums 32 columns with 8 threads each, which take strips in turn.
constexpr int kColumns = 32, kTurns = kThreads / kColumns;

__global__ void __launch_bounds__(kThreads)
    add_strips(const float* sums, int strips, int columns, float* db) {
  ALEXNET_SHARED(float, shared, [kTurns][kColumns]);
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  const int column = static_cast<int>(blockIdx.x) * kColumns + x;
  float sum = 0;
  if (column < columns) {
#pragma unroll 4
    for (int strip = y; strip < strips; strip += kTurns) sum += sums[int64_t{strip} * columns + column];
  }
  shared[y][x] = sum;
  __syncthreads();
  if (y != 0 || column >= columns) return;
#pragma unroll
  for (int turn = 1; turn < kTurns; ++turn) sum += shared[turn][x];
  db[column] = sum;
}

struct Strips {
  int64_t count, rows;
};

// Four blocks a multiprocessor, and no more strips than a thread adds quickly.
Strips strips_of(const Geometry& g, const Card& card) {
  constexpr int64_t kMost = 512;
  const int64_t wanted = std::clamp<int64_t>(g.outputs() / (kFewestRows * 8), 1,
                                             std::min<int64_t>(kMost, int64_t{4} * card.multiprocessors));
  const int64_t rows = (g.outputs() + wanted - 1) / wanted;
  return {(g.outputs() + rows - 1) / rows, rows};
}

template <class T, int kNumbers>
void launch_strips(const Pixels<T>& dy, int64_t columns, const Strips& strips, float* sums,
                   cudaStream_t stream) {
  const int64_t pieces = columns / kNumbers;
  unsigned width = 1;
  while (width < pieces && width < 32) width *= 2;
  const dim3 grid(static_cast<unsigned>((pieces + width - 1) / width), static_cast<unsigned>(strips.count));
  launch(sum_strips<T, kNumbers>, grid, dim3(width, kThreads / width), 0, stream, dy,
         static_cast<int>(pieces), static_cast<int>(strips.rows), sums);
}

}  // namespace

size_t bias_gradient_bytes(const Geometry& g, const Card& card) {
  const Strips strips = strips_of(g, card);
  return strips.count == 1 ? 0 : static_cast<size_t>(strips.count * g.groups * g.kernels) * sizeof(float);
}

template <class T>
void bias_gradient(const Geometry& g, const T* dy, float* scratch, float* db, const Card& card,
                   cudaStream_t stream) {
  constexpr int kNumbers = Pack<T>::kCount;
  const int64_t columns = g.groups * g.kernels;
  const Strips strips = strips_of(g, card);
  float* sums = strips.count == 1 ? db : scratch;
  const bool packs = columns % kNumbers == 0 && g.y.image % kNumbers == 0 && g.y.row % kNumbers == 0 &&
                     g.y.column % kNumbers == 0;
  const Pixels<T> pixels = pixels_of(g, dy);
  if (packs)
    launch_strips<T, kNumbers>(pixels, columns, strips, sums, stream);
  else
    launch_strips<T, 1>(pixels, columns, strips, sums, stream);
  if (strips.count > 1)
    launch(add_strips, dim3(static_cast<unsigned>((columns + kColumns - 1) / kColumns)),
           dim3(kColumns, kTurns), 0, stream, sums, static_cast<int>(strips.count), static_cast<int>(columns),
           db);
}

template void bias_gradient(const Geometry&, const float*, float*, float*, const Card&, cudaStream_t);
template void bias_gradient(const Geometry&, const Bfloat16*, float*, float*, const Card&, cudaStream_t);

}  // namespace alexnet::cuda
