// The vocabulary of the ops' checks: one phrase for each kind of complaint.
#pragma once

#include <cmath>
#include <initializer_list>
#include <string>

#include "core/operands.h"
#include "core/error.h"

namespace alexnet {

// Windows, their steps and the padding around them; far beyond any network, small enough for 32-bit
// arithmetic.
inline constexpr int64_t kLargestWindow = 65535;

inline void require(bool holds, const std::string& complaint) {
  if (!holds) throw Error("BAD_PROGRAM", complaint);
}

inline std::string text_of(int64_t value) { return std::to_string(value); }
inline std::string text_of(double value) {
  std::string text = std::to_string(value);
  return std::isfinite(value) ? text.substr(0, text.find_last_not_of('0') + 2) : text;
}

template <class T>
void require_range(const char* name, T value, T low, T high) {
  require(value >= low && value <= high, std::string(name) + " is " + text_of(value) + "; expected " +
                                             text_of(low) + " to " + text_of(high));
}

inline void require_finite(const char* name, double value) {
  require(std::isfinite(value), std::string(name) + " is " + text_of(value) + "; expected a finite number");
}

inline void require_shape(const char* name, const Tensor& tensor, const std::array<int64_t, 4>& expected) {
  require(tensor.shape == expected,
          std::string(name) + " is " + shape_text(tensor.shape) + "; expected " + shape_text(expected));
}

inline const char* dtype_text(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return "float64";
    case DType::kBfloat16:
      return "bfloat16";
    case DType::kUint8:
      return "uint8";
    case DType::kInt32:
      return "int32";
    default:
      return "float32";
  }
}

inline void require_dtype(const char* name, const Tensor& tensor, DType expected) {
  require(tensor.dtype == expected,
          std::string(name) + " is " + dtype_text(tensor.dtype) + "; expected " + dtype_text(expected));
}

// Activations, weights and gradients. Which of the two a backend computes with is for Backend::check to say.
inline void require_float(const char* name, const Tensor& tensor) {
  require(
      tensor.dtype == DType::kFloat32 || tensor.dtype == DType::kFloat64 || tensor.dtype == DType::kBfloat16,
      std::string(name) + " is " + dtype_text(tensor.dtype) + "; expected float32, float64 or bfloat16");
}

// What the cpu and the cards demand beyond an op's meaning: gaps between rows, columns and images only in
// activations that convolutions read and write, in copies and in sums; pooling windows of at most 16 x 16.
// Throw Error("BAD_PROGRAM").
void check_dense(const ComputeOp& op);
void check_pool_size(const ComputeOp& op);

}  // namespace alexnet
