// A tensor as the reference backend accesses it: elements by index, as double whatever the tensor's type.
// Loads widen and stores round to nearest, so with float64 tensors nothing is ever rounded to float32.
#pragma once

#include <bit>
#include <cstdint>

#include "core/backend.h"

namespace alexnet::reference {

class DoubleTensor {
 public:
  DoubleTensor(const HostBackend& arena, const Tensor& tensor)
      : data_(arena.data<std::byte>(tensor)), tensor_(tensor) {}

  int64_t n() const { return tensor_.n(); }
  int64_t h() const { return tensor_.h(); }
  int64_t w() const { return tensor_.w(); }
  int64_t c() const { return tensor_.c(); }

  double operator()(int64_t n, int64_t h, int64_t w, int64_t c) const {
    const int64_t i = place(n, h, w, c);
    switch (tensor_.dtype) {
      case DType::kFloat32:
        return reinterpret_cast<const float*>(data_)[i];
      case DType::kFloat64:
        return reinterpret_cast<const double*>(data_)[i];
      case DType::kBfloat16:
        return widened(reinterpret_cast<const uint16_t*>(data_)[i]);
      case DType::kUint8:
        return reinterpret_cast<const uint8_t*>(data_)[i];
      case DType::kInt32:
        return reinterpret_cast<const int32_t*>(data_)[i];
    }
    return 0;
  }

  void set(int64_t n, int64_t h, int64_t w, int64_t c, double value) const {
    const int64_t i = place(n, h, w, c);
    switch (tensor_.dtype) {
      case DType::kFloat32:
        reinterpret_cast<float*>(data_)[i] = static_cast<float>(value);
        break;
      case DType::kFloat64:
        reinterpret_cast<double*>(data_)[i] = value;
        break;
      case DType::kBfloat16:
        reinterpret_cast<uint16_t*>(data_)[i] = to_bfloat16(value);
        break;
      case DType::kUint8:
        reinterpret_cast<uint8_t*>(data_)[i] = static_cast<uint8_t>(value);
        break;
      case DType::kInt32:
        reinterpret_cast<int32_t*>(data_)[i] = static_cast<int32_t>(value);
        break;
    }
  }

 private:
  int64_t place(int64_t n, int64_t h, int64_t w, int64_t c) const {
    return n * tensor_.strides[0] + h * tensor_.strides[1] + w * tensor_.strides[2] + c;
  }

  // bfloat16 is the upper half of a float32.
  static double widened(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }
  static uint16_t to_bfloat16(double value) {
    const auto bits = std::bit_cast<uint32_t>(static_cast<float>(value));
    if (value != value) return 0x7fff;
    return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  }

  std::byte* data_;
  Tensor tensor_;
};

// Calls f(n, h, w, c) for every element of `tensor`, channels fastest.
template <class F>
void each(const DoubleTensor& tensor, F&& f) {
  for (int64_t n = 0; n < tensor.n(); ++n)
    for (int64_t h = 0; h < tensor.h(); ++h)
      for (int64_t w = 0; w < tensor.w(); ++w)
        for (int64_t c = 0; c < tensor.c(); ++c) f(n, h, w, c);
}

}  // namespace alexnet::reference
