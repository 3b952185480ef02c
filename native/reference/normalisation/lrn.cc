// LRN alone: lrn.h's formulas at every position.
#include "reference/normalisation/lrn.h"

#include "reference/device/ops.h"
#include "reference/elementwise/activation.h"

namespace alexnet::reference {

void run(const LrnForward& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), y(arena, op.y);
  each(y, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    y.set(n, h, w, c, lrn_value(op.lrn, x, n, h, w, c));
  });
}

void run(const LrnBackward& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), dy(arena, op.dy), dx(arena, op.dx);
  each(dx, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    dx.set(n, h, w, c, through(op.activation, x(n, h, w, c), lrn_gradient(op.lrn, x, n, h, w, c, dy)));
  });
}

}  // namespace alexnet::reference
