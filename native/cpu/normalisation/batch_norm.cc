// Batch normalisation, divided among the threads by blocks of pixels. The blocks depend only on the shape,
// and their sums are added in order, in double: the number of threads does not change the results.
//
// Memory traffic: forward x twice and y once; backward x and dy twice and dx once.
#include <algorithm>
#include <cmath>

#include "cpu/device/ops.h"

namespace alexnet::cpu {

namespace {

// Elements of a block, 128 KB: they stay in the second-level cache from the block's first pass to its last.
constexpr int64_t kBlockNumbers = 32768;

struct Blocks {
  int64_t pixels, channels, size, count;
};

Blocks blocks_of(const Tensor& x) {
  const int64_t channels = x.c(), pixels = x.count() / channels;
  const int64_t size = std::clamp<int64_t>(kBlockNumbers / channels, 1, pixels);
  return {pixels, channels, size, (pixels + size - 1) / size};
}

// A block's two sums of every channel.
float* sums_of(const Blocks& blocks, int64_t block, const Execution& on) {
  return on.shared() + block * 2 * blocks.channels;
}

// Per-channel values that an op's second pass reads, stored after the blocks' sums.
float* channel_numbers(const Blocks& blocks, int64_t which, const Execution& on) {
  return on.shared() + (2 * blocks.count + which) * blocks.channels;
}

ScratchSize scratch_of(const Tensor& x, int64_t numbers_a_channel) {
  const Blocks blocks = blocks_of(x);
  return {0, static_cast<size_t>((2 * blocks.count + numbers_a_channel) * blocks.channels)};
}

// Calls f(first element, pixels, block) for every block.
template <class F>
void each_block(const Blocks& blocks, const Execution& on, const F& f) {
  on.pool().share(blocks.count, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t block = begin; block < end; ++block)
      f(block * blocks.size * blocks.channels, std::min(blocks.size, blocks.pixels - block * blocks.size),
        block);
  });
}

// Calls f(channel) for every channel.
template <class F>
void each_channel(const Blocks& blocks, const Execution& on, const F& f) {
  on.pool().share(blocks.channels, 16, [&](int64_t begin, int64_t end, int) {
    for (int64_t c = begin; c < end; ++c) f(c);
  });
}

struct Moments {
  double mean = 0, squares = 0;  // squares: about the mean
};

// Combines the blocks' moments (Chan, Golub and LeVeque, 1979), without differences of large numbers.
Moments moments_of(const Blocks& blocks, int64_t channel, const Execution& on) {
  Moments all;
  double seen = 0;
  for (int64_t block = 0; block < blocks.count; ++block) {
    const float* sums = sums_of(blocks, block, on);
    const auto own = static_cast<double>(std::min(blocks.size, blocks.pixels - block * blocks.size));
    const double away = static_cast<double>(sums[channel]) - all.mean, total = seen + own;
    all.mean += away * own / total;
    all.squares += static_cast<double>(sums[blocks.channels + channel]) + away * away * seen * own / total;
    seen = total;
  }
  return all;
}

void apply(const Blocks& blocks, const ChannelLine& line, Activation activation, const Tensor& x,
           const Tensor& y, const Execution& on) {
  const float* from = on.data(x);
  float* to = on.data(y);
  each_block(blocks, on, [&](int64_t first, int64_t pixels, int64_t) {
    on.kernels().batch_norm_apply(line, static_cast<int>(activation), from + first, to + first, pixels,
                                  blocks.channels);
  });
}

}  // namespace

ScratchSize scratch(const BatchNormForward& op, const Processor&) { return scratch_of(op.x, 1); }
ScratchSize scratch(const BatchNormInference& op, const Processor&) {
  return {0, static_cast<size_t>(op.x.c())};
}
ScratchSize scratch(const BatchNormBackward& op, const Processor&) { return scratch_of(op.x, 3); }

void run(const BatchNormForward& op, const Execution& on) {
  const Blocks blocks = blocks_of(op.x);
  const float* x = on.data(op.x);
  each_block(blocks, on, [&](int64_t first, int64_t pixels, int64_t block) {
    float* sums = sums_of(blocks, block, on);
    on.kernels().batch_norm_moments(x + first, pixels, blocks.channels, sums, sums + blocks.channels);
  });
  float* scale = channel_numbers(blocks, 0, on);
  float *mean = on.data(op.mean), *inverse = on.data(op.inverse);
  float *running_mean = on.data(op.running_mean), *running_variance = on.data(op.running_variance);
  const auto count = static_cast<double>(blocks.pixels);
  each_channel(blocks, on, [&](int64_t c) {
    const Moments moments = moments_of(blocks, c, on);
    const auto move = [&](float& running, double now) {
      running = static_cast<float>((1 - op.momentum) * running + op.momentum * now);
    };
    move(running_mean[c], moments.mean);
    move(running_variance[c], moments.squares / std::max(1.0, count - 1));
    mean[c] = static_cast<float>(moments.mean);
    inverse[c] = static_cast<float>(1 / std::sqrt(moments.squares / count + op.epsilon));
    scale[c] = on.data(op.gamma)[c] * inverse[c];
  });
  apply(blocks, {mean, scale, on.data(op.beta)}, op.activation, op.x, op.y, on);
}

void run(const BatchNormInference& op, const Execution& on) {
  const Blocks blocks = blocks_of(op.x);
  float* scale = on.shared();
  for (int64_t c = 0; c < blocks.channels; ++c)
    scale[c] =
        static_cast<float>(static_cast<double>(on.data(op.gamma)[c]) /
                           std::sqrt(static_cast<double>(on.data(op.running_variance)[c]) + op.epsilon));
  apply(blocks, {on.data(op.running_mean), scale, on.data(op.beta)}, op.activation, op.x, op.y, on);
}

void run(const BatchNormBackward& op, const Execution& on) {
  const Blocks blocks = blocks_of(op.x);
  const float *x = on.data(op.x), *dy = on.data(op.dy), *mean = on.data(op.mean);
  each_block(blocks, on, [&](int64_t first, int64_t pixels, int64_t block) {
    float* sums = sums_of(blocks, block, on);
    on.kernels().batch_norm_sums(x + first, dy + first, mean, pixels, blocks.channels, sums,
                                 sums + blocks.channels);
  });
  float *scale = channel_numbers(blocks, 0, on), *shift = channel_numbers(blocks, 1, on);
  float* slope = channel_numbers(blocks, 2, on);
  const float* inverse = on.data(op.inverse);
  const auto count = static_cast<double>(blocks.pixels);
  each_channel(blocks, on, [&](int64_t c) {
    double sum = 0, product = 0;
    for (int64_t block = 0; block < blocks.count; ++block) {
      const float* sums = sums_of(blocks, block, on);
      sum += static_cast<double>(sums[c]), product += static_cast<double>(sums[blocks.channels + c]);
    }
    const auto deviations = static_cast<double>(inverse[c]);
    on.data(op.dbeta)[c] = static_cast<float>(sum);
    on.data(op.dgamma)[c] = static_cast<float>(product * deviations);
    scale[c] = on.data(op.gamma)[c] * inverse[c];
    shift[c] = static_cast<float>(sum / count);
    slope[c] = static_cast<float>(product * deviations * deviations / count);
  });
  float* dx = on.data(op.dx);
  each_block(blocks, on, [&](int64_t first, int64_t pixels, int64_t) {
    on.kernels().batch_norm_gradient({mean, scale, shift}, slope, x + first, dy + first, dx + first, pixels,
                                     blocks.channels);
  });
}

}  // namespace alexnet::cpu
