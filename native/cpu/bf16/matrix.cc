// A fully connected layer forward and its gradient with respect to the input. The weights are by far the
// largest operand. Each thread packs its own part of them, one unit at a time, and no other thread reads it.

#include "cpu/bf16/convolution.h"
#include "cpu/bf16/product.h"
#include "cpu/bf16/windows.h"

namespace alexnet::cpu {

namespace {

// The images, packed once for all threads: panels of columns in the forward pass, rows in the backward pass.
int64_t images_halves(const GatherGemm& g) {
  return g.w_inner == 1 ? bf16_columns_halves(g.grid.images, g.inner)
                        : bf16_rows_halves(g.grid.images, g.inner);
}

void pack_images(const GatherGemm& g, uint16_t* packed, const Execution& on) {
  const int64_t blocks = bf16_blocks(g.grid.images), pieces = (g.inner + kBf16Depth - 1) / kBf16Depth;
  on.pool().share(blocks * pieces, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; ++u) {
      const int64_t image = u % blocks * kBf16Block, k = u / blocks * kBf16Depth;
      const int64_t images = std::min(kBf16Block, g.grid.images - image);
      const int64_t depth = std::min(kBf16Depth, g.inner - k);
      const float* from[kBf16Block];
      point_at_pixels(g.source, g.source_strides, PixelWalk(1, 1, image), images, from);
      if (g.w_inner == 1)
        on.bf16().turn_columns(from, k, images, depth,
                               packed + bf16_columns_at(g.grid.images, image, k, depth));
      else
        on.bf16().pack_rows(from, k, images, depth, packed + bf16_rows_at(g.grid.images, image, k, depth));
    }
  });
}

// Outputs are the rows and images the columns: packing a row of the weights is then only rounding.
void forward_unit(const GatherGemm& g, const Bf16Unit& unit, const uint16_t* packed, uint16_t* own,
                  float* sums, const Bf16Kernels& bf16) {
  const float* from[kBf16Own * kBf16Block];
  const uint16_t* short_from[kBf16Own * kBf16Block];
  for (int64_t m = 0; m < unit.rows; ++m) {
    const int64_t at = (unit.row + m) * g.w_output;
    if (g.short_weights)
      short_from[m] = g.short_weights + at;
    else
      from[m] = g.weights + at;
  }
  const Epilogue epilogue{g.bias, g.accumulate, g.activation, g.scale};
  multiply_unit(
      bf16, unit, g.inner, sums,
      [&](int64_t k, int64_t depth) {
        if (g.short_weights)
          bf16.pack_short_rows(short_from, k, unit.rows, depth, own);
        else
          bf16.pack_rows(from, k, unit.rows, depth, own);
        return own;
      },
      [&](int64_t k, int64_t depth) {
        return packed + bf16_columns_at(g.grid.images, unit.column, k, depth);
      },
      [&](int64_t row, int64_t rows, int64_t column, int64_t columns, const float* block) {
        float* to[kBf16Block];
        point_at_pixels(g.target, g.target_strides, PixelWalk(1, 1, column), columns, to);
        bf16.finish_turned(epilogue, block, rows, columns, to, row);
      });
}

void backward_unit(const GatherGemm& g, const Bf16Unit& unit, const uint16_t* packed, uint16_t* own,
                   float* sums, const Bf16Kernels& bf16) {
  const Epilogue epilogue{nullptr, g.accumulate, 0, 1};
  multiply_unit(
      bf16, unit, g.inner, sums,
      [&](int64_t k, int64_t depth) { return packed + bf16_rows_at(g.grid.images, unit.row, k, depth); },
      [&](int64_t k, int64_t depth) {
        const float* from[kBf16Depth];
        for (int64_t i = 0; i < depth; ++i) from[i] = g.weights + (k + i) * g.w_inner;
        for (int64_t n = 0; n < unit.columns; n += kBf16Block)
          bf16.pack_columns(from, unit.column + n, std::min(kBf16Block, unit.columns - n), depth,
                            own + n * bf16_padded(depth));
        return own;
      },
      [&](int64_t row, int64_t rows, int64_t column, int64_t columns, const float* block) {
        float* to[kBf16Block];
        point_at_pixels(g.target, g.target_strides, PixelWalk(1, 1, row), rows, to);
        bf16.finish(epilogue, block, rows, columns, to, column);
      });
}

}  // namespace

ScratchSize bf16_matrix_scratch(const GatherGemm& g) {
  return {bf16_unit_floats(), bf16_floats(images_halves(g))};
}

void bf16_matrix(const GatherGemm& g, const ScratchSize& size, const Execution& on) {
  const bool forward = g.w_inner == 1;
  auto* packed = reinterpret_cast<uint16_t*>(on.shared());
  pack_images(g, packed, on);
  const int threads = on.pool().threads();
  const Bf16Units units = forward ? bf16_units(g.outputs, g.grid.images, kBf16Own, kBf16Ready, 1, threads)
                                  : bf16_units(g.grid.images, g.outputs, kBf16Ready, kBf16Own, 1, threads);
  on.pool().share(units.count(), 1, [&](int64_t begin, int64_t end, int thread) {
    float* own = on.own(thread, size);
    for (int64_t u = begin; u < end; ++u)
      (forward ? forward_unit : backward_unit)(g, units.at(u), packed, reinterpret_cast<uint16_t*>(own),
                                               own + bf16_own_floats(), on.bf16());
  });
}

}  // namespace alexnet::cpu
