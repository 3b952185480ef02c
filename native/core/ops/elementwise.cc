#include "core/ops/elementwise.h"

#include <cmath>
#include <limits>

#include "core/complaints.h"
#include "core/operands.h"

namespace alexnet {

void ActivationForward::check() const { require_alike("x", x, {{"y", &y}}); }

void ActivationBackward::check() const {
  require_alike("y", y, {{"dy", &dy}, {"dx", &dx}});
  if (dropout) dropout->check(y);
}

void DropoutMask::check() const { require_alike("x", x, {{"y", &y}}), dropout.check(y); }

void Scale::check() const { require_alike("x", x, {{"y", &y}}), require_finite("factor", factor); }

void Preprocess::check() const {
  const int64_t count = images.n(), rows = images.h(), columns = images.w();
  require_dtype("images", images, DType::kUint8), require_float("views", views);
  require_float("mean", mean), require_float("y", y);
  require_shape("images", images, {count, rows, columns, 3});
  require_shape("views", views, {count, 1, 1, 8});
  require_shape("y", y, {count, y.h(), y.w(), 3});
  require(y.h() <= rows && y.w() <= columns, is("y", y.shape),
          "at most the images' " + text_of(rows) + " rows and " + text_of(columns) + " columns");
  require(mean.shape == Shape{1, rows, columns, 3} || mean.shape == Shape{1, 1, 1, 3}, is("mean", mean.shape),
          shape_text({1, rows, columns, 3}) + " or 1x1x1x3");
  for (const double one : deviation)
    require(std::isfinite(one) && one > 0, is("deviation", one), "three positive numbers");
}

void Fill::check() const {
  require_finite("value", value);
  const bool integer = std::floor(value) == value;
  if (y.dtype == DType::kUint8)
    require(value >= 0 && value <= 255 && integer, is("value", value), "an integer from 0 to 255 for uint8");
  if (y.dtype == DType::kInt32)
    require(std::abs(value) <= std::numeric_limits<int32_t>::max() && integer, is("value", value),
            "a 32-bit integer for int32");
}

void Gaussian::check() const {
  require_float("y", y), require_finite("mean", mean);
  require(std::isfinite(deviation) && deviation >= 0, is("deviation", deviation), "a number from 0");
  check_sizes("whole", whole);
  const auto within = [](int64_t offset, int64_t part, int64_t all) {
    return offset >= 0 && offset <= all - part;
  };
  require(
      y.h() == whole[1] && y.w() == whole[2] && within(kernel_offset, y.n(), whole[0]) &&
          within(channel_offset, y.c(), whole[3]),
      is("y", y.shape) + " from kernel " + text_of(kernel_offset) + " and channel " + text_of(channel_offset),
      "a part of whole, " + shape_text(whole));
}

void Copy::check() const {
  require_shape("y", y, x.shape);
  if (x.dtype == y.dtype) return;
  require_float("x", x), require_float("y", y);
}

void Sum::check() const {
  require(!xs.empty(), "xs is empty", "at least one");
  require_float("y", y);
  for (const Tensor& x : xs) require_alike("y", y, {{"xs", &x}});
}

}  // namespace alexnet
