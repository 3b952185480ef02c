#include "cpu/winograd/blocks.h"

#include <algorithm>
#include <vector>

#include "cpu/convolution/space_to_depth.h"
#include "cpu/winograd/winograd.h"

namespace alexnet::cpu {

namespace {

// Images of fewer channels than this have too few for vectors along the channels.
constexpr int64_t kThinChannels = 5;

// All groups over the blocks of one image, without data pointers.
GatherGroups in_blocks(const GatherGroups& groups) {
  const SpaceToDepth s{groups.first.grid, groups.first.inner};
  return {cpu::in_blocks(groups.first), groups.count, 0, groups.target_step,
          groups.first.outputs * s.kernel_floats()};
}

size_t kernel_floats(const GatherGroups& groups) {
  const SpaceToDepth s{groups.first.grid, groups.first.inner};
  return static_cast<size_t>(groups.count * groups.first.outputs * s.kernel_floats());
}

// kernels_in_blocks: room for kernel_floats(groups).
void pack(const GatherGroups& groups, const Kernels& kernels, ThreadPool& pool, float* packed,
          float* kernels_in_blocks) {
  const GatherGemm& first = groups.first;
  const SpaceToDepth s{first.grid, first.inner};
  pool.share(groups.count * first.outputs, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t j = begin; j < end; ++j)
      s.kernel(first.weights + j / first.outputs * groups.weight_step + j % first.outputs * first.w_output,
               first.w_row, first.w_column, kernels_in_blocks + j * s.kernel_floats());
  });
  GatherGroups made = in_blocks(groups);
  made.first.weights = kernels_in_blocks;
  winograd_pack(made, kernels, pool, packed);
}

}  // namespace

bool takes_blocks(const Grid& grid, int64_t channels) {
  return !grid.backward && grid.stride > 1 && channels < kThinChannels;
}

GatherGemm in_blocks(const GatherGemm& g) {
  const SpaceToDepth s{g.grid, g.inner};
  GatherGemm made = g;
  made.grid = s.deep_grid();
  made.source_strides = s.strides();
  made.inner = s.deep_channels();
  made.w_inner = 1, made.w_column = s.deep_channels(), made.w_row = s.deep_columns() * s.deep_channels();
  made.w_output = s.kernel_floats();
  return made;
}

OuterGemm in_blocks(const OuterGemm& g) {
  const SpaceToDepth s{g.grid, g.inner};
  OuterGemm made = g;
  made.grid = s.deep_grid();
  made.x_strides = s.strides();
  made.inner = s.deep_channels();
  made.dw_column = s.deep_channels(), made.dw_row = s.deep_columns() * s.deep_channels();
  made.dw_output = s.kernel_floats();
  return made;
}

ScratchSize winograd_blocks_scratch(const GatherGroups& groups, const Kernels& kernels) {
  const SpaceToDepth s{groups.first.grid, groups.first.inner};
  const size_t image = static_cast<size_t>(s.image_floats());
  const ScratchSize size = winograd_scratch(in_blocks(groups), kernels);
  return {image + size.each, groups.first.packed ? 0 : kernel_floats(groups) + size.shared};
}

size_t winograd_blocks_packed_floats(const GatherGroups& groups, const Kernels& kernels) {
  return winograd_packed_floats(in_blocks(groups), kernels);
}

void winograd_blocks_pack(const GatherGroups& groups, const Kernels& kernels, ThreadPool& pool,
                          float* packed) {
  std::vector<float> kernels_in_blocks(kernel_floats(groups));
  pack(groups, kernels, pool, packed, kernels_in_blocks.data());
}

// Each thread has the blocks of its current image, and its scratch.
void winograd_blocks(const GatherGroups& groups, const ScratchSize& size, const float* packed,
                     const Execution& on) {
  const Kernels& kernels = on.kernels();
  if (!packed) {
    float* made = on.shared() + kernel_floats(groups);
    pack(groups, kernels, on.pool(), made, on.shared());
    packed = made;
  }
  const GatherGemm& first = groups.first;
  const SpaceToDepth s{first.grid, first.inner};
  const GatherGemm one = cpu::in_blocks(first);
  const int64_t panels = panels_of(kernels, one), tiles = kernels.winograd_tiles(one.grid);
  on.pool().share(first.grid.images * tiles, kernels.rows, [&](int64_t begin, int64_t end, int thread) {
    float* blocks = on.own(thread, size);
    for (int64_t g = 0; g < groups.count; ++g) {
      const GatherGemm group = groups.at(g);
      for (int64_t at = begin; at < end;) {
        const int64_t image = at / tiles, tile = at % tiles, count = std::min(tiles - tile, end - at);
        s.image(group.source + image * first.source_strides.image, first.source_strides, 0, s.deep_height(),
                blocks);
        GatherGemm made = one;
        made.source = blocks;
        made.target = group.target + image * first.target_strides.image;
        made.bias = group.bias;
        kernels.winograd(made, packed + g * panels * kernels.winograd_panel_floats(one), 0, panels, tile,
                         tile + count, blocks + s.image_floats());
        at += count;
      }
    }
  });
}

ScratchSize winograd_blocks_scratch(const OuterGemm& g, const Kernels& kernels) {
  const SpaceToDepth s{g.grid, g.inner};
  const ScratchSize size = winograd_scratch(cpu::in_blocks(g), kernels);
  return {size.each, static_cast<size_t>(s.image_floats() + g.outputs * s.kernel_floats()) + size.shared};
}

// One image's blocks at a time.
void winograd_blocks_weights(const OuterGemm& g, const ScratchSize& size, const Execution& on) {
  const SpaceToDepth s{g.grid, g.inner};
  float* blocks = on.shared();
  float* weights = blocks + s.image_floats();
  float* sums = weights + g.outputs * s.kernel_floats();
  OuterGemm one = cpu::in_blocks(g);
  one.x = blocks;
  one.dw = weights;
  for (int64_t n = 0; n < g.grid.images; ++n) {
    on.pool().share(s.deep_height(), 1, [&](int64_t begin, int64_t end, int) {
      s.image(g.x + n * g.x_strides.image, g.x_strides, begin, end, blocks);
    });
    one.dy = g.dy + n * g.dy_strides.image;
    add_tiles(one, n == 0, size, sums, on);
  }
  on.pool().share(g.outputs, 1, [&](int64_t begin, int64_t end, int) {
    on.kernels().winograd_weights_finish(one, begin, end, sums);
    for (int64_t j = begin; j < end; ++j)
      s.kernel_back(weights + j * s.kernel_floats(), g.dw + j * g.dw_output, g.dw_row, g.dw_column);
  });
}

}  // namespace alexnet::cpu
