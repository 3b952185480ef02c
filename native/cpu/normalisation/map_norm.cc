// Normalisation within each map (map_norm.h), divided among the threads by images.

#include "cpu/device/ops.h"
#include "cpu/normalisation/kernel_arguments.h"

namespace alexnet::cpu {

void run(const MapNormForward& op, const Execution& on) {
  const MapNormParameters& p = op.norm;
  const ScratchSize size = scratch(op, on.processor());
  on.pool().share(op.x.n(), 1, [&](int64_t begin, int64_t end, int thread) {
    on.kernels().map_norm_forward(planes_of(op.x), p.size, static_cast<float>(p.k),
                                  static_cast<float>(p.alpha), static_cast<float>(p.beta), on.data(op.x),
                                  on.data(op.y), begin, end, on.own(thread, size));
  });
}

void run(const MapNormBackward& op, const Execution& on) {
  const MapNormParameters& p = op.norm;
  const ScratchSize size = scratch(op, on.processor());
  on.pool().share(op.x.n(), 1, [&](int64_t begin, int64_t end, int thread) {
    on.kernels().map_norm_backward(planes_of(op.x), p.size, static_cast<float>(p.k),
                                   static_cast<float>(p.alpha), static_cast<float>(p.beta), on.data(op.x),
                                   on.data(op.dy), on.data(op.dx), begin, end, on.own(thread, size));
  });
}

ScratchSize scratch(const MapNormForward& op, const Processor&) {
  return {static_cast<size_t>(op.x.c() + 64), 0};
}

ScratchSize scratch(const MapNormBackward& op, const Processor&) {
  return {static_cast<size_t>(op.x.c() * (1 + 2 * op.x.h() * op.x.w()) + 64), 0};
}

}  // namespace alexnet::cpu
