// Local response normalisation (lrn.h), divided among the threads by pixels.

#include "cpu/device/ops.h"
#include "cpu/normalisation/kernel_arguments.h"

namespace alexnet::cpu {

void run(const LrnForward& op, const Execution& on) {
  const Lrn lrn = lrn_of(op.lrn);
  const int64_t channels = op.x.c();
  const ScratchSize size = scratch(op, on.processor());
  on.pool().share(op.x.count() / channels, 64, [&](int64_t begin, int64_t end, int thread) {
    on.kernels().lrn_forward(lrn, on.data(op.x) + begin * channels, on.data(op.y) + begin * channels,
                             end - begin, channels, on.own(thread, size));
  });
}

void run(const LrnBackward& op, const Execution& on) {
  const Lrn lrn = lrn_of(op.lrn);
  const int64_t channels = op.x.c();
  const ScratchSize size = scratch(op, on.processor());
  on.pool().share(op.x.count() / channels, 64, [&](int64_t begin, int64_t end, int thread) {
    const int64_t at = begin * channels;
    on.kernels().lrn_backward(lrn, on.data(op.x) + at, on.data(op.dy) + at, on.data(op.dx) + at, end - begin,
                              channels, static_cast<int>(op.activation), on.own(thread, size));
  });
}

ScratchSize scratch(const LrnForward& op, const Processor& processor) {
  return {processor.kernels.lrn_scratch(lrn_of(op.lrn), op.x.c()), 0};
}

ScratchSize scratch(const LrnBackward& op, const Processor& processor) {
  return {processor.kernels.lrn_scratch(lrn_of(op.lrn), op.x.c()), 0};
}

}  // namespace alexnet::cpu
