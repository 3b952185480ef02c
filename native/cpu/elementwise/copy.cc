// Copies between strides, and from float32 to bfloat16.

#include <cstring>

#include "core/bfloat16.h"
#include "cpu/device/ops.h"

namespace alexnet::cpu {

namespace {

// Copies a row of elements unchanged, or float32 rounded to bfloat16.
void copy_row(const std::byte* from, DType dtype, std::byte* to, DType target, int64_t count) {
  if (dtype == target) {
    std::memcpy(to, from, static_cast<size_t>(count) * bytes_of(dtype));
    return;
  }
  const auto* numbers = reinterpret_cast<const float*>(from);
  auto* halves = reinterpret_cast<uint16_t*>(to);
  for (int64_t i = 0; i < count; ++i) halves[i] = static_cast<uint16_t>(to_bfloat16(numbers[i]));
}

}  // namespace

void run(const Copy& op, const Execution& on) {
  const int64_t area = op.x.h() * op.x.w();
  const auto at = [&](const Tensor& t, int64_t p) {
    const int64_t elements =
        p / area * t.strides[0] + p % area / t.w() * t.strides[1] + p % t.w() * t.strides[2];
    return on.backend.at<std::byte>(t.offset) + static_cast<size_t>(elements) * bytes_of(t.dtype);
  };
  on.pool().share(op.x.n() * area, 256, [&](int64_t begin, int64_t end, int) {
    for (int64_t p = begin; p < end; ++p)
      copy_row(at(op.x, p), op.x.dtype, at(op.y, p), op.y.dtype, op.x.c());
  });
}

ScratchSize scratch(const Copy&, const Processor&) { return {}; }

}  // namespace alexnet::cpu
