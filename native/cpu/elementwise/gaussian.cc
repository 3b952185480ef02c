// Initial weights: normally distributed values by Box-Muller from Philox, in double
// (native/core/ops/elementwise.h has the formula).

#include <cmath>
#include <numbers>

#include "cpu/device/ops.h"

namespace alexnet::cpu {

namespace {

struct Normals {
  const Gaussian& op;
  uint64_t block = ~uint64_t{0};
  double z[4];

  double at(uint64_t index) {
    if (index / 4 != block) {
      block = index / 4;
      const auto words = random_block(op.seed, op.stream, 0, block);
      for (int i = 0; i < 4; i += 2) {
        const double radius = std::sqrt(-2 * std::log((words[i] + 0.5) / 4294967296.0));
        const double angle = 2 * std::numbers::pi * ((words[i + 1] + 0.5) / 4294967296.0);
        z[i] = radius * std::cos(angle);
        z[i + 1] = radius * std::sin(angle);
      }
    }
    return z[index % 4];
  }
};

}  // namespace

void run(const Gaussian& op, const Execution& on) {
  const int64_t rows = op.y.h(), columns = op.y.w(), channels = op.y.c(), area = rows * columns;
  on.pool().share(op.y.n(), 1, [&](int64_t begin, int64_t end, int) {
    Normals normals{op, ~uint64_t{0}, {}};
    for (int64_t k = begin; k < end; ++k)
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t kernel = (op.kernel_offset + k) * op.whole[3] + op.channel_offset + c;
        float* to = on.data(op.y) + k * area * channels + c;
        for (int64_t p = 0; p < area; ++p)
          to[p * channels] = static_cast<float>(
              op.mean + op.deviation * normals.at(static_cast<uint64_t>(kernel * area + p)));
      }
  });
}

ScratchSize scratch(const Gaussian&, const Processor&) { return {}; }

}  // namespace alexnet::cpu
