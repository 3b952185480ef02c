// A convolution's tensors as TMA reads them for each pass.
#pragma once

#include "cuda/convolution/tensor_map.h"

namespace alexnet::cuda {

inline constexpr int kMostWgmmaGroups = 2;  // each has its own descriptors among a kernel's parameters

inline WindowsOverImages windows_of_x(const Geometry& g) {
  return {g.images, g.height, g.width, g.channels, g.x, g.rows, g.columns, g.stride, g.top, g.left};
}

// Windows of dy around each pixel of x, for the gradient with respect to the input; stride 1.
inline WindowsOverImages turned_windows_of_y(const Geometry& g) {
  return {g.images,
          g.rows,
          g.columns,
          g.kernels,
          g.y,
          g.height,
          g.width,
          1,
          g.window_rows - 1 - g.top,
          g.window_columns - 1 - g.left};
}

inline WindowsOverImages pixels_of_y(const Geometry& g) {
  return {g.images, g.rows, g.columns, g.kernels, g.y, g.rows, g.columns, 1, 0, 0};
}

// How many channels of one tap a box of columns has, in the gradient with respect to the weights; 0: none
// would fit.
inline int weights_box_columns(const Geometry& g) {
  return g.channels % 64 == 0 ? 64 : g.channels % 48 == 0 ? 48 : 0;
}

}  // namespace alexnet::cuda
