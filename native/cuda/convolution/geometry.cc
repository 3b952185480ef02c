#include "cuda/convolution/geometry.h"

#include <algorithm>
#include <limits>
#include <string>

#include "core/complaints.h"

namespace alexnet::cuda {
namespace {

ImageSteps steps_of(const Tensor& t) { return {t.strides[0], t.strides[1], t.strides[2]}; }

void require_index(const char* what, int64_t count) {
  constexpr int64_t kMost = int64_t{1} << 29;  // so that two of them can be added
  require(count < kMost, "a convolution has " + text_of(count) + " " + what + "; a card's kernels count to " +
                             text_of(kMost));
}

// Elements of one image, from its first to one past its last.
int64_t extent_of(const Tensor& t) { return (t.h() - 1) * t.strides[1] + (t.w() - 1) * t.strides[2] + t.c(); }

bool divides(int64_t numbers, const ImageSteps& steps) {
  return steps.image % numbers == 0 && steps.row % numbers == 0 && steps.column % numbers == 0;
}

int64_t numbers_of(DType dtype) { return 16 / static_cast<int64_t>(bytes_of(dtype)); }

int64_t blocks_of(int64_t window, int64_t stride) { return (window + stride - 1) / stride; }

}  // namespace

Geometry geometry_of(const ConvolutionParameters& convolution, const Tensor& x, const Tensor& w,
                     const Tensor& y) {
  const Padding& padding = convolution.padding;
  const int64_t stride = convolution.stride, groups = convolution.groups;
  Geometry g{x.n(), groups, x.h(),  x.w(),       x.c() / groups, y.h(),       y.w(),      y.c() / groups,
             w.h(), w.w(),  stride, padding.top, padding.left,   steps_of(x), steps_of(y)};
  const bool adjacent = x.strides[2] == x.c() && x.strides[1] == x.w() * x.c();
  if (groups == 1 && y.h() == 1 && y.w() == 1 && w.h() == x.h() && w.w() == x.w() && adjacent &&
      padding.top == 0 && padding.left == 0) {
    g.channels = x.h() * x.w() * x.c();
    g.height = g.width = g.window_rows = g.window_columns = g.stride = 1;
    g.x = {x.strides[0], g.channels, g.channels};
  }
  require_index("pixels", std::max(g.inputs(), g.outputs()));
  require_index("numbers in a kernel and kernels in a group", g.kernel_numbers() + g.taps() * g.kernels);
  require_index("numbers from an image's first to its last", std::max(extent_of(x), extent_of(y)));
  require_index("rows and columns with padding",
                std::max(g.rows * g.stride + w.h(), g.columns * g.stride + w.w()));
  return g;
}

bool rearranges(const Geometry& g, DType dtype) {
  const int64_t numbers = numbers_of(dtype);
  if (g.stride == 1 || g.channels % numbers == 0 || g.stride * g.stride * g.channels % numbers != 0 ||
      std::min(g.window_rows, g.window_columns) < g.stride)
    return false;
  // Its kernels count elements in 32 bits.
  const Geometry r = rearranged(g);
  return r.images * r.x.image <= std::numeric_limits<int32_t>::max();
}

Geometry rearranged(const Geometry& g) {
  Geometry r = g;
  r.channels = g.stride * g.stride * g.channels;
  r.window_rows = blocks_of(g.window_rows, g.stride);
  r.window_columns = blocks_of(g.window_columns, g.stride);
  r.height = g.rows + r.window_rows - 1;
  r.width = g.columns + r.window_columns - 1;
  r.stride = 1, r.top = 0, r.left = 0;
  const int64_t pixel = r.groups * r.channels;
  r.x = {r.height * r.width * pixel, r.width * pixel, pixel};
  return r;
}

bool packs(const Geometry& g, DType dtype, bool of_kernels) {
  const int64_t numbers = numbers_of(dtype);
  if (g.channels % numbers != 0) return false;
  return divides(numbers, g.x) && (!of_kernels || (g.kernels % numbers == 0 && divides(numbers, g.y)));
}

}  // namespace alexnet::cuda
