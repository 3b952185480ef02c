#include "cpu/pooling/launch.h"

#include "cpu/normalisation/kernel_arguments.h"

namespace alexnet::cpu {

LrnPool kernel_arguments(const Tensor& x, const Tensor& y, const PoolParameters& pool,
                         const LrnParameters* lrn, Activation activation) {
  LrnPool op{};
  op.x = planes_of(x);
  op.out_height = y.h(), op.out_width = y.w();
  op.pool_size = pool.size, op.pool_stride = pool.stride;
  op.normalise = lrn != nullptr;
  op.lrn = lrn ? lrn_of(*lrn) : Lrn{1, 1, 1, 0, 0};
  op.activation = static_cast<int>(activation);
  return op;
}

ScratchSize pool_scratch(const LrnPool& op, const Processor& processor) {
  return {processor.kernels.lrn_pool_scratch(op), 0};
}

void pool_forward(const LrnPool& op, const Tensor& x, const Tensor& y, const Execution& on) {
  const Kernels& kernels = on.kernels();
  const ScratchSize size = pool_scratch(op, on.processor());
  const float* from = on.data(x);
  float* to = on.data(y);
  if (op.x.images >= on.pool().threads()) {
    on.pool().share(op.x.images, 1, [&](int64_t begin, int64_t end, int thread) {
      kernels.lrn_pool_forward(op, from, to, begin, end, 0, op.out_height, on.own(thread, size));
    });
    return;
  }
  on.pool().share(op.out_height, 1, [&](int64_t begin, int64_t end, int thread) {
    kernels.lrn_pool_forward(op, from, to, 0, op.x.images, begin, end, on.own(thread, size));
  });
}

void pool_backward(const LrnPool& op, const Tensor& x, const Tensor& dy, const Tensor& dx,
                   const Execution& on) {
  const Kernels& kernels = on.kernels();
  const ScratchSize size = pool_scratch(op, on.processor());
  on.pool().share(op.x.images, 1, [&](int64_t begin, int64_t end, int thread) {
    kernels.lrn_pool_backward(op, on.data(x), on.data(dy), on.data(dx), begin, end, on.own(thread, size));
  });
}

}  // namespace alexnet::cpu
