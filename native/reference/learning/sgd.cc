// The update rule (paper, section 5), e the segment's learning rate:
//
//   v <- 0.9 * v - 0.0005 * e * w - e * dL/dw,   w <- w + v
//
// with momentum and decay as parameters. w takes the v that was stored, rounded to its type.
#include "reference/device/ops.h"

namespace alexnet::reference {

void run(const Sgd& op, const HostBackend& arena, const Step& step) {
  for (const auto& segment : op.segments) {
    const DoubleTensor w(arena, segment.w), v(arena, segment.v), g(arena, segment.g);
    const double e = step.learning_rates.at(static_cast<size_t>(segment.rate));
    each(w, [&](int64_t n, int64_t h, int64_t x, int64_t c) {
      v.set(n, h, x, c, op.momentum * v(n, h, x, c) - segment.decay * e * w(n, h, x, c) - e * g(n, h, x, c));
      w.set(n, h, x, c, w(n, h, x, c) + v(n, h, x, c));
      if (segment.copy) DoubleTensor(arena, *segment.copy).set(n, h, x, c, w(n, h, x, c));
    });
  }
}

}  // namespace alexnet::reference
