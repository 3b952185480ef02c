// Descriptors of tensors for TMA (Tensor Memory Accelerator). The driver encodes them on the host; kernels
// get them as parameters (__grid_constant__). All tensors are bfloat16 and are loaded into shared memory in
// rows of 128 bytes with the 128-byte swizzle.
#pragma once

#include <cuda.h>

#include "cuda/convolution/geometry.h"
#include "cuda/primitives/numbers.h"

namespace alexnet::cuda {

// A group's kernels as (channel, tap, kernel), read 64 channels x 1 tap x `box_kernels` at a time.
CUtensorMap map_of_kernels(const Bfloat16* w, const Geometry& g, int box_kernels);

// Images read by windows: how many windows there are in a row and in a column, how far apart they are, and
// where the first begins.
struct WindowsOverImages {
  int64_t images, height, width, channels;  // of a group
  ImageSteps steps;
  int64_t rows, columns, stride, top, left;
};

// 64 channels of `pixels` windows at a time, each window's pixel under one tap (load_pixels in hopper.h).
CUtensorMap map_of_windows(const Bfloat16* images, const WindowsOverImages& windows, int pixels);

// Whether a descriptor can express them: its corners are 8 bits, as are the taps' offsets.
bool describes(const WindowsOverImages& windows, int64_t window_rows, int64_t window_columns);

}  // namespace alexnet::cuda
