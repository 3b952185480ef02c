#include "images/to_srgb.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace alexnet::images {
namespace {

// Where the curve is steepest, 12.92 at black, a step is a fifth of a grey level.
constexpr int kSteps = 1 << 14;

// IEC 61966-2-1.
std::array<uint8_t, kSteps + 1> encoded() {
  std::array<uint8_t, kSteps + 1> table{};
  for (int i = 0; i <= kSteps; ++i) {
    const double light = static_cast<double>(i) / kSteps;
    const double value = light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
    table[static_cast<size_t>(i)] = static_cast<uint8_t>(std::lround(255 * value));
  }
  return table;
}

}  // namespace

void to_srgb(const RgbSpace& space, uint8_t* pixels, int64_t count) {
  static const std::array<uint8_t, kSteps + 1> table = encoded();
  for (uint8_t* p = pixels; p < pixels + 3 * count; p += 3) {
    const float r = space.light[0][p[0]], g = space.light[1][p[1]], b = space.light[2][p[2]];
    for (int c = 0; c < 3; ++c) {
      const float* row = space.to_srgb[c];
      const float light = row[0] * r + row[1] * g + row[2] * b;
      p[c] = table[static_cast<size_t>(std::clamp(light, 0.0f, 1.0f) * kSteps + 0.5f)];
    }
  }
}

}  // namespace alexnet::images
