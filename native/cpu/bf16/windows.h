// Images as a bfloat16 convolution reads them: one block of images at a time is rounded into planes, and all
// threads then read windows from the planes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/bf16/kernels.h"
#include "cpu/device/execution.h"

namespace alexnet::cpu {

// Bytes of a block: planes and what is packed with them. A block has as many images as fit, so that they are
// read back from a cache.
inline constexpr int64_t kBf16ImageBytes = int64_t{16} << 20;

// Walks over the pixels of a block of images of height x width pixels, from a given pixel on.
struct PixelWalk {
  int64_t height, width, image, row, column;

  PixelWalk(int64_t rows, int64_t columns, int64_t pixel)
      : height(rows),
        width(columns),
        image(pixel / (rows * columns)),
        row(pixel / columns % rows),
        column(pixel % columns) {}
  void next() {
    if (++column < width) return;
    column = 0;
    if (++row < height) return;
    row = 0, ++image;
  }
  int64_t in(const Strides& s) const { return image * s.image + row * s.row + column * s.pixel; }
};

template <class Number>
void point_at_pixels(Number* origin, const Strides& strides, PixelWalk at, int64_t count, Number** to) {
  for (int64_t i = 0; i < count; ++i, at.next()) to[i] = origin + at.in(strides);
}

// Floats of memory for `halves` bfloat16, padded to whole cache lines.
inline size_t bf16_floats(int64_t halves) { return static_cast<size_t>(bf16_padded(halves) / 2); }

struct Bf16Windows {
  Plane plane;
  WindowRows rows;
  int64_t depth;  // elements of a window
  int64_t groups;
  int64_t height, width;  // windows of an image
  Strides strides;        // between windows' first elements, in planes
  int64_t halves;         // of a plane

  Bf16Windows(const Grid& grid, int64_t channels, int64_t of_groups)
      : depth(grid.rows * grid.columns * channels),
        groups(of_groups),
        height(grid.height),
        width(grid.width) {
    const int64_t step = grid.backward ? 1 : grid.stride;
    plane = {(grid.height - 1) * step + grid.rows,
             (grid.width - 1) * step + grid.columns,
             channels,
             grid.source_height,
             grid.source_width,
             grid.backward ? grid.stride : 1,
             grid.backward ? grid.rows - 1 - grid.top : grid.top,
             grid.backward ? grid.columns - 1 - grid.left : grid.left};
    rows = {plane.width * channels, grid.columns * channels};
    halves = bf16_padded(plane.height * rows.pitch);
    strides = {groups * halves, step * rows.pitch, step * channels};
  }

  int64_t image_halves() const { return groups * halves; }
  // Reads may go 32 elements past the last plane.
  int64_t block_halves(int64_t images) const { return images * image_halves() + kBf16Block; }
  // Images of a block, each with `others` bfloat16 in addition to its planes.
  int64_t block_images(int64_t images, int64_t others) const {
    const int64_t fitting = kBf16ImageBytes / (2 * (image_halves() + others));
    return std::clamp<int64_t>(fitting, 1, images);
  }

  // Rounds `images` images from `source` on; the groups' channels are group_step apart.
  void round(const float* source, const Strides& from, int64_t group_step, int64_t images, uint16_t* planes,
             const Execution& on) const {
    on.pool().share(images * groups * plane.height, 1, [&](int64_t begin, int64_t end, int) {
      for (int64_t at = begin; at < end;) {
        const int64_t index = at / plane.height, row = at % plane.height;
        const int64_t last = std::min(plane.height, row + end - at);
        on.bf16().round_plane(plane, source + index / groups * from.image + index % groups * group_step, from,
                              row, last, planes + index * halves);
        at += last - row;
      }
    });
  }
};

}  // namespace alexnet::cpu
