// Softmax over the classes and the multinomial logistic objective (paper, section 3.5):
//
//   p_c = exp(z_c - m) / sum_j exp(z_j - m),   m = max_j z_j
//   loss = -log p_label = log(sum_j exp(z_j - m)) - (z_label - m)
//   d(mean loss)/dz_c = (p_c - [c = label]) / N
#include <cmath>

#include "reference/device/ops.h"

namespace alexnet::reference {
namespace {

constexpr int64_t kUnlabelled = -1;

struct Row {
  const DoubleTensor& logits;
  int64_t n;

  double operator[](int64_t c) const { return logits(n, 0, 0, c); }
  int64_t classes() const { return logits.c(); }

  double maximum() const {
    double best = (*this)[0];
    for (int64_t c = 1; c < classes(); ++c)
      if ((*this)[c] > best) best = (*this)[c];
    return best;
  }
  double sum_exp(double m) const {
    double sum = 0;
    for (int64_t c = 0; c < classes(); ++c) sum += std::exp((*this)[c] - m);
    return sum;
  }
  // How many classes come before `label` when sorted by descending logit. Of equal logits the smaller index
  // comes first; NaN comes before all numbers, so that a diverged network is never right.
  int64_t rank(int64_t label) const {
    const double own = (*this)[label];
    if (std::isnan(own)) return classes();
    int64_t before = 0;
    for (int64_t c = 0; c < classes(); ++c) {
      const double other = (*this)[c];
      if (std::isnan(other) || other > own || (other == own && c < label)) ++before;
    }
    return before;
  }
};

int64_t label_of(const SoftmaxCrossEntropy& op, const HostBackend& arena, int64_t n) {
  if (!op.labels) return kUnlabelled;
  return static_cast<int64_t>(DoubleTensor(arena, *op.labels)(n, 0, 0, 0));
}

}  // namespace

void run(const SoftmaxCrossEntropy& op, const HostBackend& arena, const Step&) {
  const DoubleTensor logits(arena, op.logits);
  for (int64_t n = 0; n < logits.n(); ++n) {
    const Row row{logits, n};
    const double m = row.maximum(), sum = row.sum_exp(m);
    const int64_t label = label_of(op, arena, n);
    const bool labelled = label != kUnlabelled;
    for (int64_t c = 0; c < row.classes(); ++c) {
      const double p = std::exp(row[c] - m) / sum;
      if (op.probabilities) DoubleTensor(arena, *op.probabilities).set(n, 0, 0, c, p);
      if (op.dlogits) {
        const double gradient = (p - (c == label ? 1 : 0)) / static_cast<double>(logits.n());
        DoubleTensor(arena, *op.dlogits).set(n, 0, 0, c, labelled ? gradient : 0);
      }
    }
    if (op.losses)
      DoubleTensor(arena, *op.losses).set(n, 0, 0, 0, labelled ? std::log(sum) - (row[label] - m) : 0);
    if (op.ranks)
      DoubleTensor(arena, *op.ranks).set(n, 0, 0, 0, labelled ? static_cast<double>(row.rank(label)) : 0);
  }
}

}  // namespace alexnet::reference
