// Chooses the tile of a matrix product, and the number of parts its sum is split into. The choice is a pure
// function of the shapes and the GPU (card). So the workspace requested is the workspace used, and the same
// sums are added in the same order in every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cuda/device/card.h"

namespace alexnet::cuda {

struct GemmShape {
  int64_t rows, columns, k;  // of one group's product
  int64_t groups;
};

// A kernel to choose from.
struct GemmTile {
  int m, n, k;  // k: of a step
  int blocks;   // that a multiprocessor runs at a time, if its shared memory holds them
  int shared_bytes;
  double step_cycles;  // a step's share of a multiprocessor's time when the multiprocessor is full
};

struct GemmPlan {
  int tile = 0;  // its index in the list
  int k = 0, splits = 1, steps_a_split = 1;
  int rows = 0, pitch = 0;  // of a part

  bool in_parts() const { return splits > 1; }
  size_t part_floats(int64_t groups) const {
    return static_cast<size_t>(groups) * static_cast<size_t>(rows) * static_cast<size_t>(pitch);
  }
};

GemmPlan plan_gemm(const GemmShape& shape, std::span<const GemmTile> tiles, const Card& card);

}  // namespace alexnet::cuda
