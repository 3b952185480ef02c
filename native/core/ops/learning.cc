#include "core/ops/learning.h"

#include <limits>
#include <string>

#include "core/complaints.h"
#include "core/ops/bounds.h"

namespace alexnet {

void SoftmaxCrossEntropy::check() const {
  const int64_t images = logits.n(), classes = logits.c();
  require_float("logits", logits), require_shape("logits", logits, {images, 1, 1, classes});
  require(classes <= std::numeric_limits<int32_t>::max(), "logits has more classes than a label can name");
  const Shape row{images, 1, 1, 1};
  if (labels) require_dtype("labels", *labels, DType::kInt32), require_shape("labels", *labels, row);
  if (ranks) require_dtype("ranks", *ranks, DType::kInt32), require_shape("ranks", *ranks, row);
  if (losses) require_float("losses", *losses), require_shape("losses", *losses, row);
  if (probabilities) require_alike("logits", logits, {{"probabilities", &*probabilities}});
  if (dlogits) require_alike("logits", logits, {{"dlogits", &*dlogits}});
}

void Sgd::check() const {
  require(!segments.empty(), "segments is empty", "at least one");
  require_finite("momentum", momentum);
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = segments[i];
    const std::string at = "segments[" + std::to_string(i) + "].";
    require_alike(at + "w", segment.w, {{at + "v", &segment.v}, {at + "g", &segment.g}});
    if (segment.copy) require_alike(at + "w", segment.w, {{at + "copy", &*segment.copy}});
    require_finite(at + "decay", segment.decay);
    require_range(at + "rate", segment.rate, 0, kLargestIndex);
  }
}

}  // namespace alexnet
