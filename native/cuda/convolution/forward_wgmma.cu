// The forward pass on Hopper GPUs. Tiles of 256 x 128 and 128 x 256 read the fewest bytes a product; 192 and
// 96 columns are for the maps of conv4 and conv1, 48 for conv1's on one of two devices. conv1 (rearranged)
// and conv2 have 48 channels a tap: three products of 16 instead of four.
#include "cuda/convolution/wgmma.cuh"

namespace alexnet::cuda {
namespace {

template <int kRowTiles, int kN, int kProducts = 4>
using Tile = WgmmaTile<WgmmaPass::kForward, kRowTiles, kN, kProducts>;
using Wide = WgmmaTiles<Tile<1, 256>, Tile<2, 128>, Tile<1, 192>, Tile<1, 128>>;
using Narrow = WgmmaTiles<Tile<2, 128, 3>, Tile<2, 96, 3>, Tile<2, 48, 3>>;

bool is_narrow(const Geometry& g) { return g.channels <= 48; }

}  // namespace

GemmPlan plan_forward_wgmma(const Geometry& g, const Card& card) {
  const GemmShape shape{g.outputs(), g.kernels, g.taps() * wgmma_depth(g.channels), g.groups};
  return is_narrow(g) ? Narrow::plan(shape, card) : Wide::plan(shape, card);
}

void launch_forward_wgmma(const GemmPlan& plan, const Geometry& g, const Bfloat16* x, const Bfloat16* w,
                          const Output& output, const Launch& on) {
  const WindowsOverImages windows = windows_of_x(g);
  const auto operands = [&](int rows, int columns) {
    WgmmaOperands made = operands_over(windows, g, wgmma_depth(g.channels) / kWgmmaStep);
    for (int64_t group = 0; group < g.groups; ++group) {
      made.a[group] = map_of_windows(x + group * g.channels, windows, rows);
      made.b[group] = map_of_kernels(w + group * g.kernels * g.kernel_numbers(), g, columns);
    }
    return made;
  };
  if (is_narrow(g))
    Narrow::launch(plan, output, on, operands);
  else
    Wide::launch(plan, output, on, operands);
}

}  // namespace alexnet::cuda
