// The gradient with respect to the input on Hopper GPUs; the tile of 48 columns is for conv2's channels.
#include "cuda/convolution/wgmma.cuh"

namespace alexnet::cuda {
namespace {

template <int kRowTiles, int kN>
using Tile = WgmmaTile<WgmmaPass::kData, kRowTiles, kN>;
using Tiles = WgmmaTiles<Tile<1, 256>, Tile<2, 128>, Tile<1, 192>, Tile<1, 128>, Tile<2, 48>>;

}  // namespace

GemmPlan plan_data_wgmma(const Geometry& g, const Card& card) {
  return Tiles::plan({g.inputs(), g.channels, g.taps() * wgmma_depth(g.kernels), g.groups}, card);
}

void launch_data_wgmma(const GemmPlan& plan, const Geometry& g, const Bfloat16* dy, const Bfloat16* w,
                       const Output& output, const Launch& on) {
  const WindowsOverImages windows = turned_windows_of_y(g);
  Tiles::launch(plan, output, on, [&](int rows, int) {
    WgmmaOperands made = operands_over(windows, g, wgmma_depth(g.kernels) / kWgmmaStep);
    for (int64_t group = 0; group < g.groups; ++group) {
      made.a[group] = map_of_windows(dy + group * g.kernels, windows, rows);
      made.b[group] = map_of_kernels(w + group * g.kernels * g.kernel_numbers(), g, kWgmmaStep);
    }
    return made;
  });
}

}  // namespace alexnet::cuda
