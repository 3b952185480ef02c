// A tensor of a program: a place in its device's arena and a shape. Four dimensions always:
//   activations   N x H x W x C        (images, rows, columns, channels; channels are adjacent in memory)
//   weights       K x R x S x C        (output channel, kernel row and column, input channel of the group)
//   vectors       1 x 1 x 1 x C        (biases; a row of logits is N x 1 x 1 x C)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace alexnet {

enum class DType : uint8_t { kFloat32, kFloat64, kBfloat16, kUint8, kInt32 };

constexpr size_t bytes_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return 8;
    case DType::kBfloat16:
      return 2;
    case DType::kUint8:
      return 1;
    default:
      return 4;
  }
}

using Shape = std::array<int64_t, 4>;

struct Tensor {
  size_t offset = 0;  // bytes from the arena's start, a multiple of kAlignment
  Shape shape{};      // n, h, w, c: each at least 1
  // Elements from one image, row and column to the next. The channel stride is 1. Dense unless the program
  // says otherwise.
  std::array<int64_t, 3> strides{};
  DType dtype = DType::kFloat32;

  int64_t n() const { return shape[0]; }
  int64_t h() const { return shape[1]; }
  int64_t w() const { return shape[2]; }
  int64_t c() const { return shape[3]; }
  int64_t count() const { return shape[0] * shape[1] * shape[2] * shape[3]; }
  bool dense() const {
    return strides[2] == shape[3] && strides[1] == shape[2] * shape[3] &&
           strides[0] == shape[1] * shape[2] * shape[3];
  }
  // Elements from the first to one past the last.
  int64_t extent() const {
    return (shape[0] - 1) * strides[0] + (shape[1] - 1) * strides[1] + (shape[2] - 1) * strides[2] + shape[3];
  }
  size_t bytes() const { return static_cast<size_t>(extent()) * bytes_of(dtype); }
};

inline constexpr size_t kAlignment = 64;

}  // namespace alexnet
