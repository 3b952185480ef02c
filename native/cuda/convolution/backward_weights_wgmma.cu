// The gradient with respect to the weights on Hopper GPUs. With 48 channels, five taps' channels are the
// columns of a tile.
#include "cuda/convolution/wgmma.cuh"

namespace alexnet::cuda {
namespace {

template <int kRowTiles, int kN>
using Tile = WgmmaTile<WgmmaPass::kWeights, kRowTiles, kN>;
using Tiles = WgmmaTiles<Tile<1, 256>, Tile<1, 128>>;
using TilesOf48 = WgmmaTiles<Tile<1, 240>>;

}  // namespace

GemmPlan plan_weights_wgmma(const Geometry& g, const Card& card) {
  const GemmShape shape{g.kernels, g.kernel_numbers(), wgmma_depth(g.outputs()), g.groups};
  return weights_box_columns(g) == 64 ? Tiles::plan(shape, card) : TilesOf48::plan(shape, card);
}

void launch_weights_wgmma(const GemmPlan& plan, const Geometry& g, const Bfloat16* dy, const Bfloat16* x,
                          const Output& output, const Launch& on) {
  const WindowsOverImages windows = windows_of_x(g), pixels = pixels_of_y(g);
  const auto operands = [&](int, int) {
    WgmmaOperands made = operands_over(windows, g, g.channels / weights_box_columns(g));
    for (int64_t group = 0; group < g.groups; ++group) {
      made.a[group] = map_of_windows(dy + group * g.kernels, pixels, kWgmmaStep);
      made.b[group] = map_of_windows(x + group * g.channels, windows, kWgmmaStep);
    }
    return made;
  };
  if (weights_box_columns(g) == 64)
    Tiles::launch(plan, output, on, operands);
  else
    TilesOf48::launch(plan, output, on, operands);
}

}  // namespace alexnet::cuda
