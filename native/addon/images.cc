#include "addon/images.h"

#include <algorithm>
#include <cstdint>

#include "addon/arguments.h"
#include "cpu/resample_image.h"

namespace alexnet::addon {
namespace {

// Pixels at once, their colours apart: products of 16-bit numbers and their sums are single vector
// instructions everywhere.
constexpr size_t kBlock = 1024;

uint32_t sum(const int16_t* x, size_t count) {
  uint32_t total = 0;
  for (size_t i = 0; i < count; i++) total += static_cast<uint32_t>(x[i]);
  return total;
}

// Of bytes, at most kBlock of them, so far below 2^31.
uint32_t dot(const int16_t* x, const int16_t* y, size_t count) {
  int32_t total = 0;
  for (size_t i = 0; i < count; i++) total += int32_t{x[i]} * int32_t{y[i]};
  return static_cast<uint32_t>(total);
}

void add_colours(const uint8_t* pixels, size_t count, uint64_t* sums) {
  int16_t r[kBlock], g[kBlock], b[kBlock];
  for (size_t i = 0; i < count; i++) {
    r[i] = pixels[3 * i];
    g[i] = pixels[3 * i + 1];
    b[i] = pixels[3 * i + 2];
  }
  sums[0] += sum(r, count);
  sums[1] += sum(g, count);
  sums[2] += sum(b, count);
  sums[3] += dot(r, r, count);
  sums[4] += dot(r, g, count);
  sums[5] += dot(r, b, count);
  sums[6] += dot(g, g, count);
  sums[7] += dot(g, b, count);
  sums[8] += dot(b, b, count);
}

// More in one line, and its weights would fill memory.
constexpr double kLongestSide = 1 << 16;
constexpr double kLeastSide = 1e-3;

double side_of(const Napi::Object& of, const char* name, double least, double most) {
  const Napi::Value value = of.Get(name);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= least && number <= most))
    throw Error("USAGE",
                std::string(name) + " is not in the range of an image's sides, received " + show(value));
  return number;
}

}  // namespace

Napi::Value resample(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&]() -> Napi::Value {
    const Bytes pixels = bytes_of(info[0], "pixels");
    const auto image = info[1].As<Napi::Object>(), part = info[2].As<Napi::Object>();
    const double width = integer(image.Get("width"), "width", 1, kLongestSide, "USAGE");
    const double height = integer(image.Get("height"), "height", 1, kLongestSide, "USAGE");
    if (pixels.size != static_cast<size_t>(width * height) * 3)
      throw Error("USAGE", "pixels are not height x width x 3 bytes");
    const double size = integer(info[3], "size", 1, kLongestSide, "USAGE");
    cpu::Box box{};
    box.left = side_of(part, "left", 0, width);
    box.top = side_of(part, "top", 0, height);
    box.width = side_of(part, "width", kLeastSide, width - box.left);
    box.height = side_of(part, "height", kLeastSide, height - box.top);
    auto target = Napi::Buffer<uint8_t>::New(info.Env(), static_cast<size_t>(size * size) * 3);
    cpu::resample_image(static_cast<const uint8_t*>(pixels.data), static_cast<int64_t>(width),
                        static_cast<int64_t>(height), box, static_cast<int64_t>(size), target.Data());
    return target;
  });
}

void accumulate(const Napi::CallbackInfo& info) {
  translate(info.Env(), [&] {
    const Bytes pixels = bytes_of(info[0], "pixels");
    const Bytes mean = bytes_of(info[1], "mean");
    const Bytes colour = bytes_of(info[2], "colour");
    if (pixels.size % 3 != 0) throw Error("USAGE", "pixels are not three bytes each");
    if (mean.size != pixels.size * sizeof(uint32_t))
      throw Error("USAGE", "mean is not of the pixels' length");
    if (colour.size != 9 * sizeof(uint64_t)) throw Error("USAGE", "colour has not nine sums");
    const auto* bytes = static_cast<const uint8_t*>(pixels.data);
    auto* means = static_cast<uint32_t*>(mean.data);
    auto* colours = static_cast<uint64_t*>(colour.data);
    for (size_t i = 0; i < pixels.size; i++) means[i] += bytes[i];
    const size_t count = pixels.size / 3;
    for (size_t from = 0; from < count; from += kBlock)
      add_colours(bytes + 3 * from, std::min(kBlock, count - from), colours);
  });
}

}  // namespace alexnet::addon
