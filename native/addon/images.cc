#include "addon/images.h"

#include <algorithm>
#include <cstdint>

#include "addon/arguments.h"

namespace alexnet::addon {
namespace {

// Pixels over which a sum of squares of bytes stays below 2^32.
constexpr size_t kExact = 65536;

struct Sums {
  uint32_t r = 0, g = 0, b = 0, rr = 0, rg = 0, rb = 0, gg = 0, gb = 0, bb = 0;
};

Sums colour_sums(const uint8_t* pixels, size_t count) {
  Sums s;
  for (size_t i = 0; i < count; i++) {
    const uint32_t r = pixels[3 * i], g = pixels[3 * i + 1], b = pixels[3 * i + 2];
    s.r += r;
    s.g += g;
    s.b += b;
    s.rr += r * r;
    s.rg += r * g;
    s.rb += r * b;
    s.gg += g * g;
    s.gb += g * b;
    s.bb += b * b;
  }
  return s;
}

}  // namespace

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
    for (size_t from = 0; from < count; from += kExact) {
      const Sums s = colour_sums(bytes + 3 * from, std::min(kExact, count - from));
      const uint32_t sums[] = {s.r, s.g, s.b, s.rr, s.rg, s.rb, s.gg, s.gb, s.bb};
      for (int k = 0; k < 9; k++) colours[k] += sums[k];
    }
  });
}

}  // namespace alexnet::addon
