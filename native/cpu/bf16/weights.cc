// The gradient with respect to the weights: rows are outputs, columns are a window's elements, and the sums
// run over the pixels. dy is packed for all threads, a block of images at a time; each thread packs the
// windows of its columns. No sum is shared between threads. Each block's sums are added to dw.

#include "cpu/bf16/convolution.h"
#include "cpu/bf16/product.h"
#include "cpu/bf16/windows.h"

namespace alexnet::cpu {

namespace {

// A block of images, for one group.
struct Block {
  const OuterGemm& g;
  int64_t image, pixels;
  const uint16_t* rows;  // dy
  bool first() const { return image == 0; }

  PixelWalk pixel(int64_t index) const { return {g.grid.height, g.grid.width, index}; }
};

void pack_dy(const OuterGroups& groups, int64_t image, int64_t pixels, uint16_t* packed,
             const Execution& on) {
  const OuterGemm& first = groups.first;
  const int64_t blocks = bf16_blocks(first.outputs), pieces = (pixels + kBf16Depth - 1) / kBf16Depth;
  on.pool().share(groups.count * pieces * blocks, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; ++u) {
      const int64_t row = u % blocks * kBf16Block, k = u / blocks % pieces * kBf16Depth;
      const int64_t group = u / blocks / pieces, depth = std::min(kBf16Depth, pixels - k);
      const float* from[kBf16Depth];
      point_at_pixels(first.dy + image * first.dy_strides.image + group * first.outputs, first.dy_strides,
                      PixelWalk(first.grid.height, first.grid.width, k), depth, from);
      on.bf16().turn_rows(from, row, std::min(kBf16Block, first.outputs - row), depth,
                          packed + group * bf16_rows_halves(first.outputs, pixels) +
                              bf16_rows_at(first.outputs, row, k, depth));
    }
  });
}

// pack(pixel k, depth, column, columns, to) packs a panel.
template <class Pack>
void unit_of_block(const Block& block, const Bf16Unit& unit, uint16_t* own, float* sums,
                   const Bf16Kernels& bf16, const Pack& pack) {
  const OuterGemm& g = block.g;
  const Epilogue epilogue{nullptr, !block.first(), 0, 1};
  multiply_unit(
      bf16, unit, block.pixels, sums,
      [&](int64_t k, int64_t depth) { return block.rows + bf16_rows_at(g.outputs, unit.row, k, depth); },
      [&](int64_t k, int64_t depth) {
        pack(k, depth, [&](const auto& panel) {
          for (int64_t n = 0; n < unit.columns; n += kBf16Block)
            panel(unit.column + n, std::min(kBf16Block, unit.columns - n), own + n * bf16_padded(depth));
        });
        return own;
      },
      [&](int64_t row, int64_t rows, int64_t column, int64_t columns, const float* sums_of_block) {
        float* to[kBf16Block];
        for (int64_t m = 0; m < rows; ++m) to[m] = g.dw + (row + m) * g.dw_output;
        bf16.finish(epilogue, sums_of_block, rows, columns, to, column);
      });
}

int64_t dy_halves(const OuterGemm& g, int64_t groups, int64_t images) {
  return groups * bf16_rows_halves(g.outputs, images * g.grid.height * g.grid.width);
}

// Images of a block. A fully connected layer has one window an image, so all images form one block.
int64_t block_images(const OuterGemm& g, const Bf16Windows& windows) {
  if (g.matrix) return g.grid.images;
  const int64_t dy = windows.groups * bf16_padded(g.outputs) * g.grid.height * g.grid.width;
  return windows.block_images(g.grid.images, dy);
}

int64_t planes_halves(const OuterGemm& g, const Bf16Windows& windows) {
  return g.matrix ? 0 : windows.block_halves(block_images(g, windows));
}

}  // namespace

ScratchSize bf16_outer_scratch(const OuterGroups& groups) {
  const OuterGemm& g = groups.first;
  const Bf16Windows windows(g.grid, g.inner, groups.count);
  return {bf16_unit_floats(), bf16_floats(planes_halves(g, windows)) +
                                  bf16_floats(dy_halves(g, groups.count, block_images(g, windows)))};
}

void bf16_outer(const OuterGroups& groups, const ScratchSize& size, const Execution& on) {
  const Bf16Kernels& bf16 = on.bf16();
  const OuterGemm& first = groups.first;
  const Bf16Windows windows(first.grid, first.inner, groups.count);
  auto* planes = reinterpret_cast<uint16_t*>(on.shared());
  auto* rows = reinterpret_cast<uint16_t*>(on.shared() + bf16_floats(planes_halves(first, windows)));
  const Bf16Units units =
      bf16_units(first.outputs, windows.depth, kBf16Ready, kBf16Own, groups.count, on.pool().threads());
  const int64_t images = block_images(first, windows);
  for (int64_t image = 0; image < first.grid.images; image += images) {
    const int64_t count = std::min(images, first.grid.images - image);
    const int64_t pixels = count * windows.height * windows.width;
    if (!first.matrix)
      windows.round(first.x + image * first.x_strides.image, first.x_strides, first.inner, count, planes, on);
    pack_dy(groups, image, pixels, rows, on);
    on.pool().share(groups.count * units.count(), 1, [&](int64_t begin, int64_t end, int thread) {
      float* own = on.own(thread, size);
      for (int64_t u = begin; u < end; ++u) {
        const int64_t index = u / units.count();
        const OuterGemm g = groups.at(index);
        const Block block{g, image, pixels, rows + index * bf16_rows_halves(g.outputs, pixels)};
        const auto windows_of = [&](int64_t k, int64_t depth, const auto& each_panel) {
          const uint16_t* from[kBf16Depth];
          const uint16_t* origin = planes + index * windows.halves;
          point_at_pixels(origin, windows.strides, block.pixel(k), depth, from);
          each_panel([&](int64_t column, int64_t columns, uint16_t* to) {
            bf16.pack_window_columns(from, windows.rows, column, columns, depth, to);
          });
        };
        const auto images_of = [&](int64_t k, int64_t depth, const auto& each_panel) {
          const float* from[kBf16Depth];
          point_at_pixels(g.x, g.x_strides, block.pixel(k), depth, from);
          each_panel([&](int64_t column, int64_t columns, uint16_t* to) {
            bf16.pack_columns(from, column, columns, depth, to);
          });
        };
        auto* packed = reinterpret_cast<uint16_t*>(own);
        float* sums = own + bf16_own_floats();
        if (g.matrix)
          unit_of_block(block, units.at(u % units.count()), packed, sums, bf16, images_of);
        else
          unit_of_block(block, units.at(u % units.count()), packed, sums, bf16, windows_of);
      }
    });
  }
}

}  // namespace alexnet::cpu
