// From uint8 images to the network's input: crop, reflection, mean, colour shift in one pass (paper, sections
// 2 and 4.1).

#include "cpu/backend.h"

namespace alexnet::cpu {

void run(const Preprocess& op, const Run& run) {
  const Tensor& y = op.y;
  const int64_t side_h = op.images.h(), side_w = op.images.w(), height = y.h(), width = y.w();
  const bool mean_image = op.mean.h() > 1 || op.mean.w() > 1 || (side_h == 1 && side_w == 1);
  const uint8_t* images = run.backend.data<uint8_t>(op.images);
  const float* mean = run.data(op.mean);
  run.pool().share(y.n() * height, 16, [&](int64_t begin, int64_t end, int) {
    for (int64_t line = begin; line < end; ++line) {
      const int64_t n = line / height, i = line % height;
      const float* view = run.data(op.views) + n * 8;
      const int64_t top = static_cast<int64_t>(view[0]), left = static_cast<int64_t>(view[1]);
      const bool flip = view[2] != 0;
      float factor[3], shift[3];
      for (int c = 0; c < 3; ++c) {
        factor[c] = static_cast<float>(static_cast<double>(view[6]) / op.deviation[c]);
        shift[c] = view[3 + c];
      }
      const uint8_t* from = images + ((n * side_h + top + i) * side_w + left) * 3;
      const bool centre = op.mean_at == MeanAt::kCentre;
      const int64_t mean_top = centre ? (side_h - height) / 2 : top;
      const int64_t mean_left = centre ? (side_w - width) / 2 : left;
      const float* mean_row = mean_image ? mean + ((mean_top + i) * side_w + mean_left) * 3 : mean;
      float* to = run.data(y) + line * width * 3;
      const int order[3] = {op.order == ChannelOrder::kBgr ? 2 : 0, 1,
                            op.order == ChannelOrder::kBgr ? 0 : 2};
      for (int64_t j = 0; j < width; ++j) {
        const int64_t at = (flip ? width - 1 - j : j) * 3;
        const int64_t mean_at = !mean_image ? 0 : centre ? j * 3 : at;
        for (int c = 0; c < 3; ++c)
          to[j * 3 + order[c]] =
              factor[c] * (static_cast<float>(from[at + c]) - mean_row[mean_at + c] + shift[c]);
      }
    }
  });
}

}  // namespace alexnet::cpu
