// Overlapping max-pools (paper, section 3.4), with or without local response normalisation in front, forward
// and backward, each in one pass. The normalised maps, and which number of a window was the greatest, are
// never in memory.
//
// A block walks down its rows of an image. The rows of normalised numbers that a window row needs lie in a
// ring in shared memory, float32, so that each number is normalised once (and once more where two blocks
// meet), and not once for each of the 2.25 windows that a 3x3/2 pool has it in: normalising costs two of the
// slow instructions, of which a multiprocessor carries out sixteen a clock, and at 4.3 TB/s an H200 brings 13
// a clock of the paper's bfloat16 maps. Backward the ring is followed by the place of the first maximum of
// each window of the last rows, a byte each; a number's gradient is the sum over the windows it lies in whose
// place it is. So dx is written once, from x and dy, without atomics.
//
// In a step: (1) fill the ring with the rows that the next window row adds, (2) find the windows' maxima,
// (3) backward, finish the input rows that no later window holds. (3) of a step and (1) of the next one need
// no barrier between them.
//
// Bytes (paper, batch 128, bfloat16): conv1 forward x 74.3 MB and y 17.9 MB once, backward x, dx and dy 166.6
// MB; conv2 47.8 and 11.1, 106.6 MB. Rows that two segments share and, backward, x's second reading come from
// the second-level cache.
#pragma once

#include "cuda/activation.h"
#include "cuda/dispatch.h"
#include "cuda/launch.h"
#include "cuda/lrn_window.h"
#include "cuda/pool_plan.h"

namespace alexnet::cuda {

// In place of an LRN (lrn_window.h): the maps as they are.
template <class T, int kChannels>
struct NoLrn {
  static constexpr int kCount = kChannels;
  struct Fetched {
    float x[kCount];
  };
  __device__ __forceinline__ Fetched fetch(const T* x, int) const {
    Fetched fetched;
    load(x, fetched.x);
    return fetched;
  }
  __device__ __forceinline__ void forward(const Fetched& fetched, float (&z)[kCount]) const {
#pragma unroll
    for (int i = 0; i < kCount; ++i) z[i] = fetched.x[i];
  }
  template <class Gradient>
  __device__ __forceinline__ void backward(const T* from, int, const Gradient& gradient, float (&x)[kCount],
                                           float (&dx)[kCount]) const {
    load(from, x);
    gradient.template span<kCount, 0>(false, false, dx);
  }
};

// The sizes of the paper's pool as constants of the compiler, or the shape's.
template <bool kPaper>
struct PoolSizes {
  const PoolShape& shape;
  __device__ __forceinline__ int size() const { return kPaper ? 3 : shape.size; }
  __device__ __forceinline__ int stride() const { return kPaper ? 2 : shape.stride; }
  __device__ __forceinline__ int overlap() const { return kPaper ? 2 : shape.overlap; }
};

// What a block has of the image. Steps and channels: [first, last) its own; windows and channels it computes
// with: from and to.
struct PoolPart {
  int64_t image;
  int first_row, last_row;        // row steps
  int first_column, last_column;  // column steps
  int first_window, last_window;  // windows of a row that its columns lie in
  int first_channel, last_channel, from_channel, to_channel;
  int group_channel;  // the group's first

  __device__ PoolPart(const PoolShape& shape, bool backward) {
    int rest = static_cast<int>(blockIdx.x);
    const int chunks = shape.channels / shape.group * shape.chunks_a_group;
    const int chunk = rest % chunks;
    rest /= chunks;
    first_column = rest % shape.strips * shape.strip;
    rest /= shape.strips;
    first_row = rest % shape.segments * shape.segment;
    image = rest / shape.segments;
    last_row = min(first_row + shape.segment, shape.row_steps);
    last_column = min(first_column + shape.strip, shape.column_steps);
    first_window = backward ? max(0, first_column - shape.overlap + 1) : first_column;
    last_window = min(last_column, shape.out_width);
    group_channel = chunk / shape.chunks_a_group * shape.group;
    const int group_end = group_channel + shape.group;
    first_channel = group_channel + chunk % shape.chunks_a_group * shape.chunk;
    last_channel = min(first_channel + shape.chunk, group_end);
    from_channel = max(first_channel - shape.reach, group_channel);
    to_channel = min(last_channel + shape.reach, group_end);
  }
};

// The normalised numbers of the last rows. In a row the packs of all positions lie behind one another, so
// that a warp meets every bank once; packs of eight in two halves, a plane each.
template <int kCount>
struct Ring {
  static constexpr int kWidth = kCount < 4 ? kCount : 4, kPlanes = kCount / kWidth;
  float* floats;
  int packs, plane;  // packs of a position; floats of a plane of a row

  __device__ __forceinline__ float* at(int slot, int column, int pack) const {
    return floats + slot * kPlanes * plane + (column * packs + pack) * kWidth;
  }
  __device__ __forceinline__ void put(int slot, int column, int pack, const float (&z)[kCount]) const {
#pragma unroll
    for (int p = 0; p < kPlanes; ++p) {
      float part[kWidth];
#pragma unroll
      for (int i = 0; i < kWidth; ++i) part[i] = z[p * kWidth + i];
      store(at(slot, column, pack) + p * plane, part);
    }
  }
  __device__ __forceinline__ void get(int slot, int column, int pack, float (&z)[kCount]) const {
#pragma unroll
    for (int p = 0; p < kPlanes; ++p) {
      float part[kWidth];
      load(at(slot, column, pack) + p * plane, part);
#pragma unroll
      for (int i = 0; i < kWidth; ++i) z[p * kWidth + i] = part[i];
    }
  }
};

template <class T, class Lrn, bool kPaper>
struct Pool {
  static constexpr int kCount = Lrn::kCount;
  const PoolShape& shape;
  const PoolPart& part;
  const Lrn& lrn;
  Ring<kCount> ring;
  PoolSizes<kPaper> sizes;

  __device__ Pool(const PoolShape& shape, const PoolPart& part, const Lrn& lrn, unsigned char* shared)
      : shape(shape), part(part), lrn(lrn), sizes{shape} {
    ring.floats = reinterpret_cast<float*>(shared);
    ring.packs = shape.held_channels / kCount;
    ring.plane = shape.held_columns * ring.packs * Ring<kCount>::kWidth;
  }

  __device__ __forceinline__ int first_input_column() const { return part.first_window * sizes.stride(); }
  // Of x's row h, the channel's first.
  __device__ __forceinline__ int64_t row(int h) const {
    return (part.image * shape.height + h) * shape.width * shape.channels;
  }

  // Normalises rows [first, last) into the ring.
  __device__ __forceinline__ void fill(const T* __restrict__ x, int first, int last) const {
    const int from = first_input_column();
    const int columns = min((part.last_window - 1) * sizes.stride() + sizes.size(), shape.width) - from;
    if (columns <= 0) return;
    const int packs = (part.to_channel - part.from_channel) / kCount;
    int h = first, column = static_cast<int>(threadIdx.y);
    for (;; column += static_cast<int>(blockDim.y)) {
      while (column >= columns && h < last) column -= columns, ++h;
      if (h >= last) return;
      const T* position = x + row(h) + int64_t{from + column} * shape.channels;
      for (int pack = static_cast<int>(threadIdx.x); pack < packs; pack += static_cast<int>(blockDim.x)) {
        const int c = part.from_channel + pack * kCount;
        float z[kCount];
        lrn.forward(lrn.fetch(position + c, c - part.group_channel), z);
        ring.put(h % sizes.size(), column, pack, z);
      }
    }
  }

  // The first maximum, in row-major order, of window (p, q), whose rows are in the ring: best and, in the
  // order of the window's numbers, its place.
  __device__ __forceinline__ void maximum(int p, int q, int pack, float (&best)[kCount],
                                          int (&place)[kCount]) const {
    const int top = p * sizes.stride(), left = q * sizes.stride() - first_input_column();
    const int rows = min(sizes.size(), shape.height - top);
    const int columns = min(sizes.size(), shape.width - q * sizes.stride());
    int slot = top % sizes.size();
    ring.get(slot, left, pack, best);
#pragma unroll
    for (int i = 0; i < kCount; ++i) place[i] = 0;
#pragma unroll kPaper ? 3 : 1
    for (int i = 0; i < sizes.size(); ++i) {
      if (i >= rows) break;
#pragma unroll kPaper ? 3 : 1
      for (int j = 0; j < sizes.size(); ++j) {
        if (j >= columns) break;
        float z[kCount];
        ring.get(slot, left + j, pack, z);
#pragma unroll
        for (int k = 0; k < kCount; ++k)
          if (z[k] > best[k]) best[k] = z[k], place[k] = i * sizes.size() + j;
      }
      slot = slot + 1 == sizes.size() ? 0 : slot + 1;
    }
  }

  // Rows of x that window rows up to p need, from `done` on.
  __device__ __forceinline__ int needed(int p) const {
    return min(p * sizes.stride() + sizes.size(), shape.height);
  }
};

template <class T, class Lrn, bool kPaper>
__global__ void __launch_bounds__(kMostPoolThreads, 1)
    pool_forward_kernel(const T* __restrict__ x, T* __restrict__ y, const __grid_constant__ PoolShape shape,
                        Lrn lrn) {
  ALEXNET_DYNAMIC_SHARED(shared);
  constexpr int kCount = Lrn::kCount;
  const PoolPart part(shape, false);
  const Pool<T, Lrn, kPaper> pool(shape, part, lrn, shared);
  const int packs = (part.to_channel - part.from_channel) / kCount;
  int filled = part.first_row * shape.stride;
  for (int p = part.first_row; p < part.last_row; ++p) {
    const int first = max(filled, p * pool.sizes.stride());
    filled = pool.needed(p);
    pool.fill(x, first, filled);
    __syncthreads();
    for (int q = part.first_window + static_cast<int>(threadIdx.y); q < part.last_window;
         q += static_cast<int>(blockDim.y)) {
      T* const position = y + ((part.image * shape.out_height + p) * shape.out_width + q) * shape.channels +
                          part.from_channel;
      for (int pack = static_cast<int>(threadIdx.x); pack < packs; pack += static_cast<int>(blockDim.x)) {
        float best[kCount];
        int place[kCount];
        pool.maximum(p, q, pack, best, place);
        store(position + pack * kCount, best);
      }
    }
    __syncthreads();
  }
}

// The gradient that comes back through the pool to one position's channels.
template <class T, bool kPaper>
struct GradientThroughPool {
  const PoolShape& shape;
  const PoolPart& part;
  const unsigned char* places;
  const T* dy;        // of the image
  int h, w, p, q, c;  // the position, its steps, and the channel that is the first of it

  // f(i, j, address of the window's dy, of its places), for the windows that the position lies in; (i, j) is
  // its place in them.
  template <class F>
  __device__ __forceinline__ void each_window(F&& f) const {
    const PoolSizes<kPaper> sizes{shape};
#pragma unroll kPaper ? 2 : 1
    for (int a = sizes.overlap() - 1; a >= 0; --a) {
      const int row = p - a, i = h - row * sizes.stride();
      if (row < 0 || row >= shape.out_height || i >= sizes.size()) continue;
#pragma unroll kPaper ? 2 : 1
      for (int b = sizes.overlap() - 1; b >= 0; --b) {
        const int column = q - b, j = w - column * sizes.stride();
        if (column < 0 || column >= shape.out_width || j >= sizes.size()) continue;
        const int slot = row % sizes.overlap();
        f(i * sizes.size() + j, dy + (int64_t{row} * shape.out_width + column) * shape.channels + c,
          places + (slot * shape.held_windows + column - part.first_window) * shape.held_channels + c -
              part.from_channel);
      }
    }
  }

  template <int kCount, int kSide>
  __device__ __forceinline__ void span(bool before, bool after, float (&g)[kCount + 2 * kSide]) const {
#pragma unroll
    for (int i = 0; i < kCount + 2 * kSide; ++i) g[i] = 0;
    each_window([&](int own, const T* from, const unsigned char* place) {
      float d[kCount + 2 * kSide];
      load_span<kCount, kSide>(from, before, after, d);
      const auto middle = *reinterpret_cast<const Adjacent<unsigned char, kCount>*>(place);
#pragma unroll
      for (int i = 0; i < kCount; ++i)
        if (middle.at[i] == own) g[kSide + i] += d[kSide + i];
      if constexpr (kSide > 0) {
        // Where there are no channels d is zero.
        Adjacent<unsigned char, kSide> low{}, high{};
        if (before) low = *reinterpret_cast<const Adjacent<unsigned char, kSide>*>(place - kSide);
        if (after) high = *reinterpret_cast<const Adjacent<unsigned char, kSide>*>(place + kCount);
#pragma unroll
        for (int i = 0; i < kSide; ++i) {
          if (low.at[i] == own) g[i] += d[i];
          if (high.at[i] == own) g[kSide + kCount + i] += d[kSide + kCount + i];
        }
      }
    });
  }

  __device__ __forceinline__ float one(int j) const {
    float g = 0;
    each_window([&](int own, const T* from, const unsigned char* place) {
      if (place[j] == own) g += to_float(from[j]);
    });
    return g;
  }
};

template <class T, class Lrn, bool kPaper, Activation kActivation>
__global__ void __launch_bounds__(kMostPoolThreads, 1)
    pool_backward_kernel(const T* __restrict__ x, const T* __restrict__ dy, T* __restrict__ dx,
                         const __grid_constant__ PoolShape shape, Lrn lrn) {
  ALEXNET_DYNAMIC_SHARED(shared);
  constexpr int kCount = Lrn::kCount;
  const PoolPart part(shape, true);
  const Pool<T, Lrn, kPaper> pool(shape, part, lrn, shared);
  const PoolSizes<kPaper> sizes{shape};
  unsigned char* const places = shared + shape.ring_floats() * sizeof(float);
  const T* const gradients = dy + part.image * shape.out_height * shape.out_width * shape.channels;
  const int packs = (part.to_channel - part.from_channel) / kCount;
  const int first_own = (part.first_channel - part.from_channel) / kCount;
  const int last_own = (part.last_channel - part.from_channel) / kCount;
  const int first_column = part.first_column * sizes.stride();
  const int columns = min(part.last_column * sizes.stride(), shape.width) - first_column;

  int filled = 0;
  for (int p = max(0, part.first_row - sizes.overlap() + 1); p < part.last_row; ++p) {
    if (p < shape.out_height) {
      const int first = max(filled, p * sizes.stride());
      filled = pool.needed(p);
      pool.fill(x, first, filled);
      __syncthreads();
      for (int q = part.first_window + static_cast<int>(threadIdx.y); q < part.last_window;
           q += static_cast<int>(blockDim.y)) {
        unsigned char* const window =
            places + (p % sizes.overlap() * shape.held_windows + q - part.first_window) * shape.held_channels;
        for (int pack = static_cast<int>(threadIdx.x); pack < packs; pack += static_cast<int>(blockDim.x)) {
          float best[kCount];
          int place[kCount];
          pool.maximum(p, q, pack, best, place);
          Adjacent<unsigned char, kCount> bytes;
#pragma unroll
          for (int i = 0; i < kCount; ++i) bytes.at[i] = static_cast<unsigned char>(place[i]);
          *reinterpret_cast<Adjacent<unsigned char, kCount>*>(window + pack * kCount) = bytes;
        }
      }
      __syncthreads();
    }
    if (p < part.first_row) continue;
    // The rows of this step: no later window holds them.
    const int last = min((p + 1) * sizes.stride(), shape.height);
    int h = p * sizes.stride(), column = static_cast<int>(threadIdx.y);
    for (;; column += static_cast<int>(blockDim.y)) {
      while (column >= columns && h < last) column -= columns, ++h;
      if (h >= last) break;
      const int w = first_column + column;
      const int64_t position = pool.row(h) + int64_t{w} * shape.channels;
      for (int pack = first_own + static_cast<int>(threadIdx.x); pack < last_own;
           pack += static_cast<int>(blockDim.x)) {
        const int c = part.from_channel + pack * kCount;
        const GradientThroughPool<T, kPaper> gradient{
            shape, part, places, gradients, h, w, p, w / sizes.stride(), c};
        float own[kCount], result[kCount];
        lrn.backward(x + position + c, c - part.group_channel, gradient, own, result);
#pragma unroll
        for (int i = 0; i < kCount; ++i) result[i] = through<kActivation>(own[i], result[i]);
        store(dx + position + c, result);
      }
    }
  }
}

}  // namespace alexnet::cuda
