// The operands of a matrix product, in their memory layout. An operand is a table with lines i and places j.
// Along the places elements are adjacent, at least within 16 bytes. Depending on the product either the lines
// or the places run along k, the index of the sum (tile.cuh).
//
// line(i) and place(j) do the arithmetic of an index once; inside(line, place) and address(line, place) are a
// few instructions. Everything past the last line or place is outside, and reads as zero. Both counts can be
// lowered, to end a part of a sum.
#pragma once

#include "cuda/primitives/divisor.h"

namespace alexnet::cuda {

// Rows outside every image; they stay outside after any offset is added to kNoLine or subtracted from
// kNoPlace.
inline constexpr int kNoLine = -(1 << 30), kNoPlace = 1 << 29;

// Images as a convolution reads them, never rearranged ("implicit im2col"). A line is a window, numbered
// (image, row, column); a place is an element of the window, (tap row, tap column, channel).
template <class T>
struct Windows {
  using Value = T;
  const T* data = nullptr;
  int64_t group_step = 0, image_step = 0;  // in elements
  int row_step = 0, column_step = 0;
  int height = 0, width = 0;  // of the images read
  int lines = 0, places = 0;
  int stride = 1, top = 0, left = 0;  // window (p, q) begins at (p * stride - top, q * stride - left)
  int direction = 1;                  // -1: taps go up and left, as the gradient's turned kernels do
  Divisor windows_an_image, windows_a_row, places_a_tap_row, places_a_tap;

  struct Line {
    const T* data;
    int row, column;
  };
  struct Place {
    int offset, row, column;
  };

  __device__ __forceinline__ Line line(int i) const {
    if (i >= lines) return {data, kNoLine, 0};
    const int image = windows_an_image.split(i), p = windows_a_row.split(i);
    const int row = p * stride - top, column = i * stride - left;
    return {data + image * image_step + int64_t{row} * row_step + int64_t{column} * column_step, row, column};
  }
  __device__ __forceinline__ Place place(int j) const {
    if (j >= places) return {0, kNoPlace, 0};
    const int row = places_a_tap_row.split(j) * direction, column = places_a_tap.split(j) * direction;
    return {row * row_step + column * column_step + j, row, column};
  }
  __device__ __forceinline__ bool inside(const Line& line, const Place& place) const {
    return static_cast<unsigned>(line.row + place.row) < static_cast<unsigned>(height) &&
           static_cast<unsigned>(line.column + place.column) < static_cast<unsigned>(width);
  }
  __device__ __forceinline__ const T* address(const Line& line, const Place& place) const {
    return line.data + place.offset;
  }
};

// dy as the gradient with respect to the input reads it when the stride is not 1: a line is a pixel of the
// input, a place is a tap and an output channel. Most pairs of line and place have no output pixel.
template <class T>
struct SpreadWindows : Windows<T> {
  using Line = typename Windows<T>::Line;
  struct Place {
    int channel, row, column;
  };
  Divisor spread;  // the convolution's stride

  __device__ __forceinline__ Line line(int i) const {
    if (i >= this->lines) return {this->data, kNoLine, 0};
    const int image = this->windows_an_image.split(i), row = this->windows_a_row.split(i);
    return {this->data + image * this->image_step, row - this->top, i - this->left};
  }
  __device__ __forceinline__ Place place(int j) const {
    if (j >= this->places) return {0, kNoPlace, 0};
    const int row = this->places_a_tap_row.split(j), column = this->places_a_tap.split(j);
    return {j, -row, -column};
  }
  __device__ __forceinline__ bool inside(const Line& line, const Place& place) const {
    int row = line.row + place.row, column = line.column + place.column;
    if (row < 0 || column < 0) return false;
    const int p = spread.split(row), q = spread.split(column);
    return row == 0 && column == 0 && p < this->height && q < this->width;
  }
  __device__ __forceinline__ const T* address(const Line& line, const Place& place) const {
    const int p = spread.quotient(line.row + place.row), q = spread.quotient(line.column + place.column);
    return line.data + int64_t{p} * this->row_step + int64_t{q} * this->column_step + place.channel;
  }
};

// Images as a table of pixels: a line is a pixel, a place a channel.
template <class T>
struct Pixels {
  using Value = T;
  const T* data = nullptr;
  int64_t group_step = 0, image_step = 0, row_step = 0, column_step = 0;
  int lines = 0, places = 0;
  Divisor lines_an_image, lines_a_row;

  struct Line {
    const T* data;
    bool there;
  };
  struct Place {
    int offset;
    bool there;
  };

  __device__ __forceinline__ Line line(int i) const {
    const bool there = i < lines;
    const int image = lines_an_image.split(i), row = lines_a_row.split(i);
    return {data + image * image_step + row * row_step + i * column_step, there};
  }
  __device__ __forceinline__ Place place(int j) const { return {j, j < places}; }
  __device__ __forceinline__ bool inside(const Line& line, const Place& place) const {
    return line.there && place.there;
  }
  __device__ __forceinline__ const T* address(const Line& line, const Place& place) const {
    return line.data + place.offset;
  }
};

// If a product's rows are the output channels of pixels, it is the gradient with respect to the weights, and
// may also update them.
template <class A>
inline constexpr bool kMayUpdate = false;
template <class T>
inline constexpr bool kMayUpdate<Pixels<T>> = true;

// The weights of a convolution. A line is a kernel, a place an element of it.
template <class T>
struct Kernels {
  using Value = T;
  const T* data = nullptr;
  int64_t group_step = 0;
  int lines = 0, places = 0;
  int kernel_step = 0;

  using Line = typename Pixels<T>::Line;
  using Place = typename Pixels<T>::Place;

  __device__ __forceinline__ Line line(int i) const { return {data + int64_t{i} * kernel_step, i < lines}; }
  __device__ __forceinline__ Place place(int j) const { return {j, j < places}; }
  __device__ __forceinline__ bool inside(const Line& line, const Place& place) const {
    return line.there && place.there;
  }
  __device__ __forceinline__ const T* address(const Line& line, const Place& place) const {
    return line.data + place.offset;
  }
};

// The weights as the gradient with respect to the input reads them: a line is (tap, kernel), a place an input
// channel.
template <class T>
struct TurnedKernels : Kernels<T> {
  using Line = typename Kernels<T>::Line;
  int tap_step = 0;
  Divisor kernels;

  __device__ __forceinline__ Line line(int i) const {
    const bool there = i < this->lines;
    const int tap = kernels.split(i);
    return {this->data + int64_t{i} * this->kernel_step + tap * tap_step, there};
  }
};

}  // namespace alexnet::cuda
