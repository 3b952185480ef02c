#include "cpu/convolution/gather.h"

#include <algorithm>

#include "cpu/bf16/convolution.h"
#include "cpu/winograd/blocks.h"
#include "cpu/winograd/winograd.h"

namespace alexnet::cpu {

namespace {

// With this many pixels a thread, packing all weights costs at most 2 % of its time.
constexpr int64_t kManyPixels = 1024;

// Divides the pixels among the threads where there are many, or where images are padded first: each thread's
// pixels stay in its own cache. Otherwise divides the panels of outputs, group after group, and within a
// panel the tiles of pixels: each thread then packs little more than its part of the weights.
void gather(const GatherGroups& groups, const ScratchSize& size, const Execution& on) {
  const Kernels& kernels = on.kernels();
  const GatherGemm& first = groups.first;
  const int64_t pixels = first.grid.images * first.grid.height * first.grid.width;
  const int64_t panels = (first.outputs + kernels.columns - 1) / kernels.columns;
  if (pixels >= kManyPixels * on.pool().threads() || kernels.pads_images(first)) {
    on.pool().share(pixels, kernels.rows, [&](int64_t begin, int64_t end, int thread) {
      for (int64_t g = 0; g < groups.count; ++g)
        kernels.gather(groups.at(g), 0, panels, begin, end, on.own(thread, size));
    });
    return;
  }
  const int64_t tiles = (pixels + kernels.rows - 1) / kernels.rows;
  on.pool().share(groups.count * panels * tiles, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t at = begin; at < end;) {
      const int64_t panel = at / tiles, tile = at % tiles, count = std::min(tiles - tile, end - at);
      kernels.gather(groups.at(panel / panels), panel % panels, panel % panels + 1, tile * kernels.rows,
                     std::min((tile + count) * kernels.rows, pixels), on.own(thread, size));
      at += count;
    }
  });
}

void dot(const GatherGemm& g, const Execution& on) {
  on.pool().share(g.outputs, 4, [&](int64_t begin, int64_t end, int) { on.kernels().dot(g, begin, end); });
}

void matrix(const GatherGemm& g, const ScratchSize& size, const Execution& on) {
  const Kernels& kernels = on.kernels();
  on.pool().share(kernels.matrix_runs(g), 1,
                  [&](int64_t begin, int64_t end, int) { kernels.matrix_pack(g, begin, end, on.shared()); });
  on.pool().share(g.outputs, kernels.rows, [&](int64_t begin, int64_t end, int thread) {
    kernels.matrix_forward(g, begin, end, on.shared(), on.own(thread, size));
  });
}

void matrix_across(const GatherGemm& g, const ScratchSize& size, const Execution& on) {
  const Kernels& kernels = on.kernels();
  on.pool().share(g.outputs, kernels.columns, [&](int64_t begin, int64_t end, int thread) {
    kernels.matrix_backward(g, begin, end, on.own(thread, size));
  });
}

}  // namespace

void multiply(const GatherPlan& plan, const void* packed, const Execution& on) {
  const GatherGroups& groups = plan.groups;
  const ScratchSize& size = plan.scratch;
  switch (plan.algorithm) {
    case GatherAlgorithm::kBf16Matrix:
      return bf16_matrix(groups.first, size, on);
    case GatherAlgorithm::kBf16Windows:
      return bf16_windows(groups, size, static_cast<const uint16_t*>(packed), on);
    case GatherAlgorithm::kDot:
      return dot(groups.first, on);
    case GatherAlgorithm::kMatrix:
      return matrix(groups.first, size, on);
    case GatherAlgorithm::kMatrixAcross:
      return matrix_across(groups.first, size, on);
    case GatherAlgorithm::kWinogradBlocks:
      return winograd_blocks(groups, size, static_cast<const float*>(packed), on);
    case GatherAlgorithm::kWinograd:
      return winograd(groups, size, static_cast<const float*>(packed), on);
    case GatherAlgorithm::kGather:
      return gather(groups, size, on);
  }
}

}  // namespace alexnet::cpu
