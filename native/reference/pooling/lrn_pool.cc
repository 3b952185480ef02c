// LRN and the max-pool after it: exactly the composition of the two. The pool's inputs are the normalised
// values; LRN's incoming gradient is the pool's gradient.
#include "reference/device/ops.h"
#include "reference/elementwise/activation.h"
#include "reference/normalisation/lrn.h"
#include "reference/pooling/windows.h"

namespace alexnet::reference {

void run(const LrnPoolForward& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), y(arena, op.y);
  each(y, [&](int64_t n, int64_t p, int64_t q, int64_t c) {
    const auto value = [&](int64_t h, int64_t w) { return lrn_value(op.lrn, x, n, h, w, c); };
    const Place best = first_maximum(op.pool, x.h(), x.w(), p, q, value);
    y.set(n, p, q, c, value(best.h, best.w));
  });
}

void run(const LrnPoolBackward& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), dy(arena, op.dy), dx(arena, op.dx);
  // The gradient with respect to the normalised map, which is never stored.
  const auto dz = [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    const auto value = [&](int64_t i, int64_t j) { return lrn_value(op.lrn, x, n, i, j, c); };
    return pool_gradient(op.pool, x, dy, n, h, w, c, value);
  };
  each(dx, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    dx.set(n, h, w, c, through(op.activation, x(n, h, w, c), lrn_gradient(op.lrn, x, n, h, w, c, dz)));
  });
}

}  // namespace alexnet::reference
