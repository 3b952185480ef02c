// Max-pooling (paper, section 3.4).
#include "reference/device/ops.h"
#include "reference/elementwise/activation.h"
#include "reference/pooling/windows.h"

namespace alexnet::reference {

void run(const MaxPoolForward& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), y(arena, op.y);
  each(y, [&](int64_t n, int64_t p, int64_t q, int64_t c) {
    const auto value = [&](int64_t h, int64_t w) { return x(n, h, w, c); };
    const Place best = first_maximum(op.pool, x.h(), x.w(), p, q, value);
    y.set(n, p, q, c, value(best.h, best.w));
  });
}

void run(const MaxPoolBackward& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), dy(arena, op.dy), dx(arena, op.dx);
  each(dx, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    const auto value = [&](int64_t i, int64_t j) { return x(n, i, j, c); };
    dx.set(n, h, w, c,
           through(op.activation, x(n, h, w, c), pool_gradient(op.pool, x, dy, n, h, w, c, value)));
  });
}

}  // namespace alexnet::reference
