// Activation, dropout and scale: one value in, one value out.
#include "reference/elementwise/activation.h"

#include "reference/device/ops.h"

namespace alexnet::reference {

// y = f(x)
void run(const ActivationForward& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), y(arena, op.y);
  each(y, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    y.set(n, h, w, c, activate(op.activation, x(n, h, w, c)));
  });
}

// dx = mask * dy * f'
void run(const ActivationBackward& op, const HostBackend& arena, const Step& step) {
  const DoubleTensor y(arena, op.y), dy(arena, op.dy), dx(arena, op.dx);
  each(dx, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    const double gradient = through(op.activation, y(n, h, w, c), dy(n, h, w, c));
    dx.set(n, h, w, c, dropped(op.dropout, op.y, step, n, h, w, c) ? 0 : gradient);
  });
}

// Section 4.2: "setting to zero the output of each hidden neuron with probability 0.5". Nothing is scaled
// while training.
void run(const DropoutMask& op, const HostBackend& arena, const Step& step) {
  const DoubleTensor x(arena, op.x), y(arena, op.y);
  each(y, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    y.set(n, h, w, c, dropped(op.dropout, op.x, step, n, h, w, c) ? 0 : x(n, h, w, c));
  });
}

// Section 4.2: at test time every neuron is used and its output multiplied by 0.5.
void run(const Scale& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), y(arena, op.y);
  each(y, [&](int64_t n, int64_t h, int64_t w, int64_t c) { y.set(n, h, w, c, op.factor * x(n, h, w, c)); });
}

}  // namespace alexnet::reference
