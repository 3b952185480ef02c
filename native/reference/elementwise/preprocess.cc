// Converts stored images to the network's input (paper, sections 2 and 4.1): crop, horizontal reflection,
// mean and colour shift.
//
//   y(n, i, j, c) = scale / deviation_c * (image(n, top + i, left + j', c) - mean + shift_c),
//   j' = flip ? W - 1 - j : j
#include "reference/device/ops.h"

namespace alexnet::reference {
namespace {

constexpr int64_t kColours = 3;

struct Crop {  // one row of `views`
  int64_t top, left;
  bool flip;
  double shift[kColours], scale;
};

Crop crop_of(const DoubleTensor& views, int64_t n) {
  const auto field = [&](int64_t i) { return views(n, 0, 0, i); };
  return {static_cast<int64_t>(field(0)),
          static_cast<int64_t>(field(1)),
          field(2) != 0,
          {field(3), field(4), field(5)},
          field(6)};
}

}  // namespace

void run(const Preprocess& op, const HostBackend& arena, const Step&) {
  const DoubleTensor images(arena, op.images), views(arena, op.views), mean(arena, op.mean), y(arena, op.y);
  const bool one_colour = mean.h() == 1 && mean.w() == 1;
  for (int64_t n = 0; n < y.n(); ++n) {
    const Crop crop = crop_of(views, n);
    // The mean is read at the pixel's position in the stored image; or, as in the authors' program, at its
    // output position in the mean's centre crop, which is the same for every crop and never reflected.
    const auto mean_at = [&](int64_t i, int64_t j, int64_t source, int64_t c) {
      if (one_colour) return mean(0, 0, 0, c);
      if (op.mean_at == MeanAt::kCrop) return mean(0, crop.top + i, crop.left + source, c);
      return mean(0, (mean.h() - y.h()) / 2 + i, (mean.w() - y.w()) / 2 + j, c);
    };
    for (int64_t i = 0; i < y.h(); ++i)
      for (int64_t j = 0; j < y.w(); ++j)
        for (int64_t c = 0; c < kColours; ++c) {
          const int64_t source = crop.flip ? y.w() - 1 - j : j;
          const double pixel = images(n, crop.top + i, crop.left + source, c);
          const double value = crop.scale / op.deviation[static_cast<size_t>(c)] *
                               (pixel - mean_at(i, j, source, c) + crop.shift[c]);
          y.set(n, i, j, op.order == ChannelOrder::kBgr ? kColours - 1 - c : c, value);
        }
  }
}

}  // namespace alexnet::reference
