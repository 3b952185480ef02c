// Normalisation and pooling shared out over the threads by images, or by rows where there are few images.

#include <algorithm>

#include "cpu/device/backend.h"

namespace alexnet::cpu {

Lrn lrn_of(const LrnParameters& p) {
  return {p.size, p.groups, static_cast<float>(p.k), static_cast<float>(p.alpha), static_cast<float>(p.beta)};
}

namespace {

Planes planes_of(const Tensor& x) { return {x.n(), x.h(), x.w(), x.c()}; }

}  // namespace

LrnPool lrn_pool_of(const Tensor& x, const Tensor& y, const PoolParameters& pool, const LrnParameters* lrn,
                    Activation activation) {
  LrnPool op{};
  op.x = planes_of(x);
  op.out_height = y.h(), op.out_width = y.w();
  op.pool_size = pool.size, op.pool_stride = pool.stride;
  op.normalise = lrn != nullptr;
  op.lrn = lrn ? lrn_of(*lrn) : Lrn{1, 1, 1, 0, 0};
  op.activation = static_cast<int>(activation);
  return op;
}

namespace {

void pool_forward(const LrnPool& op, const Tensor& x, const Tensor& y, const Run& run) {
  const Kernels& kernels = run.kernels();
  const size_t floats = kernels.lrn_pool_scratch(op);
  const float* from = run.data(x);
  float* to = run.data(y);
  if (op.x.images >= run.pool().threads()) {
    run.pool().share(op.x.images, 1, [&](int64_t begin, int64_t end, int thread) {
      kernels.lrn_pool_forward(op, from, to, begin, end, 0, op.out_height, run.scratch(thread, floats));
    });
    return;
  }
  run.pool().share(op.out_height, 1, [&](int64_t begin, int64_t end, int thread) {
    kernels.lrn_pool_forward(op, from, to, 0, op.x.images, begin, end, run.scratch(thread, floats));
  });
}

void pool_backward(const LrnPool& op, const Tensor& x, const Tensor& dy, const Tensor& dx, const Run& run) {
  const Kernels& kernels = run.kernels();
  const size_t floats = kernels.lrn_pool_scratch(op);
  run.pool().share(op.x.images, 1, [&](int64_t begin, int64_t end, int thread) {
    kernels.lrn_pool_backward(op, run.data(x), run.data(dy), run.data(dx), begin, end,
                              run.scratch(thread, floats));
  });
}

}  // namespace

void run(const LrnPoolForward& op, const Run& run) {
  pool_forward(lrn_pool_of(op.x, op.y, op.pool, &op.lrn, Activation::kNone), op.x, op.y, run);
}
void run(const MaxPoolForward& op, const Run& run) {
  pool_forward(lrn_pool_of(op.x, op.y, op.pool, nullptr, Activation::kNone), op.x, op.y, run);
}
void run(const LrnPoolBackward& op, const Run& run) {
  pool_backward(lrn_pool_of(op.x, op.dy, op.pool, &op.lrn, op.activation), op.x, op.dy, op.dx, run);
}
void run(const MaxPoolBackward& op, const Run& run) {
  pool_backward(lrn_pool_of(op.x, op.dy, op.pool, nullptr, op.activation), op.x, op.dy, op.dx, run);
}

void run(const LrnForward& op, const Run& run) {
  const Lrn lrn = lrn_of(op.lrn);
  const int64_t channels = op.x.c();
  const size_t floats = scratch_size(run.backend, op).each;
  run.pool().share(op.x.count() / channels, 64, [&](int64_t begin, int64_t end, int thread) {
    run.kernels().lrn_forward(lrn, run.data(op.x) + begin * channels, run.data(op.y) + begin * channels,
                              end - begin, channels, run.scratch(thread, floats));
  });
}

void run(const LrnBackward& op, const Run& run) {
  const Lrn lrn = lrn_of(op.lrn);
  const int64_t channels = op.x.c();
  const size_t floats = scratch_size(run.backend, op).each;
  run.pool().share(op.x.count() / channels, 64, [&](int64_t begin, int64_t end, int thread) {
    const int64_t at = begin * channels;
    run.kernels().lrn_backward(lrn, run.data(op.x) + at, run.data(op.dy) + at, run.data(op.dx) + at,
                               end - begin, channels, static_cast<int>(op.activation),
                               run.scratch(thread, floats));
  });
}

void run(const MapNormForward& op, const Run& run) {
  const MapNormParameters& p = op.norm;
  const size_t floats = scratch_size(run.backend, op).each;
  run.pool().share(op.x.n(), 1, [&](int64_t begin, int64_t end, int thread) {
    run.kernels().map_norm_forward(planes_of(op.x), p.size, static_cast<float>(p.k),
                                   static_cast<float>(p.alpha), static_cast<float>(p.beta), run.data(op.x),
                                   run.data(op.y), begin, end, run.scratch(thread, floats));
  });
}

void run(const MapNormBackward& op, const Run& run) {
  const MapNormParameters& p = op.norm;
  const size_t floats = scratch_size(run.backend, op).each;
  run.pool().share(op.x.n(), 1, [&](int64_t begin, int64_t end, int thread) {
    run.kernels().map_norm_backward(planes_of(op.x), p.size, static_cast<float>(p.k),
                                    static_cast<float>(p.alpha), static_cast<float>(p.beta), run.data(op.x),
                                    run.data(op.dy), run.data(op.dx), begin, end,
                                    run.scratch(thread, floats));
  });
}

}  // namespace alexnet::cpu
