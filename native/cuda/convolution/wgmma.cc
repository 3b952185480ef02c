#include "cuda/convolution/wgmma.h"

#include "cuda/convolution/wgmma_operands.h"

namespace alexnet::cuda {
namespace {

bool has_warpgroup_products(const Geometry& g, DType dtype, const Card& card) {
  return card.compute_capability == 90 && dtype == DType::kBfloat16 && g.groups <= kMostWgmmaGroups;
}

}  // namespace

bool forward_by_warpgroups(const Geometry& g, DType dtype, const Card& card) {
  return has_warpgroup_products(g, dtype, card) && packs(g, dtype, false) &&
         describes(windows_of_x(g), g.window_rows, g.window_columns);
}

bool data_by_warpgroups(const Geometry& g, DType dtype, const Card& card) {
  return has_warpgroup_products(g, dtype, card) && packs(g, dtype, true) && g.stride == 1 &&
         describes(turned_windows_of_y(g), g.window_rows, g.window_columns);
}

bool weights_by_warpgroups(const Geometry& g, DType dtype, const Card& card) {
  return has_warpgroup_products(g, dtype, card) && packs(g, dtype, true) && weights_box_columns(g) != 0 &&
         describes(windows_of_x(g), g.window_rows, g.window_columns) && describes(pixels_of_y(g), 1, 1);
}

}  // namespace alexnet::cuda
