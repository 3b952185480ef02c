// Softmax, loss, rank and gradient of one row of logits at a time (native/core/ops/learning.h).

#include <cmath>

#include "cpu/device/ops.h"

namespace alexnet::cpu {

void run(const SoftmaxCrossEntropy& op, const Execution& on) {
  const int64_t images = op.logits.n(), classes = op.logits.c();
  const auto row = [&](const std::optional<Tensor>& t, int64_t n, int64_t width) {
    return t ? on.data(*t) + n * width : nullptr;
  };
  const int32_t* labels = op.labels ? on.backend.data<int32_t>(*op.labels) : nullptr;
  int32_t* ranks = op.ranks ? on.backend.data<int32_t>(*op.ranks) : nullptr;
  on.pool().share(images, 4, [&](int64_t begin, int64_t end, int) {
    for (int64_t n = begin; n < end; ++n) {
      const float* z = on.data(op.logits) + n * classes;
      const int32_t label = labels ? labels[n] : -1;
      float most = z[0];
      for (int64_t j = 1; j < classes; ++j) most = z[j] > most ? z[j] : most;
      double sum = 0;
      for (int64_t j = 0; j < classes; ++j) sum += std::exp(static_cast<double>(z[j] - most));
      float* p = row(op.probabilities, n, classes);
      float* dz = row(op.dlogits, n, classes);
      for (int64_t j = 0; (p || dz) && j < classes; ++j) {
        const double probability = std::exp(static_cast<double>(z[j] - most)) / sum;
        if (p) p[j] = static_cast<float>(probability);
        if (dz)
          dz[j] =
              label < 0 ? 0 : static_cast<float>((probability - (j == label)) / static_cast<double>(images));
      }
      if (float* loss = row(op.losses, n, 1))
        *loss = label < 0 ? 0 : static_cast<float>(std::log(sum) - static_cast<double>(z[label] - most));
      if (!ranks) continue;
      ranks[n] = 0;
      if (label < 0) continue;
      for (int64_t j = 0; j < classes; ++j)
        ranks[n] += !(z[j] < z[label] || (z[j] == z[label] && j >= label));
      if (std::isnan(z[label])) ranks[n] = static_cast<int32_t>(classes);
    }
  });
}

ScratchSize scratch(const SoftmaxCrossEntropy&, const Processor&) { return {}; }

}  // namespace alexnet::cpu
