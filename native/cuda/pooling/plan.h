// How the work of an overlapping max-pool (paper, section 3.4) is shared out over a card; ring.cuh has
// the kernels.
#pragma once

#include "core/ops.h"
#include "cuda/device/card.h"
#include "cuda/primitives/portable.h"

namespace alexnet::cuda {

inline constexpr int kMostPoolThreads = 384;  // of a block

// A block has some channels, some columns and some rows of an image. Columns and rows are counted in steps of
// the pool's stride: step p of the rows is window row p and the input rows from p * stride on, before the
// next one's.
struct PoolShape {
  int height = 1, width = 1, out_height = 1, out_width = 1, channels = 1;
  int size = 3, stride = 2;
  int overlap = 2;  // windows that a row or column lies in at most

  int group = 1;                        // channels that are normalised together; all, without that
  int chunk = 1, chunks_a_group = 1;    // channels of a block, whose windows it computes with...
  int reach = 0;                        // ... those of so many channels beside them in the group
  int row_steps = 1, column_steps = 1;  // of the image
  int segment = 1, segments = 1;        // row steps of a block
  int strip = 1, strips = 1;            // column steps of a block
  // At most, of a block: channels, windows of a row, input columns that these lie in.
  int held_channels = 1, held_windows = 1, held_columns = 1;

  // A ring in shared memory is `size` rows; backward there are two.
  __host__ __device__ int ring_floats() const { return size * held_columns * held_channels; }
  size_t shared_bytes(bool backward) const {
    return static_cast<size_t>(ring_floats()) * sizeof(float) * (backward ? 2 : 1);
  }
};

struct PoolPlan {
  PoolShape shape;
  bool fits = false;  // else there is no such block, and the kernels without shared memory take over
  dim3 block, grid;
  size_t shared_bytes = 0;
};

// x's maps pooled to y's, `count` adjacent channels at a time; reach: of the normalisation, 0 without.
PoolPlan plan_pool(const PoolParameters& pool, const Tensor& x, const Tensor& y, int count, int64_t group,
                   int reach, bool backward, const Card& card);

}  // namespace alexnet::cuda
