#include "cpu/bf16/convolution.h"

#include "cpu/bf16/product.h"
#include "cpu/bf16/windows.h"

namespace alexnet::cpu {

namespace {

// Packs the weights as panels of outputs. In the forward pass an output's weights are adjacent; for the
// gradient the kernel is turned: its taps are read from last to first.
void pack_panel(const GatherGemm& g, int64_t column, const Bf16Kernels& bf16, uint16_t* packed) {
  const Grid& grid = g.grid;
  const int64_t depth = grid.rows * grid.columns * g.inner;
  const int64_t columns = std::min(kBf16Block, g.outputs - column);
  const float* from[kBf16Depth];
  if (!grid.backward)
    for (int64_t n = 0; n < columns; ++n) from[n] = g.weights + (column + n) * g.w_output;
  each_bf16_piece(depth, [&](int64_t k, int64_t piece) {
    uint16_t* to = packed + bf16_columns_at(g.outputs, column, k, piece);
    if (!grid.backward) return bf16.turn_columns(from, k, columns, piece, to);
    for (int64_t i = 0; i < piece; ++i) {
      const int64_t tap = (k + i) / g.inner;
      const int64_t row = grid.rows - 1 - tap / grid.columns, side = grid.columns - 1 - tap % grid.columns;
      from[i] = g.weights + row * g.w_row + side * g.w_column + (k + i) % g.inner * g.w_inner;
    }
    bf16.pack_columns(from, column, columns, piece, to);
  });
}

int64_t packed_halves(const GatherGemm& g) {
  return bf16_columns_halves(g.outputs, g.grid.rows * g.grid.columns * g.inner);
}

// One group in a block of images; `planes`: the group's plane of the block's first image.
struct GroupOfBlock {
  const GatherGemm& g;
  const Bf16Windows& windows;
  const uint16_t* planes;
  const uint16_t* packed;

  void unit(const Bf16Unit& unit, uint16_t* own, float* sums, const Bf16Kernels& bf16) const {
    const uint16_t* from[kBf16Own * kBf16Block];
    float* to[kBf16Own * kBf16Block];
    const PixelWalk first(windows.height, windows.width, unit.row);
    point_at_pixels(planes, windows.strides, first, unit.rows, from);
    point_at_pixels(g.target, g.target_strides, first, unit.rows, to);
    const Epilogue epilogue{g.bias, g.accumulate, g.activation, g.scale};
    multiply_unit(
        bf16, unit, windows.depth, sums,
        [&](int64_t k, int64_t depth) {
          bf16.pack_window_rows(from, windows.rows, k, unit.rows, depth, own);
          return own;
        },
        [&](int64_t k, int64_t depth) { return packed + bf16_columns_at(g.outputs, unit.column, k, depth); },
        [&](int64_t row, int64_t rows, int64_t column, int64_t columns, const float* block) {
          bf16.finish(epilogue, block, rows, columns, to + (row - unit.row), column);
        });
  }
};

}  // namespace

// Winograd's scheme takes 25 products instead of 81 for a 3x3 kernel, and 36 instead of 100 for a 5x5 one; a
// first layer's blocks have a fifth more elements than its windows.
bool faster_in_bf16(const Bf16Kernels& bf16, const Grid& grid, bool winograd) {
  constexpr double kSaved3 = 81.0 / 25, kSaved5 = 100.0 / 36;
  return !winograd || bf16.rate > (grid.rows == 5 ? kSaved5 : kSaved3);
}

size_t bf16_own_floats() { return bf16_floats(kBf16Own * kBf16Block * bf16_pitch(kBf16Depth) + kBf16Block); }

size_t bf16_unit_floats() {
  return bf16_own_floats() + static_cast<size_t>(kBf16Own * kBf16Ready * kBf16Block * kBf16Block);
}

size_t bf16_windows_packed_bytes(const GatherGroups& groups) {
  return static_cast<size_t>(groups.count * packed_halves(groups.first)) * sizeof(uint16_t);
}

void bf16_windows_pack(const GatherGroups& groups, const Bf16Kernels& bf16, ThreadPool& pool,
                       uint16_t* packed) {
  const int64_t panels = bf16_blocks(groups.first.outputs);
  pool.share(groups.count * panels, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; ++u)
      pack_panel(groups.weights_at(u / panels), u % panels * kBf16Block, bf16,
                 packed + u / panels * packed_halves(groups.first));
  });
}

ScratchSize bf16_windows_scratch(const GatherGroups& groups) {
  const GatherGemm& g = groups.first;
  const Bf16Windows windows(g.grid, g.inner, groups.count);
  const size_t weights = g.packed ? 0 : bf16_floats(groups.count * packed_halves(g));
  const int64_t images = windows.block_images(g.grid.images, 0);
  return {bf16_unit_floats(), weights + bf16_floats(windows.block_halves(images))};
}

void bf16_windows(const GatherGroups& groups, const ScratchSize& size, const uint16_t* packed,
                  const Execution& on) {
  const Bf16Kernels& bf16 = on.bf16();
  const GatherGemm& first = groups.first;
  const Bf16Windows windows(first.grid, first.inner, groups.count);
  float* shared = on.shared();
  if (!packed) {
    auto* made = reinterpret_cast<uint16_t*>(shared);
    bf16_windows_pack(groups, bf16, on.pool(), made);
    packed = made;
    shared += bf16_floats(groups.count * packed_halves(first));
  }
  auto* planes = reinterpret_cast<uint16_t*>(shared);
  const int64_t images = windows.block_images(first.grid.images, 0);
  for (int64_t image = 0; image < first.grid.images; image += images) {
    const int64_t count = std::min(images, first.grid.images - image);
    windows.round(first.source + image * first.source_strides.image, first.source_strides, groups.source_step,
                  count, planes, on);
    const Bf16Units units = bf16_units(count * windows.height * windows.width, first.outputs, kBf16Own,
                                       kBf16Ready, groups.count, on.pool().threads());
    on.pool().share(groups.count * units.count(), 1, [&](int64_t begin, int64_t end, int thread) {
      float* own = on.own(thread, size);
      for (int64_t u = begin; u < end; ++u) {
        const int64_t index = u / units.count();
        GatherGemm g = groups.at(index);
        g.target += image * g.target_strides.image;
        const GroupOfBlock group{g, windows, planes + index * windows.halves,
                                 packed + index * packed_halves(first)};
        group.unit(units.at(u % units.count()), reinterpret_cast<uint16_t*>(own), own + bf16_own_floats(),
                   bf16);
      }
    });
  }
}

}  // namespace alexnet::cpu
