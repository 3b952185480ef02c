// Max-pooling alone (paper, section 3.4): ring.cuh without a normalisation.
// Memory traffic: x and y once (forward); x, dy and dx once (backward).
#include "cuda/pooling/launch.cuh"

namespace alexnet::cuda {
namespace {

// Calls f(T{}, how the maps are read).
template <class F>
void with_maps(const Tensor& x, F&& f) {
  with_type(x.dtype, [&](auto zero) {
    using T = decltype(zero);
    if (x.c() % Pack<T>::kCount == 0)
      f(zero, NoLrn<T, Pack<T>::kCount>());
    else
      f(zero, NoLrn<T, 1>());
  });
}

}  // namespace

void run(const MaxPoolForward& op, const Launch& on) {
  with_maps(op.x, [&]<class T, class Maps>(T, const Maps& maps) {
    pool_forward<T>(op.pool, op.x, op.y, op.x.c(), 0, maps, on);
  });
}

void run(const MaxPoolBackward& op, const Launch& on) {
  with_maps(op.x, [&]<class T, class Maps>(T, const Maps& maps) {
    pool_backward<T>(op.pool, op.activation, op.x, op.dy, op.dx, op.x.c(), 0, maps, on);
  });
}

}  // namespace alexnet::cuda
