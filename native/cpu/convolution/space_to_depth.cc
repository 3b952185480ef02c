#include "cpu/convolution/space_to_depth.h"

#include <algorithm>
#include <cstring>

namespace alexnet::cpu {

void SpaceToDepth::image(const float* x, const Strides& strides, int64_t begin, int64_t end,
                         float* to) const {
  const int64_t s = grid.stride, run = s * channels, pixel = deep_channels();
  // Blocks that lie entirely inside are copied in runs.
  for (int64_t block_row = begin; block_row < end; ++block_row)
    for (int64_t inner_row = 0; inner_row < s; ++inner_row) {
      const int64_t row = block_row * s + inner_row - grid.top;
      float* line = to + block_row * deep_width() * pixel + inner_row * run;
      const bool inside = row >= 0 && row < grid.source_height;
      const float* from = x + row * strides.row;
      for (int64_t block = 0; block < deep_width(); ++block, line += pixel) {
        const int64_t column = block * s - grid.left;
        if (inside && strides.pixel == channels && column >= 0 && column + s <= grid.source_width) {
          std::memcpy(line, from + column * channels, sizeof(float) * static_cast<size_t>(run));
          continue;
        }
        for (int64_t i = 0; i < s; ++i)
          for (int64_t c = 0; c < channels; ++c)
            line[i * channels + c] = inside && column + i >= 0 && column + i < grid.source_width
                                         ? from[(column + i) * strides.pixel + c]
                                         : 0;
      }
    }
}

void SpaceToDepth::kernel(const float* w, int64_t row_step, int64_t column_step, float* to) const {
  const int64_t s = grid.stride;
  std::fill(to, to + kernel_floats(), 0.0f);
  for (int64_t r = 0; r < grid.rows; ++r)
    for (int64_t c = 0; c < grid.columns; ++c)
      std::copy_n(w + r * row_step + c * column_step, channels,
                  to + ((r / s * deep_columns() + c / s) * s * s + r % s * s + c % s) * channels);
}

void SpaceToDepth::kernel_back(const float* from, float* w, int64_t row_step, int64_t column_step) const {
  const int64_t s = grid.stride;
  for (int64_t r = 0; r < grid.rows; ++r)
    for (int64_t c = 0; c < grid.columns; ++c)
      std::copy_n(from + ((r / s * deep_columns() + c / s) * s * s + r % s * s + c % s) * channels, channels,
                  w + r * row_step + c * column_step);
}

}  // namespace alexnet::cpu
