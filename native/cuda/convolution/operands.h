// The tensors of a convolution as operands of matrix products (gemm/operand.cuh); pointers to the first
// group.
#pragma once

#include "cuda/convolution/geometry.h"
#include "cuda/device/launch.h"
#include "cuda/gemm/operand.cuh"
#include "cuda/gemm/output.cuh"

namespace alexnet::cuda {

template <class T>
Windows<T> windows_of(const Geometry& g, const T* x) {
  Windows<T> a;
  a.data = x;
  a.group_step = g.channels, a.image_step = g.x.image;
  a.row_step = static_cast<int>(g.x.row), a.column_step = static_cast<int>(g.x.column);
  a.height = static_cast<int>(g.height), a.width = static_cast<int>(g.width);
  a.lines = static_cast<int>(g.outputs()), a.places = static_cast<int>(g.kernel_numbers());
  a.stride = static_cast<int>(g.stride);
  a.top = static_cast<int>(g.top), a.left = static_cast<int>(g.left);
  a.windows_an_image = Divisor(g.rows * g.columns), a.windows_a_row = Divisor(g.columns);
  a.places_a_tap_row = Divisor(g.window_columns * g.channels), a.places_a_tap = Divisor(g.channels);
  return a;
}

// dy around each pixel of x: windows that begin at the last tap and run backward.
template <class T>
Windows<T> turned_windows_of(const Geometry& g, const T* dy) {
  Windows<T> a;
  a.data = dy;
  a.group_step = g.kernels, a.image_step = g.y.image;
  a.row_step = static_cast<int>(g.y.row), a.column_step = static_cast<int>(g.y.column);
  a.height = static_cast<int>(g.rows), a.width = static_cast<int>(g.columns);
  a.lines = static_cast<int>(g.inputs()), a.places = static_cast<int>(g.taps() * g.kernels);
  a.top = static_cast<int>(-g.top), a.left = static_cast<int>(-g.left);
  a.direction = -1;
  a.windows_an_image = Divisor(g.height * g.width), a.windows_a_row = Divisor(g.width);
  a.places_a_tap_row = Divisor(g.window_columns * g.kernels), a.places_a_tap = Divisor(g.kernels);
  return a;
}

template <class T>
SpreadWindows<T> spread_windows_of(const Geometry& g, const T* dy) {
  SpreadWindows<T> a;
  static_cast<Windows<T>&>(a) = turned_windows_of(g, dy);
  a.spread = Divisor(g.stride);
  return a;
}

template <class T>
Pixels<T> pixels_of(const Geometry& g, const T* dy) {
  Pixels<T> a;
  a.data = dy;
  a.group_step = g.kernels;
  a.image_step = g.y.image, a.row_step = g.y.row, a.column_step = g.y.column;
  a.lines = static_cast<int>(g.outputs()), a.places = static_cast<int>(g.kernels);
  a.lines_an_image = Divisor(g.rows * g.columns), a.lines_a_row = Divisor(g.columns);
  return a;
}

template <class T>
Kernels<T> kernels_of(const Geometry& g, const T* w) {
  Kernels<T> b;
  b.data = w;
  b.group_step = g.kernels * g.kernel_numbers();
  b.lines = static_cast<int>(g.kernels), b.places = static_cast<int>(g.kernel_numbers());
  b.kernel_step = static_cast<int>(g.kernel_numbers());
  return b;
}

template <class T>
TurnedKernels<T> turned_kernels_of(const Geometry& g, const T* w) {
  TurnedKernels<T> b;
  static_cast<Kernels<T>&>(b) = kernels_of(g, w);
  b.lines = static_cast<int>(g.taps() * g.kernels), b.places = static_cast<int>(g.channels);
  b.tap_step = static_cast<int>(g.channels);
  b.kernels = Divisor(g.kernels);
  return b;
}

// The product's rows are the pixels of a tensor, its columns the channels of a group.
inline Output output_of(const Tensor& tensor, const ImageSteps& steps, int64_t height, int64_t width,
                        int64_t channels, int64_t groups, const Launch& on) {
  Output out;
  out.data = on.data<std::byte>(tensor);
  out.bfloat16 = tensor.dtype == DType::kBfloat16;
  out.image_step = steps.image, out.row_step = steps.row, out.column_step = steps.column;
  out.even = steps.row == width * steps.column && steps.image == height * steps.row;
  out.group_step = channels;
  out.rows_an_image = Divisor(height * width), out.rows_an_image_row = Divisor(width);
  out.rows = static_cast<int>(tensor.n() * height * width), out.columns = static_cast<int>(channels);
  out.groups = static_cast<int>(groups);
  out.fours = steps.image % 4 == 0 && steps.row % 4 == 0 && steps.column % 4 == 0 && channels % 4 == 0;
  return out;
}

}  // namespace alexnet::cuda
