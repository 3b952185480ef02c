// Space to depth: a convolution of few channels with stride s becomes one with stride 1 over blocks of s x s
// pixels. It has s * s times the channels, and its kernel is ceil(taps / s) wide, padded with zeros.
#pragma once

#include "cpu/isa/kernels.h"

namespace alexnet::cpu {

struct SpaceToDepth {
  Grid grid;  // of the original convolution
  int64_t channels;

  int64_t deep_channels() const { return grid.stride * grid.stride * channels; }
  int64_t deep_rows() const { return (grid.rows + grid.stride - 1) / grid.stride; }
  int64_t deep_columns() const { return (grid.columns + grid.stride - 1) / grid.stride; }
  int64_t deep_height() const { return grid.height + deep_rows() - 1; }
  int64_t deep_width() const { return grid.width + deep_columns() - 1; }
  int64_t image_floats() const { return deep_height() * deep_width() * deep_channels(); }
  int64_t kernel_floats() const { return deep_rows() * deep_columns() * deep_channels(); }
  Strides strides() const { return {image_floats(), deep_width() * deep_channels(), deep_channels()}; }
  // Of one image.
  Grid deep_grid() const {
    return {1, grid.height, grid.width, deep_height(), deep_width(), deep_rows(), deep_columns(),
            1, 0,           0,          false};
  }

  // Rows of blocks [begin, end) of one image.
  void image(const float* x, const Strides& strides, int64_t begin, int64_t end, float* to) const;
  // One output's kernel, row by row; and back, without the padding.
  void kernel(const float* w, int64_t row_step, int64_t column_step, float* to) const;
  void kernel_back(const float* from, float* w, int64_t row_step, int64_t column_step) const;
};

}  // namespace alexnet::cpu
