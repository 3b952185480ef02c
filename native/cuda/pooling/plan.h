// How the work of an overlapping max-pool (paper, section 3.4) is divided into blocks on a GPU; ring.cuh has
// the kernels.
#pragma once

#include "core/ops.h"
#include "cuda/device/card.h"
#include "cuda/primitives/portable.h"

namespace alexnet::cuda {

inline constexpr int kMostPoolThreads = 384;  // of a block

// A block has some channels, columns and rows of an image. Columns and rows are counted in steps of the
// pool's stride: row step p is window row p and the input rows from p * stride to just before those of step p
// + 1.
struct PoolShape {
  int height = 1, width = 1, out_height = 1, out_width = 1, channels = 1;
  int size = 3, stride = 2;
  int overlap = 2;  // the most windows that a row or column lies in

  int group = 1;  // channels that are normalised together; all if there is no normalisation
  int chunk = 1, chunks_a_group = 1;    // channels of a block, with whose windows it computes...
  int reach = 0;                        // ... those of `reach` channels on either side in the group
  int row_steps = 1, column_steps = 1;  // of the whole image
  int segment = 1, segments = 1;        // row steps of a block
  int strip = 1, strips = 1;            // column steps of a block
  // A block's maxima: channels, windows of a row, input columns of these windows.
  int held_channels = 1, held_windows = 1, held_columns = 1;

  // A ring in shared memory has `size` rows; backward there are two rings.
  __host__ __device__ int ring_floats() const { return size * held_columns * held_channels; }
  size_t shared_bytes(bool backward) const {
    return static_cast<size_t>(ring_floats()) * sizeof(float) * (backward ? 2 : 1);
  }
};

struct PoolPlan {
  PoolShape shape;
  bool fits = false;  // false: no such block fits, and the kernels without shared memory are used
  dim3 block, grid;
  size_t shared_bytes = 0;
};

// The plan for pooling x's maps to y's, `count` adjacent channels at a time; reach: that of the
// normalisation, 0 without.
PoolPlan plan_pool(const PoolParameters& pool, const Tensor& x, const Tensor& y, int count, int64_t group,
                   int reach, bool backward, const Card& card);

}  // namespace alexnet::cuda
