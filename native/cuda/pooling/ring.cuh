// Overlapping max-pools (paper, section 3.4), with or without local response normalisation before them,
// forward and backward, each in one pass. The normalised maps and the places of the maxima are never stored
// in memory.
//
// A block walks down its rows of an image. The normalised rows that a window row needs lie in a ring in
// shared memory, in float32. So each element is normalised once (and once more where two blocks meet), and
// not once for each of the 2.25 windows that it lies in with a 3x3/2 pool. Normalising takes two
// special-function instructions, of which a multiprocessor executes sixteen a clock; at 4.3 TB/s an H200
// delivers 6.6 of the paper's bfloat16 elements a clock to it.
//
// Backward, a second ring has the gradients with respect to the same positions. Each window finds its first
// maximum and adds its dy there. Windows that overlap take turns, with a barrier between, so the sums have
// one order and need no atomics. (The alternative, in which every position checks whether it is the maximum
// of its windows, takes an addition and a comparison for 2.25 windows of each element, instead of for one
// window of every fourth element.) dx is written once, from x and dy.
//
// A step: (1) fill the ring with the rows that the next window row adds, (2) find the windows' maxima, (3)
// backward, finish the input rows that no later window contains. (3) of a step and (1) of the next one need
// no barrier between them. A thread keeps its channels and loops over positions. A warp has whole positions,
// so a thread's neighbours in the LRN's window are its neighbours in the warp.
//
// Memory traffic (paper, batch 128, bfloat16): conv1 forward x 74.3 MB and y 17.9 MB once, backward x, dx and
// dy 166.6 MB; conv2 47.8 and 11.1, 106.6 MB. Rows that two segments share and, backward, the second read of
// x come from the second-level cache.
#pragma once

#include "cuda/device/dispatch.h"
#include "cuda/device/launch.h"
#include "cuda/elementwise/activation.h"
#include "cuda/normalisation/lrn_window.h"
#include "cuda/pooling/maximum.h"
#include "cuda/pooling/plan.h"

namespace alexnet::cuda {

// Used instead of an LRN (lrn_window.h): the maps unchanged.
template <class T, int kChannels>
struct NoLrn {
  static constexpr int kCount = kChannels;
  static constexpr bool kKeepsZeros = true, kInWarp = true;
  using Scalar = NoLrn<T, 1>;
  using Fetched = Packed<T, kCount>;
  LrnShape shape;

  __device__ __forceinline__ Fetched fetch(const T* x, int) const {
    Fetched fetched;
    fetched.load(x);
    return fetched;
  }
  __device__ __forceinline__ void forward(const Fetched& fetched, float (&z)[kCount]) const {
    fetched.unpack(z);
  }
  __device__ __forceinline__ void backward_in_warp(const Fetched& fetched, int, const float (&g)[kCount],
                                                   float (&x)[kCount], float (&dx)[kCount]) const {
    fetched.unpack(x);
#pragma unroll
    for (int i = 0; i < kCount; ++i) dx[i] = g[i];
  }
};

// The sizes of the paper's pool as compile-time constants, or those of the shape.
template <bool kPaper>
struct PoolSizes {
  const PoolShape& shape;
  __device__ __forceinline__ int size() const { return kPaper ? 3 : shape.size; }
  __device__ __forceinline__ int stride() const { return kPaper ? 2 : shape.stride; }
  __device__ __forceinline__ int overlap() const { return kPaper ? 2 : shape.overlap; }
};

// A block's part of an image. [first, last): its own steps, windows and channels; [from, to): all channels it
// computes with.
struct PoolPart {
  int64_t image;
  int first_row, last_row;        // row steps
  int first_column, last_column;  // column steps
  int first_window, last_window;  // windows of a row that contain its columns
  int first_channel, last_channel, from_channel, to_channel;
  int group_channel;  // the group's first channel

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

// Which pack of a position a thread has, and which of the positions that a block processes at a time. A warp
// has as many whole positions as fit; a position of more than 32 packs is divided among several warps.
struct PoolThread {
  int pack, place, places;
  bool idle;  // a lane without a pack

  explicit __device__ __forceinline__ PoolThread(int packs) {
    const int lane = static_cast<int>(threadIdx.x) % 32, warp = static_cast<int>(threadIdx.x) / 32;
    const int warps = static_cast<int>(blockDim.x) / 32;
    if (packs <= 32) {
      const int in_warp = 32 / packs;
      pack = lane % packs, place = warp * in_warp + lane / packs, places = warps * in_warp;
      idle = lane >= in_warp * packs;
    } else {
      const int across = (packs + 31) / 32;
      pack = warp % across * 32 + lane, place = warp / across, places = warps / across;
      idle = pack >= packs;
    }
  }
};

// The positions of some rows and columns, numbered row by row. A block divides by its number of columns so
// often that the constructor prepares a multiplication instead; it is exact below 2^31 positions times
// columns.
struct Positions {
  int columns;
  uint32_t magic;

  explicit __device__ __forceinline__ Positions(int columns)
      : columns(columns), magic(0x80000000u / static_cast<uint32_t>(max(columns, 1)) + 1) {}
  // Returns the row of position i; i becomes the column.
  __device__ __forceinline__ int split(int& i) const {
    const auto row = static_cast<int>((static_cast<uint64_t>(static_cast<uint32_t>(i)) * magic) >> 31);
    i -= row * columns;
    return row;
  }
};

// A thread's part of the last normalised rows: its channels. In a row the packs of all positions follow one
// another, so that a warp touches every bank once; packs of eight are stored as two halves, each in its own
// plane.
template <int kCount>
struct Ring {
  static constexpr int kWidth = kCount < 4 ? kCount : 4, kPlanes = kCount / kWidth;
  float* floats;
  int packs, plane;  // packs of a position; floats of a plane of a row

  // Offset of a position's pack from `floats`.
  __device__ __forceinline__ int at(int slot, int column) const {
    return slot * kPlanes * plane + column * packs * kWidth;
  }
  // Address of element i of the pack.
  __device__ __forceinline__ float* number(int at, int i) const {
    return floats + at + i / kWidth * plane + i % kWidth;
  }
  __device__ __forceinline__ void put(int at, const float (&z)[kCount]) const {
#pragma unroll
    for (int p = 0; p < kPlanes; ++p) {
      float part[kWidth];
#pragma unroll
      for (int i = 0; i < kWidth; ++i) part[i] = z[p * kWidth + i];
      store(floats + at + p * plane, part);
    }
  }
  __device__ __forceinline__ void get(int at, float (&z)[kCount]) const {
#pragma unroll
    for (int p = 0; p < kPlanes; ++p) {
      float part[kWidth];
      load(floats + at + p * plane, part);
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
  PoolSizes<kPaper> sizes;
  PoolThread thread;
  Ring<kCount> ring;
  bool works;   // whether this thread has channels
  int channel;  // its first channel

  __device__ __forceinline__ Pool(const PoolShape& shape, const PoolPart& part, const Lrn& lrn,
                                  unsigned char* shared)
      : shape(shape), part(part), lrn(lrn), sizes{shape}, thread(shape.held_channels / kCount) {
    channel = part.from_channel + thread.pack * kCount;
    works = !thread.idle && channel < part.to_channel;
    ring.packs = shape.held_channels / kCount;
    ring.plane = shape.held_columns * ring.packs * Ring<kCount>::kWidth;
    ring.floats = reinterpret_cast<float*>(shared) + thread.pack * Ring<kCount>::kWidth;
  }

  // The channel within its group.
  __device__ __forceinline__ int own() const { return channel - part.group_channel; }
  // An image has fewer than 2^31 elements (plan.cc).
  __device__ __forceinline__ int at(int h, int w) const { return (h * shape.width + w) * shape.channels; }
  // x or dx of the block's image, from the thread's channel on.
  template <class Number>
  __device__ __forceinline__ Number* image(Number* x) const {
    return x + part.image * shape.height * shape.width * shape.channels + channel;
  }

  // The columns of x in the windows of a row, from the first window on.
  __device__ __forceinline__ int columns() const {
    const int last = min((part.last_window - 1) * sizes.stride() + sizes.size(), shape.width);
    return part.first_window < part.last_window ? last - part.first_window * sizes.stride() : 0;
  }

  // Normalises rows [first, last) into the ring, two positions at a time, so that both loads are in flight
  // together.
  __device__ __forceinline__ void fill(const T* __restrict__ x, int first, int last,
                                       const Positions& positions) const {
    const int count = works ? (last - first) * positions.columns : 0;
    const int from = part.first_window * sizes.stride(), step = thread.places;
    for (int i = thread.place; i < count; i += 2 * step) {
      typename Lrn::Fetched fetched[2];
      int to[2];
#pragma unroll
      for (int k = 0; k < 2; ++k) {
        int column = k == 0 || i + step < count ? i + k * step : i;
        const int row = first + positions.split(column);
        to[k] = ring.at(row % sizes.size(), column);
        fetched[k] = lrn.fetch(x + at(row, from + column), own());
      }
#pragma unroll
      for (int k = 0; k < 2; ++k) {
        float z[kCount];
        lrn.forward(fetched[k], z);
        if (k == 0 || i + step < count) ring.put(to[k], z);
      }
    }
  }

  // Calls f(z, at, first) for the elements of window (p, q), whose rows are in the ring, in row-major order.
  template <class F>
  __device__ __forceinline__ void each_number(int p, int q, F&& f) const {
    const int top = p * sizes.stride(), left = q * sizes.stride();
    const int rows = min(sizes.size(), shape.height - top), columns = min(sizes.size(), shape.width - left);
    const int first = left - part.first_window * sizes.stride(), slot = top % sizes.size();
    float z[kCount];
    if (kPaper && rows == 3 && columns == 3) {
      const int lines[3] = {ring.at(slot, first), ring.at(slot == 2 ? 0 : slot + 1, first),
                            ring.at(slot == 0 ? 2 : slot - 1, first)};
#pragma unroll
      for (int i = 0; i < 9; ++i) {
        const int at = lines[i / 3] + i % 3 * ring.packs * Ring<kCount>::kWidth;
        ring.get(at, z);
        f(z, at, i == 0);
      }
      return;
    }
#pragma unroll 1
    for (int i = 0; i < rows; ++i)
#pragma unroll 1
      for (int j = 0; j < columns; ++j) {
        const int turned = slot + i,
                  at = ring.at(turned < sizes.size() ? turned : turned - sizes.size(), first + j);
        ring.get(at, z);
        f(z, at, i == 0 && j == 0);
      }
  }

  // The number of rows of x that window rows up to p need.
  __device__ __forceinline__ int needed(int p) const {
    return min(p * sizes.stride() + sizes.size(), shape.height);
  }
};

}  // namespace alexnet::cuda
