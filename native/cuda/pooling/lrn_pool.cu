// Local response normalisation (paper, section 3.3) and the max-pool after it (3.4) in one pass over x:
// lrn_window.h inside ring.cuh. Memory traffic: x and y once (forward); x, dy and dx once (backward).
#include "cuda/pooling/launch.cuh"

namespace alexnet::cuda {

void run(const LrnPoolForward& op, const Launch& on) {
  const LrnShape shape = lrn_shape(op.lrn, op.x.c());
  with_type(op.x.dtype, [&]<class T>(T) {
    with_lrn<T>(shape, [&](const auto& lrn) {
      pool_forward<T>(op.pool, op.x, op.y, shape.group, shape.half, lrn, on);
    });
  });
}

void run(const LrnPoolBackward& op, const Launch& on) {
  const LrnShape shape = lrn_shape(op.lrn, op.x.c());
  with_type(op.x.dtype, [&]<class T>(T) {
    with_lrn<T>(shape, [&](const auto& lrn) {
      pool_backward<T>(op.pool, op.activation, op.x, op.dy, op.dx, shape.group, shape.half, lrn, on);
    });
  });
}

}  // namespace alexnet::cuda
