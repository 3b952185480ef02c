// Converts uint8 images to the network's input: crop, reflection, mean and colour shift in one pass (paper,
// sections 2 and 4.1).
//
// Sixteen pixels are processed at a time: their 48 values are whole vectors, in which the colours always lie
// at the same places. Reflected pixels, and pixels whose colours are swapped, are put in order first.

#include <algorithm>

#include "cpu/device/ops.h"

namespace alexnet::cpu {

namespace {

constexpr int64_t kPixels = 16, kNumbers = 3 * kPixels;

// One image's factors and shifts, and its means where all pixels share them, in the order of the output's
// colours.
struct Colours {
  float factor[kNumbers], shift[kNumbers], mean[kNumbers];
};

Colours colours_of(const Preprocess& op, const float* view, const float* mean) {
  Colours colours;
  for (int64_t i = 0; i < kNumbers; ++i) {
    const size_t c = static_cast<size_t>(op.order == ChannelOrder::kBgr ? 2 - i % 3 : i % 3);
    colours.factor[i] = static_cast<float>(static_cast<double>(view[6]) / op.deviation[c]);
    colours.shift[i] = view[3 + c];
    colours.mean[i] = mean[c];
  }
  return colours;
}

// Copies `count` pixels, each `step` elements after the previous one: +3 or -3.
template <class T>
void put_in_order(const T* from, int64_t step, bool reverse_colours, int64_t count, T* to) {
  const int64_t first = reverse_colours ? 2 : 0;
  for (int64_t p = 0; p < count; ++p, from += step, to += 3)
    to[0] = from[first], to[1] = from[1], to[2] = from[2 - first];
}

inline void apply(const Colours& colours, const uint8_t* from, const float* mean, int64_t count,
                  float* __restrict to) {
  for (int64_t i = 0; i < count; ++i)
    to[i] = colours.factor[i] * (static_cast<float>(from[i]) - mean[i] + colours.shift[i]);
}

}  // namespace

void run(const Preprocess& op, const Execution& on) {
  const Tensor& y = op.y;
  const int64_t side_h = op.images.h(), side_w = op.images.w(), height = y.h(), width = y.w();
  const bool mean_image = op.mean.h() > 1 || op.mean.w() > 1 || (side_h == 1 && side_w == 1);
  const bool centre = op.mean_at == MeanAt::kCentre, bgr = op.order == ChannelOrder::kBgr;
  const uint8_t* images = on.backend.data<uint8_t>(op.images);
  const float* mean = on.data(op.mean);
  on.pool().share(y.n() * height, 16, [&](int64_t begin, int64_t end, int) {
    Colours colours;
    for (int64_t line = begin; line < end; ++line) {
      const int64_t n = line / height, i = line % height;
      const float* view = on.data(op.views) + n * 8;
      const int64_t top = static_cast<int64_t>(view[0]), left = static_cast<int64_t>(view[1]);
      const bool flip = view[2] != 0;
      if (i == 0 || line == begin) colours = colours_of(op, view, mean);
      const uint8_t* image_row = images + ((n * side_h + top + i) * side_w + left) * 3;
      const int64_t mean_top = centre ? (side_h - height) / 2 : top;
      const int64_t mean_left = centre ? (side_w - width) / 2 : left;
      const float* mean_row = mean_image ? mean + ((mean_top + i) * side_w + mean_left) * 3 : mean;
      for (int64_t j = 0; j < width; j += kPixels) {
        const int64_t pixels = std::min(kPixels, width - j), reflected = width - 1 - j;
        const uint8_t* from = image_row + j * 3;
        const float* means = mean_image ? mean_row + j * 3 : colours.mean;
        uint8_t ordered[kNumbers];
        float ordered_means[kNumbers];
        if (flip || bgr) {
          put_in_order(flip ? image_row + reflected * 3 : from, flip ? -3 : 3, bgr, pixels, ordered);
          from = ordered;
        }
        if (mean_image && ((flip && !centre) || bgr)) {
          const bool reflect = flip && !centre;
          put_in_order(reflect ? mean_row + reflected * 3 : means, reflect ? -3 : 3, bgr, pixels,
                       ordered_means);
          means = ordered_means;
        }
        float* to = on.data(y) + (line * width + j) * 3;
        if (pixels == kPixels) {
          apply(colours, from, means, kNumbers, to);
        } else {
          apply(colours, from, means, pixels * 3, to);
        }
      }
    }
  });
}

ScratchSize scratch(const Preprocess&, const Processor&) { return {}; }

}  // namespace alexnet::cpu
