// The paper's update (section 5), segment by segment; the kernel is in sgd.h.

#include <algorithm>

#include "cpu/device/ops.h"

namespace alexnet::cpu {

void run(const Sgd& op, const Execution& on) {
  for (const auto& s : op.segments) {
    const float rate = on.step.learning_rates.at(static_cast<size_t>(s.rate));
    const float decay = static_cast<float>(s.decay * static_cast<double>(rate));
    on.pool().share(s.w.count(), kElementGrain, [&](int64_t begin, int64_t end, int) {
      on.kernels().sgd(on.data(s.w) + begin, on.data(s.v) + begin, on.data(s.g) + begin,
                       static_cast<float>(op.momentum), decay, rate, end - begin);
      if (s.copy) std::copy(on.data(s.w) + begin, on.data(s.w) + end, on.data(*s.copy) + begin);
    });
  }
}

ScratchSize scratch(const Sgd&, const Processor&) { return {}; }

}  // namespace alexnet::cpu
