// y = xs[0] + xs[1] + ..., added in double, rounded once.
#include "reference/device/ops.h"

namespace alexnet::reference {

void run(const Sum& op, const HostBackend& arena, const Step&) {
  const DoubleTensor y(arena, op.y);
  each(y, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    double sum = 0;
    for (const Tensor& x : op.xs) sum += DoubleTensor(arena, x)(n, h, w, c);
    y.set(n, h, w, c, sum);
  });
}

}  // namespace alexnet::reference
