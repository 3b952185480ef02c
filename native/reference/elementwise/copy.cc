// Copies and sums.
#include "reference/device/ops.h"

namespace alexnet::reference {

void run(const Copy& op, const HostBackend& arena, const Step&) {
  const View x(arena, op.x), y(arena, op.y);
  each(y, [&](int64_t n, int64_t h, int64_t w, int64_t c) { y.set(n, h, w, c, x(n, h, w, c)); });
}

void run(const Sum& op, const HostBackend& arena, const Step&) {
  const View y(arena, op.y);
  each(y, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    double sum = 0;
    for (const Tensor& x : op.xs) sum += View(arena, x)(n, h, w, c);
    y.set(n, h, w, c, sum);
  });
}

}  // namespace alexnet::reference
