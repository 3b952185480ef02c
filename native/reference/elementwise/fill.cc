// A constant (paper, section 5: initial biases).
#include "reference/device/ops.h"

namespace alexnet::reference {

void run(const Fill& op, const HostBackend& arena, const Step&) {
  const DoubleTensor y(arena, op.y);
  each(y, [&](int64_t n, int64_t h, int64_t w, int64_t c) { y.set(n, h, w, c, op.value); });
}

}  // namespace alexnet::reference
