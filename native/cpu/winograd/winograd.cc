#include "cpu/winograd/winograd.h"

#include <algorithm>

namespace alexnet::cpu {

namespace {

// With this many tiles a thread, the register tiles that are only partly filled at the ends of the shares
// cost hardly any time.
constexpr int64_t kManyTiles = 64;

}  // namespace

int64_t panels_of(const Kernels& kernels, const GatherGemm& g) {
  return (g.outputs + kernels.columns - 1) / kernels.columns;
}

ScratchSize winograd_scratch(const GatherGroups& groups, const Kernels& kernels) {
  return {kernels.winograd_scratch(groups.first),
          groups.first.packed ? 0 : winograd_packed_floats(groups, kernels)};
}

size_t winograd_packed_floats(const GatherGroups& groups, const Kernels& kernels) {
  const GatherGemm& first = groups.first;
  return static_cast<size_t>(groups.count * panels_of(kernels, first) * kernels.winograd_panel_floats(first));
}

void winograd_pack(const GatherGroups& groups, const Kernels& kernels, ThreadPool& pool, float* packed) {
  const int64_t panels = panels_of(kernels, groups.first);
  const int64_t floats = kernels.winograd_panel_floats(groups.first);
  pool.share(groups.count * panels, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t u = begin; u < end; ++u)
      kernels.winograd_pack(groups.weights_at(u / panels), u % panels, packed + u * floats);
  });
}

// Divides the work by tiles where there are many, otherwise by panels of outputs: each thread then transforms
// all tiles for its panels.
void winograd(const GatherGroups& groups, const ScratchSize& size, const float* packed, const Execution& on) {
  const Kernels& kernels = on.kernels();
  if (!packed) {
    winograd_pack(groups, kernels, on.pool(), on.shared());
    packed = on.shared();
  }
  const GatherGemm& first = groups.first;
  const int64_t panels = panels_of(kernels, first), tiles = kernels.winograd_tiles(first.grid);
  const auto weights = [&](int64_t g) { return packed + g * panels * kernels.winograd_panel_floats(first); };
  if (tiles >= kManyTiles * on.pool().threads()) {
    on.pool().share(tiles, kernels.rows, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t g = 0; g < groups.count; ++g)
        kernels.winograd(groups.at(g), weights(g), 0, panels, begin, end, on.own(thread, size));
    });
    return;
  }
  on.pool().share(groups.count * panels, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t g = begin / panels; g <= (end - 1) / panels; ++g)
      kernels.winograd(groups.at(g), weights(g), std::max(begin - g * panels, int64_t{0}),
                       std::min(end - g * panels, panels), 0, tiles, on.own(thread, size));
  });
}

ScratchSize winograd_scratch(const OuterGemm& g, const Kernels& kernels) {
  return {kernels.winograd_weights_scratch(g), kernels.winograd_weights_shared(g)};
}

void add_tiles(const OuterGemm& g, bool fresh, const ScratchSize& size, float* sums, const Execution& on) {
  const Kernels& kernels = on.kernels();
  on.pool().share(kernels.winograd_weights_units(g), 1, [&](int64_t begin, int64_t end, int thread) {
    kernels.winograd_weights_sum(g, fresh, begin, end, sums, on.own(thread, size));
  });
}

void winograd_weights(const OuterGemm& g, const ScratchSize& size, const Execution& on) {
  add_tiles(g, true, size, on.shared(), on);
  on.pool().share(g.outputs, 1, [&](int64_t begin, int64_t end, int) {
    on.kernels().winograd_weights_finish(g, begin, end, on.shared());
  });
}

}  // namespace alexnet::cpu
