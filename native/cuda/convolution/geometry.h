// A convolution's sizes, shared by its three passes.
#pragma once

#include "core/ops/convolution.h"

namespace alexnet::cuda {

struct ImageSteps {
  int64_t image, row, column;  // in elements, from one to the next
};

struct Geometry {
  int64_t images, groups;
  int64_t height, width, channels;  // of x; channels of a group
  int64_t rows, columns, kernels;   // of y; kernels of a group
  int64_t window_rows, window_columns;
  int64_t stride, top, left;
  ImageSteps x, y;

  int64_t taps() const { return window_rows * window_columns; }
  int64_t kernel_numbers() const { return taps() * channels; }
  int64_t outputs() const { return images * rows * columns; }
  int64_t inputs() const { return images * height * width; }
};

// A fully connected layer becomes a 1 x 1 convolution of one pixel that has all elements of an image as
// channels: a matrix product, forward and backward. Throws Error("BAD_PROGRAM") where an index would not fit
// the kernels' 32 bits.
Geometry geometry_of(const ConvolutionParameters& convolution, const Tensor& x, const Tensor& w,
                     const Tensor& y);

// Space to depth, for an x with too few channels for 16-byte accesses, where a stride x stride block of
// pixels has enough of them, like conv1's 4 x 4 x 3 = 48. Blocks become pixels, and the convolution becomes
// one of stride 1 over them, with kernels of ceil(window / stride) blocks.
bool rearranges(const Geometry& g, DType dtype);
Geometry rearranged(const Geometry& g);

// Whether 16-byte accesses can read x, y and the weights. `of_kernels`: whether packs of kernels are read, as
// the gradients do.
bool packs(const Geometry& g, DType dtype, bool of_kernels);

}  // namespace alexnet::cuda
