// One vocabulary for everything that is refused: what was found, and what was expected instead, as in
// "stride is 0; expected 1 to 65535".
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/tensor.h"

namespace alexnet {

std::string text_of(int64_t value);
std::string text_of(double value);
// "12 MiB", rounded up.
std::string mebibytes_text(size_t bytes);
// "128x27x27x256"
std::string shape_text(const Shape& shape);
const char* dtype_text(DType dtype);

// What was found: "stride is 0", "y is 2x3x4x4", "w is int32".
std::string is(std::string_view name, int64_t value);
std::string is(std::string_view name, double value);
std::string is(std::string_view name, const Shape& shape);
std::string is(std::string_view name, DType dtype);

std::string complaint(const std::string& found, const std::string& expected);

// Throw Error("BAD_PROGRAM").
[[noreturn]] void refuse(const std::string& complaint);
[[noreturn]] void refuse(const std::string& found, const std::string& expected);
void require(bool holds, const std::string& complaint);
void require(bool holds, const std::string& found, const std::string& expected);

void require_range(std::string_view name, int64_t value, int64_t low, int64_t high);
void require_range(std::string_view name, double value, double low, double high);
void require_finite(std::string_view name, double value);
void require_shape(std::string_view name, const Tensor& tensor, const Shape& expected);
void require_dtype(std::string_view name, const Tensor& tensor, DType expected);
// Activations, weights and gradients. Which of these types a backend computes with, Backend::check says.
void require_float(std::string_view name, const Tensor& tensor);
// All of them floats and of one shape.
void require_alike(std::string_view first_name, const Tensor& first,
                   std::initializer_list<std::pair<std::string_view, const Tensor*>> others);

}  // namespace alexnet
