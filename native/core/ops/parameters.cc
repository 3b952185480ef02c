#include "core/ops/parameters.h"

#include "core/complaints.h"

namespace alexnet {

// Of a layer with dropout: its units, numbered over a whole batch, have to fit 64 bits.
constexpr int64_t kMostChannels = int64_t{1} << 22;

void Dropout::check(const Tensor& y) const {
  require(rate >= 0 && rate < 1, is("dropout.rate", rate), "0 to below 1");
  require_range("dropout.channels", channels, 1, kMostChannels);
  require(channel_offset >= 0 && channel_offset <= channels - y.c(),
          is("dropout.channelOffset", channel_offset),
          "0 to " + text_of(channels - y.c()) + ", so that " + text_of(y.c()) +
              " channels lie within the layer's " + text_of(channels));
}

}  // namespace alexnet
