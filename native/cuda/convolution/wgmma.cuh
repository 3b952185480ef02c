// Plans and launches over a list of tiles, for the files of each pass (*_wgmma.cu).
#pragma once

#include <array>

#include "cuda/convolution/wgmma.h"
#include "cuda/gemm/wgmma.cuh"

namespace alexnet::cuda {

template <class... Tile>
struct WgmmaTiles {
  static GemmPlan plan(const GemmShape& shape, const Card& card) {
    static constexpr std::array<GemmTile, sizeof...(Tile)> kTiles = {wgmma_tile<Tile>()...};
    return plan_gemm(shape, kTiles, card);
  }

  // operands_for(rows, columns) makes the operands for tiles of that size.
  template <class OperandsFor>
  static void launch(const GemmPlan& plan, const Output& output, const Launch& on,
                     OperandsFor&& operands_for) {
    int i = 0;
    ((i++ == plan.tile
          ? launch_wgmma<Tile>(plan, operands_for(Tile::kM, Tile::kN), output, on.card, on.stream)
          : void()),
     ...);
  }
};

// Rounded up to whole steps, as the kernel needs.
inline int64_t wgmma_depth(int64_t numbers) { return (numbers + kWgmmaStep - 1) / kWgmmaStep * kWgmmaStep; }

inline WgmmaOperands operands_over(const WindowsOverImages& windows, const Geometry& g,
                                   int64_t blocks_a_tap) {
  WgmmaOperands operands;
  operands.windows_an_image = Divisor(windows.rows * windows.columns);
  operands.windows_a_row = Divisor(windows.columns);
  operands.stride = static_cast<int>(windows.stride);
  operands.top = static_cast<int>(windows.top), operands.left = static_cast<int>(windows.left);
  operands.window_columns = Divisor(g.window_columns), operands.blocks_a_tap = Divisor(blocks_a_tap);
  operands.taps = static_cast<int>(g.taps());
  return operands;
}

}  // namespace alexnet::cuda
