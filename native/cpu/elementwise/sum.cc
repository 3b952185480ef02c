// Sums of tensors, added in their order.

#include <cstring>

#include "cpu/device/ops.h"

namespace alexnet::cpu {

void run(const Sum& op, const Execution& on) {
  const int64_t channels = op.y.c(), area = op.y.h() * op.y.w();
  const auto at = [&](const Tensor& t, int64_t p) {
    return on.data(t) + p / area * t.strides[0] + p % area / t.w() * t.strides[1] + p % t.w() * t.strides[2];
  };
  on.pool().share(op.y.n() * area, 64, [&](int64_t begin, int64_t end, int) {
    for (int64_t p = begin; p < end; ++p) {
      // Summed in a separate buffer, because y may be one of the terms.
      float total[256];
      for (int64_t c0 = 0; c0 < channels; c0 += 256) {
        const int64_t count = channels - c0 < 256 ? channels - c0 : 256;
        std::memcpy(total, at(op.xs[0], p) + c0, static_cast<size_t>(count) * sizeof(float));
        for (size_t i = 1; i < op.xs.size(); ++i) on.kernels().add(total, at(op.xs[i], p) + c0, total, count);
        std::memcpy(at(op.y, p) + c0, total, static_cast<size_t>(count) * sizeof(float));
      }
    }
  });
}

ScratchSize scratch(const Sum&, const Processor&) { return {}; }

}  // namespace alexnet::cpu
