// The three passes of a convolution, shared out over the threads. A fully connected layer is one whose window
// is its whole input; it is handed to the kernels as a plain matrix product.

#include <algorithm>
#include <vector>

#include "cpu/backend.h"
#include "cpu/winograd.h"

namespace alexnet::cpu {

namespace {

Strides strides_of(const Tensor& t) { return {t.strides[0], t.strides[1], t.strides[2]}; }

// Whether one window covers the whole of x, read in w's own order.
bool is_fully_connected(const Tensor& x, const Tensor& w, const Tensor& y, const Padding& padding,
                        int64_t groups) {
  const bool adjacent = x.strides[2] == x.c() && x.strides[1] == x.w() * x.c();
  return groups == 1 && x.h() == w.h() && x.w() == w.w() && y.h() == 1 && y.w() == 1 && adjacent &&
         padding.top == 0 && padding.left == 0;
}

Grid matrix_grid(int64_t images) { return {images, 1, 1, 1, 1, 1, 1, 1, 0, 0, false}; }

// Fewer images than this: a product row by row, which reads the weights once.
constexpr int64_t kFewImages = 8;

struct Convolution {
  const Tensor& x;
  const Tensor& w;
  const Tensor& y;
  const Padding& padding;
  int64_t stride, groups;

  Grid grid() const {
    return {y.n(), y.h(), y.w(), x.h(), x.w(), w.h(), w.w(), stride, padding.top, padding.left, false};
  }
};

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

ScratchSize scratch_size(const Kernels& kernels, const GatherGemm& g, int64_t groups) {
  if (uses_winograd(kernels, g)) return winograd_scratch_size(kernels, g, groups);
  if (!g.matrix) return {kernels.gather_scratch(g), 0};
  if (g.w_inner != 1) return {kernels.matrix_backward_scratch(g), 0};
  if (g.grid.images < kFewImages) return {};
  return {kernels.matrix_scratch(g), kernels.matrix_shared(g)};
}

GatherGemm gather_of(const ConvolutionForward& op) {
  const Convolution c{op.x, op.w, op.y, op.padding, op.stride, op.groups};
  GatherGemm g{};
  g.grid = c.grid();
  g.source_strides = strides_of(op.x);
  g.target_strides = strides_of(op.y);
  g.w_row = op.w.strides[1], g.w_column = op.w.strides[2], g.w_inner = 1, g.w_output = op.w.strides[0];
  g.inner = op.w.c();
  g.outputs = op.w.n() / op.groups;
  g.accumulate = op.accumulate;
  g.activation = static_cast<int>(op.activation);
  g.scale = static_cast<float>(op.scale);
  g.packed = op.packed.has_value();
  g.matrix = is_fully_connected(op.x, op.w, op.y, op.padding, op.groups);
  if (g.matrix) {
    g.grid = matrix_grid(op.x.n());
    g.inner = op.w.h() * op.w.w() * op.w.c();
  }
  return g;
}

GatherGemm gather_of(const ConvolutionBackwardData& op) {
  const Convolution c{op.dx, op.w, op.dy, op.padding, op.stride, op.groups};
  GatherGemm g{};
  const Grid forward = c.grid();
  g.grid = {op.dx.n(),       op.dx.h(),      op.dx.w(),   op.dy.h(),    op.dy.w(), forward.rows,
            forward.columns, forward.stride, forward.top, forward.left, true};
  g.source_strides = strides_of(op.dy);
  g.target_strides = strides_of(op.dx);
  g.w_row = op.w.strides[1], g.w_column = op.w.strides[2], g.w_inner = op.w.strides[0], g.w_output = 1;
  g.inner = op.w.n() / op.groups;
  g.outputs = op.w.c();
  g.accumulate = op.accumulate;
  g.scale = 1;
  g.matrix = is_fully_connected(op.dx, op.w, op.dy, op.padding, op.groups);
  if (g.matrix) {
    g.grid = matrix_grid(op.dx.n());
    g.outputs = op.w.h() * op.w.w() * op.w.c();
  }
  return g;
}

OuterGemm outer_of(const ConvolutionBackwardWeights& op) {
  const Convolution c{op.x, op.dw, op.dy, op.padding, op.stride, op.groups};
  OuterGemm g{};
  g.grid = c.grid();
  g.x_strides = strides_of(op.x);
  g.dy_strides = strides_of(op.dy);
  g.dw_output = op.dw.strides[0], g.dw_row = op.dw.strides[1], g.dw_column = op.dw.strides[2];
  g.inner = op.dw.c();
  g.outputs = op.dw.n() / op.groups;
  g.matrix = is_fully_connected(op.x, op.dw, op.dy, op.padding, op.groups);
  if (g.matrix) {
    g.grid = matrix_grid(op.x.n());
    g.inner = op.dw.h() * op.dw.w() * op.dw.c();
  }
  return g;
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

ScratchSize scratch_size(const Kernels& kernels, const ConvolutionForward& op) {
  return scratch_size(kernels, gather_of(op), op.groups);
}

ScratchSize scratch_size(const Kernels& kernels, const ConvolutionBackwardData& op) {
  return scratch_size(kernels, gather_of(op), op.groups);
}

ScratchSize scratch_size(const Kernels& kernels, const ConvolutionBackwardWeights& op) {
  const OuterGemm g = outer_of(op);
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
  if (g.matrix)
    matrix(g, run);
  else if (uses_winograd(run.kernels(), g))
    winograd_all(g, op.groups, op.w.c(), g.outputs, weight_step, op.packed ? run.data(*op.packed) : nullptr,
                 run);
  else
    gather_all(g, op.groups, op.w.c(), g.outputs, weight_step, run);
  if (op.dropout) apply_dropout(*op.dropout, op.y, g.target, run);
}

bool takes_bfloat16_weights(const ConvolutionForward& op) {
  return is_fully_connected(op.x, op.w, op.y, op.padding, op.groups);
}

size_t CpuBackend::packed_bytes(const ConvolutionForward& op) const {
  GatherGemm g = gather_of(op);
  g.packed = true;
  return uses_winograd(kernels_, g) ? winograd_packed_floats(kernels_, g, op.groups) * sizeof(float) : 0;
}

void CpuBackend::pack(const ConvolutionForward& op) {
  GatherGemm g = gather_of(op);
  g.weights = data<float>(op.w);
  std::vector<float> deep(winograd_deep_floats(g, op.groups));
  winograd_pack_all(g, op.groups, g.outputs * g.w_output, kernels_, pool_, data<float>(*op.packed),
                    deep.data());
}

void run(const ConvolutionBackwardData& op, const Run& run) {
  GatherGemm g = gather_of(op);
  g.source = run.data(op.dy);
  g.target = run.data(op.dx);
  g.weights = run.data(op.w);
  if (g.matrix) return matrix(g, run);
  if (uses_winograd(run.kernels(), g))
    return winograd_all(g, op.groups, g.inner, op.w.c(), g.inner * g.w_inner, nullptr, run);
  gather_all(g, op.groups, g.inner, op.w.c(), g.inner * g.w_inner, run);
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
  if (g.matrix) {
    const size_t floats = kernels.matrix_weights_scratch(g);
    run.pool().share(kernels.matrix_weights_units(g), 1, [&](int64_t begin, int64_t end, int thread) {
      kernels.matrix_weights(g, begin, end, run.scratch(thread, floats));
    });
  } else if (uses_winograd(kernels, g)) {
    for (int64_t i = 0; i < op.groups; ++i) winograd_weights(group(i), run);
  } else if (kernels.is_first_layer(g)) {
    for (int64_t i = 0; i < op.groups; ++i) first_layer(group(i), run);
  } else {
    const size_t floats = kernels.outer_scratch(g);
    const int64_t units = kernels.outer_units(g);
    run.pool().share(units * op.groups, 1, [&](int64_t begin, int64_t end, int thread) {
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
