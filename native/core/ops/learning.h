// The loss and the update of parameters.
#pragma once

#include <optional>
#include <vector>

#include "core/ops/parameters.h"

namespace alexnet {

// Softmax with multinomial logistic loss. logits N x 1 x 1 x C; labels N x 1 x 1 x 1 int32 in [-1, C), -1 =
// unlabelled.
//   probabilities  N x 1 x 1 x C, from logits less their maximum
//   losses         N x 1 x 1 x 1, -log p(label); 0 where unlabelled
//   ranks          N x 1 x 1 x 1 int32: how many classes come before the label's (greater logit; equal logit
//                  and smaller index; NaN comes first), so top-k error counts rank >= k; C if the label's
//                  logit is NaN; 0 where unlabelled
//   dlogits        N x 1 x 1 x C, (p - onehot(label)) / N; 0 where unlabelled
struct SoftmaxCrossEntropy {
  static constexpr const char* kName = "softmax_cross_entropy";
  static constexpr bool kTakesStrides = false, kChecksContents = true;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor logits;
  std::optional<Tensor> labels, probabilities, losses, ranks, dlogits;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("logits", s.logits), v.input("labels", s.labels), v.output("probabilities", s.probabilities);
    v.output("losses", s.losses), v.output("ranks", s.ranks), v.output("dlogits", s.dlogits);
  }
  template <class Self, class V>
  static void values(Self&, V&&) {}
  void check() const;
};

// The paper's update (section 5), per segment, e = learning_rates[rate]:
// v <- momentum * v - decay * e * w - e * g;  w <- w + v.
// copy, where there is one, becomes w in its own type: what a network in bfloat16 multiplies with.
struct Sgd {
  static constexpr const char* kName = "sgd";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  struct Segment {
    Tensor w, v, g;
    std::optional<Tensor> copy;
    int64_t rate = 0;
    double decay = 0;
  };
  std::vector<Segment> segments;
  double momentum = 0.9;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    for (auto& segment : s.segments)
      v.inout("w", segment.w), v.inout("v", segment.v), v.input("g", segment.g),
          v.output("copy", segment.copy);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("momentum", s.momentum);
    for (auto& segment : s.segments) v.learning_rate("rate", segment.rate), v.value("decay", segment.decay);
  }
  void check() const;
};

}  // namespace alexnet
