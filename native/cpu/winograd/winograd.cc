#include "cpu/winograd/winograd.h"

#include <algorithm>

#include "cpu/convolution/space_to_depth.h"

namespace alexnet::cpu {

namespace {

// With as many tiles a thread, some of them half empty at the ends of the shares, hardly any time is lost.
constexpr int64_t kManyTiles = 64;
// A first layer of fewer channels than this.
constexpr int64_t kFewChannels = 5;

bool is_first_layer(const Grid& grid, int64_t channels) {
  return !grid.backward && grid.stride > 1 && channels < kFewChannels;
}

int64_t panels_of(const Kernels& kernels, const GatherGemm& g) {
  return (g.outputs + kernels.columns - 1) / kernels.columns;
}

// The same convolution with stride 1, of one image; without data.
GatherGemm deep(const GatherGemm& g, const SpaceToDepth& s) {
  GatherGemm made = g;
  made.grid = s.deep_grid();
  made.source_strides = s.strides();
  made.inner = s.deep_channels();
  made.w_inner = 1, made.w_column = s.deep_channels(), made.w_row = s.deep_columns() * s.deep_channels();
  made.w_output = s.kernel_floats();
  return made;
}

OuterGemm deep(const OuterGemm& g, const SpaceToDepth& s) {
  OuterGemm made = g;
  made.grid = s.deep_grid();
  made.x_strides = s.strides();
  made.inner = s.deep_channels();
  made.dw_column = s.deep_channels(), made.dw_row = s.deep_columns() * s.deep_channels();
  made.dw_output = s.kernel_floats();
  return made;
}

// Each thread has its image's blocks and its scratch.
void first_layer_all(const GatherGemm& first, int64_t groups, int64_t source_step, int64_t target_step,
                     const float* packed, size_t shared, const Run& run) {
  const Kernels& kernels = run.kernels();
  const SpaceToDepth s{first.grid, first.inner};
  const GatherGemm one = deep(first, s);
  const size_t floats = winograd_scratch_size(kernels, first, groups).each;
  const auto group = [&](int64_t g) { return group_of(one, g, 0, target_step, 0); };
  const int64_t panels = panels_of(kernels, one), tiles = kernels.winograd_tiles(one.grid);
  run.pool().share(first.grid.images * tiles, kernels.rows, [&](int64_t begin, int64_t end, int thread) {
    float* blocks = run.scratch(thread, floats, shared);
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t at = begin; at < end;) {
        const int64_t image = at / tiles, tile = at % tiles, count = std::min(tiles - tile, end - at);
        s.image(first.source + g * source_step + image * first.source_strides.image, first.source_strides, 0,
                s.deep_height(), blocks);
        GatherGemm made = group(g);
        made.source = blocks;
        made.target += image * first.target_strides.image;
        kernels.winograd(made, packed + g * panels * kernels.winograd_panel_floats(one), 0, panels, tile,
                         tile + count, blocks + s.image_floats());
        at += count;
      }
  });
}

// Adds all tiles of one convolution to the sums; `fresh` where they hold nothing yet.
void add_tiles(const OuterGemm& g, bool fresh, size_t floats, size_t shared, float* sums, const Run& run) {
  const Kernels& kernels = run.kernels();
  run.pool().share(kernels.winograd_weights_units(g), 1, [&](int64_t begin, int64_t end, int thread) {
    kernels.winograd_weights_sum(g, fresh, begin, end, sums, run.scratch(thread, floats, shared));
  });
}

void first_layer_weights(const OuterGemm& g, const Run& run) {
  const Kernels& kernels = run.kernels();
  const SpaceToDepth s{g.grid, g.inner};
  const ScratchSize size = winograd_scratch_size(kernels, g);
  float* blocks = run.shared();
  float* weights = blocks + s.image_floats();
  float* sums = weights + g.outputs * s.kernel_floats();
  OuterGemm one = deep(g, s);
  one.x = blocks;
  one.dw = weights;
  for (int64_t n = 0; n < g.grid.images; ++n) {
    run.pool().share(s.deep_height(), 1, [&](int64_t begin, int64_t end, int) {
      s.image(g.x + n * g.x_strides.image, g.x_strides, begin, end, blocks);
    });
    one.dy = g.dy + n * g.dy_strides.image;
    add_tiles(one, n == 0, size.each, size.shared, sums, run);
  }
  run.pool().share(g.outputs, 1, [&](int64_t begin, int64_t end, int) {
    kernels.winograd_weights_finish(one, begin, end, sums);
    for (int64_t j = begin; j < end; ++j)
      s.kernel_back(weights + j * s.kernel_floats(), g.dw + j * g.dw_output, g.dw_row, g.dw_column);
  });
}

}  // namespace

GatherGemm group_of(GatherGemm g, int64_t group, int64_t source_step, int64_t target_step,
                    int64_t weight_step) {
  g.source += group * source_step;
  g.target += group * target_step;
  g.weights += group * weight_step;
  if (g.bias) g.bias += group * g.outputs;
  return g;
}

bool uses_winograd(const Kernels& kernels, const GatherGemm& g) {
  return kernels.is_winograd(is_first_layer(g.grid, g.inner) ? deep(g, {g.grid, g.inner}) : g);
}

bool uses_winograd(const Kernels& kernels, const OuterGemm& g) {
  return kernels.is_winograd_weights(is_first_layer(g.grid, g.inner) ? deep(g, {g.grid, g.inner}) : g);
}

ScratchSize winograd_scratch_size(const Kernels& kernels, const GatherGemm& g, int64_t groups) {
  const size_t shared =
      g.packed ? 0 : winograd_deep_floats(g, groups) + winograd_packed_floats(kernels, g, groups);
  if (!is_first_layer(g.grid, g.inner)) return {kernels.winograd_scratch(g), shared};
  const SpaceToDepth s{g.grid, g.inner};
  return {static_cast<size_t>(s.image_floats()) + kernels.winograd_scratch(deep(g, s)), shared};
}

size_t winograd_packed_floats(const Kernels& kernels, const GatherGemm& g, int64_t groups) {
  const GatherGemm one = is_first_layer(g.grid, g.inner) ? deep(g, {g.grid, g.inner}) : g;
  return static_cast<size_t>(groups * panels_of(kernels, one) * kernels.winograd_panel_floats(one));
}

size_t winograd_deep_floats(const GatherGemm& g, int64_t groups) {
  if (!is_first_layer(g.grid, g.inner)) return 0;
  return static_cast<size_t>(groups * g.outputs * SpaceToDepth{g.grid, g.inner}.kernel_floats());
}

void winograd_pack_all(const GatherGemm& first, int64_t groups, int64_t weight_step, const Kernels& kernels,
                       ThreadPool& pool, float* packed, float* deep_weights) {
  GatherGemm one = first;
  int64_t step = weight_step;
  if (is_first_layer(first.grid, first.inner)) {
    const SpaceToDepth s{first.grid, first.inner};
    pool.share(groups * first.outputs, 1, [&](int64_t begin, int64_t end, int) {
      for (int64_t j = begin; j < end; ++j)
        s.kernel(first.weights + j / first.outputs * weight_step + j % first.outputs * first.w_output,
                 first.w_row, first.w_column, deep_weights + j * s.kernel_floats());
    });
    one = deep(first, s);
    one.weights = deep_weights;
    step = first.outputs * s.kernel_floats();
  }
  const int64_t panels = panels_of(kernels, one), floats = kernels.winograd_panel_floats(one);
  pool.share(groups * panels, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; ++u)
      kernels.winograd_pack(group_of(one, u / panels, 0, 0, step), u % panels, packed + u * floats);
  });
}

ScratchSize winograd_scratch_size(const Kernels& kernels, const OuterGemm& g) {
  if (!is_first_layer(g.grid, g.inner))
    return {kernels.winograd_weights_scratch(g), kernels.winograd_weights_shared(g)};
  const SpaceToDepth s{g.grid, g.inner};
  const OuterGemm one = deep(g, s);
  return {kernels.winograd_weights_scratch(one),
          static_cast<size_t>(s.image_floats() + g.outputs * s.kernel_floats()) +
              kernels.winograd_weights_shared(one)};
}

// By tiles where there are many, by panels of outputs otherwise: each thread then transforms all tiles for
// its panels.
void winograd_all(const GatherGemm& first, int64_t groups, int64_t source_step, int64_t target_step,
                  int64_t weight_step, const float* packed, const Run& run) {
  const Kernels& kernels = run.kernels();
  const ScratchSize size = winograd_scratch_size(kernels, first, groups);
  if (!packed) {
    float* made = run.shared() + winograd_deep_floats(first, groups);
    winograd_pack_all(first, groups, weight_step, kernels, run.pool(), made, run.shared());
    packed = made;
  }
  if (is_first_layer(first.grid, first.inner))
    return first_layer_all(first, groups, source_step, target_step, packed, size.shared, run);
  const int64_t panels = panels_of(kernels, first), tiles = kernels.winograd_tiles(first.grid);
  const auto group = [&](int64_t g) { return group_of(first, g, source_step, target_step, weight_step); };
  const auto weights = [&](int64_t g) { return packed + g * panels * kernels.winograd_panel_floats(first); };
  if (tiles >= kManyTiles * run.pool().threads()) {
    run.pool().share(tiles, kernels.rows, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t g = 0; g < groups; ++g)
        kernels.winograd(group(g), weights(g), 0, panels, begin, end,
                         run.scratch(thread, size.each, size.shared));
    });
    return;
  }
  run.pool().share(groups * panels, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t g = begin / panels; g <= (end - 1) / panels; ++g)
      kernels.winograd(group(g), weights(g), std::max(begin - g * panels, int64_t{0}),
                       std::min(end - g * panels, panels), 0, tiles,
                       run.scratch(thread, size.each, size.shared));
  });
}

void winograd_weights(const OuterGemm& g, const Run& run) {
  if (is_first_layer(g.grid, g.inner)) return first_layer_weights(g, run);
  const Kernels& kernels = run.kernels();
  const ScratchSize size = winograd_scratch_size(kernels, g);
  add_tiles(g, true, size.each, size.shared, run.shared(), run);
  run.pool().share(g.outputs, 1, [&](int64_t begin, int64_t end, int) {
    kernels.winograd_weights_finish(g, begin, end, run.shared());
  });
}

}  // namespace alexnet::cpu
