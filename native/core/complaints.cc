#include "core/complaints.h"

#include <cmath>
#include <cstdio>

namespace alexnet {
namespace {

std::string is_text(std::string_view name, const std::string& value) {
  return std::string(name) + " is " + value;
}

}  // namespace

std::string text_of(int64_t value) { return std::to_string(value); }

std::string text_of(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  // A whole number shows that it is none of an integer's.
  const bool whole = std::isfinite(value) && std::string_view(text).find_first_of(".e") == std::string::npos;
  return whole ? std::string(text) + ".0" : text;
}

std::string mebibytes_text(size_t bytes) {
  constexpr size_t kMebibyte = size_t{1} << 20;
  return std::to_string((bytes + kMebibyte - 1) / kMebibyte) + " MiB";
}

std::string shape_text(const Shape& shape) {
  std::string text;
  for (const int64_t size : shape) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

const char* dtype_text(DType dtype) {
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

std::string is(std::string_view name, int64_t value) { return is_text(name, text_of(value)); }
std::string is(std::string_view name, double value) { return is_text(name, text_of(value)); }
std::string is(std::string_view name, const Shape& shape) { return is_text(name, shape_text(shape)); }
std::string is(std::string_view name, DType dtype) { return is_text(name, dtype_text(dtype)); }

std::string complaint(const std::string& found, const std::string& expected) {
  return found + "; expected " + expected;
}

void refuse(const std::string& complaint) { throw Error("BAD_PROGRAM", complaint); }
void refuse(const std::string& found, const std::string& expected) { refuse(complaint(found, expected)); }

void require(bool holds, const std::string& complaint) {
  if (!holds) refuse(complaint);
}
void require(bool holds, const std::string& found, const std::string& expected) {
  if (!holds) refuse(found, expected);
}

void require_range(std::string_view name, int64_t value, int64_t low, int64_t high) {
  require(value >= low && value <= high, is(name, value), text_of(low) + " to " + text_of(high));
}

void require_range(std::string_view name, double value, double low, double high) {
  require(value >= low && value <= high, is(name, value), text_of(low) + " to " + text_of(high));
}

void require_finite(std::string_view name, double value) {
  require(std::isfinite(value), is(name, value), "a finite number");
}

void require_shape(std::string_view name, const Tensor& tensor, const Shape& expected) {
  require(tensor.shape == expected, is(name, tensor.shape), shape_text(expected));
}

void require_dtype(std::string_view name, const Tensor& tensor, DType expected) {
  require(tensor.dtype == expected, is(name, tensor.dtype), dtype_text(expected));
}

void require_float(std::string_view name, const Tensor& tensor) {
  require(
      tensor.dtype == DType::kFloat32 || tensor.dtype == DType::kFloat64 || tensor.dtype == DType::kBfloat16,
      is(name, tensor.dtype), "float32, float64 or bfloat16");
}

void require_alike(std::string_view first_name, const Tensor& first,
                   std::initializer_list<std::pair<std::string_view, const Tensor*>> others) {
  require_float(first_name, first);
  for (const auto& [name, tensor] : others) {
    require_float(name, *tensor);
    require_shape(name, *tensor, first.shape);
  }
}

}  // namespace alexnet
