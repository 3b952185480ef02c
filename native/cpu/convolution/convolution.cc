// The three passes of a convolution, shared out over the threads. A fully connected layer is one whose window
// is its whole input; it is handed to the kernels as a plain matrix product.

#include <algorithm>
#include <vector>

#include "cpu/bf16/convolution.h"
#include "cpu/convolution/gemm_of.h"
#include "cpu/device/backend.h"
#include "cpu/winograd/winograd.h"

namespace alexnet::cpu {

namespace {

// With as many pixels a thread, packing all weights costs it 2 % of its time or less.
constexpr int64_t kManyPixels = 1024;

// Shares pixels out, which keeps each thread's in its own cache, where there are many or images are padded
// first; else panels of outputs, groups' one behind another's, and within a panel tiles of pixels, so that
// each thread packs hardly more than its part of the weights.
void gather_all(const GatherGemm& first, int64_t groups, int64_t source_step, int64_t target_step,
                int64_t weight_step, const Run& run) {
  const Kernels& kernels = run.kernels();
  const int64_t pixels = first.grid.images * first.grid.height * first.grid.width;
  const int64_t panels = (first.outputs + kernels.columns - 1) / kernels.columns;
  const size_t floats = kernels.gather_scratch(first);
  const auto group = [&](int64_t g) { return group_of(first, g, source_step, target_step, weight_step); };
  if (pixels >= kManyPixels * run.pool().threads() || kernels.pads_images(first)) {
    run.pool().share(pixels, kernels.rows, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t g = 0; g < groups; ++g)
        kernels.gather(group(g), 0, panels, begin, end, run.scratch(thread, floats));
    });
    return;
  }
  const int64_t tiles = (pixels + kernels.rows - 1) / kernels.rows;
  run.pool().share(groups * panels * tiles, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t at = begin; at < end;) {
      const int64_t panel = at / tiles, tile = at % tiles, count = std::min(tiles - tile, end - at);
      kernels.gather(group(panel / panels), panel % panels, panel % panels + 1, tile * kernels.rows,
                     std::min((tile + count) * kernels.rows, pixels), run.scratch(thread, floats));
      at += count;
    }
  });
}

// A fully connected layer in either direction.
void matrix(const GatherGemm& g, const Run& run) {
  const Kernels& kernels = run.kernels();
  if (g.grid.images < kFewImages && g.w_inner == 1) {
    run.pool().share(g.outputs, 4, [&](int64_t begin, int64_t end, int) { kernels.dot(g, begin, end); });
    return;
  }
  if (g.w_inner != 1) {
    const size_t floats = kernels.matrix_backward_scratch(g);
    run.pool().share(g.outputs, kernels.columns, [&](int64_t begin, int64_t end, int thread) {
      kernels.matrix_backward(g, begin, end, run.scratch(thread, floats));
    });
    return;
  }
  const size_t shared = kernels.matrix_shared(g), floats = kernels.matrix_scratch(g);
  run.pool().share(kernels.matrix_runs(g), 1, [&](int64_t begin, int64_t end, int) {
    kernels.matrix_pack(g, begin, end, run.shared());
  });
  run.pool().share(g.outputs, kernels.rows, [&](int64_t begin, int64_t end, int thread) {
    kernels.matrix_forward(g, begin, end, run.shared(), run.scratch(thread, floats, shared));
  });
}

// Whether the operands are rounded.
template <class Gemm>
bool in_bf16(const CpuBackend& backend, Products products, const Gemm& g) {
  return products == Products::kBfloat16 && backend.bf16() &&
         faster_in_bf16(*backend.bf16(), g.grid, g.matrix, uses_winograd(backend.kernels(), g));
}

ScratchSize scratch_size(const CpuBackend& backend, Products products, const GatherGemm& g, int64_t groups) {
  if (in_bf16(backend, products, g))
    return g.matrix ? bf16_matrix_scratch_size(g) : bf16_scratch_size(g, groups);
  const Kernels& kernels = backend.kernels();
  if (uses_winograd(kernels, g)) return winograd_scratch_size(kernels, g, groups);
  if (!g.matrix) return {kernels.gather_scratch(g), 0};
  if (g.w_inner != 1) return {kernels.matrix_backward_scratch(g), 0};
  if (g.grid.images < kFewImages) return {};
  return {kernels.matrix_scratch(g), kernels.matrix_shared(g)};
}

// Sums over images of each thread's own, then over the threads.
void first_layer(const OuterGemm& g, const Run& run) {
  const Kernels& kernels = run.kernels();
  const size_t floats = kernels.first_layer_scratch(g);
  run.pool().run([&](int thread, int threads) {
    kernels.first_layer(g, g.grid.images * thread / threads, g.grid.images * (thread + 1) / threads,
                        run.scratch(thread, floats));
  });
  run.pool().share(g.outputs, 16, [&](int64_t begin, int64_t end, int) {
    kernels.first_layer_sum(g, run.scratch(0, floats), run.pool().threads(),
                            static_cast<int64_t>(Run::padded(floats)), begin, end);
  });
}

// db: sums of single rows first, for a sum of sums keeps float32's error small.
void sum_columns(const Tensor& dy, const float* from, float* db, const Run& run) {
  run.pool().share(dy.c(), 16, [&](int64_t begin, int64_t end, int) {
    std::fill(db + begin, db + end, 0.0f);
    float row[256];
    for (int64_t c0 = begin; c0 < end; c0 += 256) {
      const int64_t count = std::min(end - c0, int64_t{256});
      for (int64_t n = 0; n < dy.n(); ++n)
        for (int64_t h = 0; h < dy.h(); ++h) {
          std::fill(row, row + count, 0.0f);
          run.kernels().column_sums(from + n * dy.strides[0] + h * dy.strides[1] + c0, dy.w(), dy.strides[2],
                                    count, row);
          for (int64_t c = 0; c < count; ++c) db[c0 + c] += row[c];
        }
    }
  });
}

}  // namespace

ScratchSize scratch_size(const CpuBackend& backend, const ConvolutionForward& op) {
  return scratch_size(backend, op.convolution.products, gather_of(op), op.convolution.groups);
}

ScratchSize scratch_size(const CpuBackend& backend, const ConvolutionBackwardData& op) {
  return scratch_size(backend, op.convolution.products, gather_of(op), op.convolution.groups);
}

ScratchSize scratch_size(const CpuBackend& backend, const ConvolutionBackwardWeights& op) {
  const OuterGemm g = outer_of(op);
  if (in_bf16(backend, op.convolution.products, g)) return bf16_scratch_size(g, op.convolution.groups);
  const Kernels& kernels = backend.kernels();
  if (g.matrix) return {kernels.matrix_weights_scratch(g), 0};
  if (uses_winograd(kernels, g)) return winograd_scratch_size(kernels, g);
  return {kernels.is_first_layer(g) ? kernels.first_layer_scratch(g) : kernels.outer_scratch(g), 0};
}

void run(const ConvolutionForward& op, const Run& run) {
  GatherGemm g = gather_of(op);
  g.source = run.data(op.x);
  g.target = run.data(op.y);
  if (op.w.dtype == DType::kBfloat16)
    g.short_weights = run.backend.data<uint16_t>(op.w);
  else
    g.weights = run.data(op.w);
  g.bias = op.bias ? run.data(*op.bias) : nullptr;
  const int64_t weight_step = g.outputs * g.w_output;
  const float* packed = op.packed ? run.data(*op.packed) : nullptr;
  if (in_bf16(run.backend, op.convolution.products, g))
    g.matrix ? bf16_matrix(g, run)
             : bf16_gather(g, op.convolution.groups, op.w.c(), g.outputs, weight_step,
                           reinterpret_cast<const uint16_t*>(packed), run);
  else if (g.matrix)
    matrix(g, run);
  else if (uses_winograd(run.kernels(), g))
    winograd_all(g, op.convolution.groups, op.w.c(), g.outputs, weight_step, packed, run);
  else
    gather_all(g, op.convolution.groups, op.w.c(), g.outputs, weight_step, run);
  if (op.dropout) apply_dropout(*op.dropout, op.y, g.target, run);
}

size_t CpuBackend::packed_bytes(const ConvolutionForward& op) const {
  GatherGemm g = gather_of(op);
  g.packed = true;
  if (in_bf16(*this, op.convolution.products, g))
    return g.matrix ? 0 : bf16_packed_bytes(g, op.convolution.groups);
  return uses_winograd(kernels_, g)
             ? winograd_packed_floats(kernels_, g, op.convolution.groups) * sizeof(float)
             : 0;
}

void CpuBackend::pack(const ConvolutionForward& op) {
  GatherGemm g = gather_of(op);
  g.weights = data<float>(op.w);
  const int64_t weight_step = g.outputs * g.w_output;
  if (in_bf16(*this, op.convolution.products, g))
    return bf16_pack_weights(g, op.convolution.groups, weight_step, *bf16_, pool_,
                             data<uint16_t>(*op.packed));
  std::vector<float> deep(winograd_deep_floats(g, op.convolution.groups));
  winograd_pack_all(g, op.convolution.groups, weight_step, kernels_, pool_, data<float>(*op.packed),
                    deep.data());
}

void run(const ConvolutionBackwardData& op, const Run& run) {
  GatherGemm g = gather_of(op);
  g.source = run.data(op.dy);
  g.target = run.data(op.dx);
  g.weights = run.data(op.w);
  const int64_t weight_step = g.inner * g.w_inner;
  if (in_bf16(run.backend, op.convolution.products, g))
    return g.matrix ? bf16_matrix(g, run)
                    : bf16_gather(g, op.convolution.groups, g.inner, op.w.c(), weight_step, nullptr, run);
  if (g.matrix) return matrix(g, run);
  if (uses_winograd(run.kernels(), g))
    return winograd_all(g, op.convolution.groups, g.inner, op.w.c(), weight_step, nullptr, run);
  gather_all(g, op.convolution.groups, g.inner, op.w.c(), weight_step, run);
}

void run(const ConvolutionBackwardWeights& op, const Run& run) {
  OuterGemm g = outer_of(op);
  g.x = run.data(op.x);
  g.dy = run.data(op.dy);
  g.dw = run.data(op.dw);
  const Kernels& kernels = run.kernels();
  const auto group = [&](int64_t index) {
    OuterGemm one = g;
    one.x += index * op.dw.c();
    one.dy += index * g.outputs;
    one.dw += index * g.outputs * g.dw_output;
    return one;
  };
  if (in_bf16(run.backend, op.convolution.products, g)) {
    bf16_outer(g, op.convolution.groups, run);
  } else if (g.matrix) {
    const size_t floats = kernels.matrix_weights_scratch(g);
    run.pool().share(kernels.matrix_weights_units(g), 1, [&](int64_t begin, int64_t end, int thread) {
      kernels.matrix_weights(g, begin, end, run.scratch(thread, floats));
    });
  } else if (uses_winograd(kernels, g)) {
    for (int64_t i = 0; i < op.convolution.groups; ++i) winograd_weights(group(i), run);
  } else if (kernels.is_first_layer(g)) {
    for (int64_t i = 0; i < op.convolution.groups; ++i) first_layer(group(i), run);
  } else {
    const size_t floats = kernels.outer_scratch(g);
    const int64_t units = kernels.outer_units(g);
    run.pool().share(units * op.convolution.groups, 1, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t i = begin / units; i <= (end - 1) / units; ++i)
        kernels.outer(group(i), std::max(begin - i * units, int64_t{0}), std::min(end - i * units, units),
                      run.scratch(thread, floats));
    });
  }
  if (op.db) sum_columns(op.dy, g.dy, run.data(*op.db), run);
}

// The gradient lies in the workspace, the rest of which is for computing it.
void run(const ConvolutionUpdate& op, const Run& here) {
  const Tensor gradient = op.gradient_at(here.workspace);
  const size_t floats = Run::padded(static_cast<size_t>(op.w.count()));
  run(op.gradient(gradient), Run{here.backend, here.workspace + floats * sizeof(float), here.step});
  run(op.update(gradient), here);
}

}  // namespace alexnet::cpu
