// Initial weights (paper, section 5): N(0, 0.01^2).
#include <cmath>
#include <numbers>

#include "reference/device/ops.h"

namespace alexnet::reference {
namespace {

double unit(uint32_t word) { return (word + 0.5) / 4294967296.0; }

// Normally distributed value `index` of (seed, stream). A block of Philox has two pairs of words; each pair
// gives two values (Box-Muller).
double normal(Seed seed, uint32_t stream, uint64_t index) {
  const auto words = random_block(seed, stream, 0, index / 4);
  const size_t pair = index % 4 / 2;
  const double radius = std::sqrt(-2 * std::log(unit(words[2 * pair])));
  const double angle = 2 * std::numbers::pi * unit(words[2 * pair + 1]);
  return radius * (index % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

}  // namespace

void run(const Gaussian& op, const HostBackend& arena, const Step&) {
  const DoubleTensor y(arena, op.y);
  const int64_t rows = op.whole[1], columns = op.whole[2], channels = op.whole[3];
  each(y, [&](int64_t kernel, int64_t r, int64_t s, int64_t channel) {
    const int64_t k = op.kernel_offset + kernel, c = op.channel_offset + channel;
    const auto index = static_cast<uint64_t>(((k * channels + c) * rows + r) * columns + s);  // OIHW
    y.set(kernel, r, s, channel, op.mean + op.deviation * normal(op.seed, op.stream, index));
  });
}

}  // namespace alexnet::reference
