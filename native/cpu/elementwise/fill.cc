#include "cpu/device/ops.h"

namespace alexnet::cpu {

void run(const Fill& op, const Execution& on) {
  const float value = static_cast<float>(op.value);
  on.pool().share(op.y.count(), kElementGrain, [&](int64_t begin, int64_t end, int) {
    float* y = on.data(op.y);
    for (int64_t i = begin; i < end; ++i) y[i] = value;
  });
}

ScratchSize scratch(const Fill&, const Processor&) { return {}; }

}  // namespace alexnet::cpu
