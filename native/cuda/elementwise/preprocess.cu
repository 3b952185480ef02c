// Converts uint8 images to the network's input (paper, sections 2 and 4.1): crop, reflection, mean and colour
// shift in one pass.
//   y(n, i, j, c) = scale / deviation_c * (image(n, top + i, left + j', c) - mean + shift_c),
//   j' = flip ? W - 1 - j : j
// Memory traffic: y once, the crop's bytes once; the mean image (0.8 MB) stays in the second-level cache.
//
// Crops begin anywhere, so only y is aligned. A warp computes 32 adjacent elements of a row of y: their
// pixels and means are adjacent too, forwards or backwards, and each access touches one or two cache lines. A
// thread keeps its column through kRows rows, so whatever depends on the column is computed only once.
#include <cmath>

#include "cuda/device/dispatch.h"
#include "cuda/device/fault.h"
#include "cuda/device/ops.h"

namespace alexnet::cuda {
namespace {

constexpr int kColours = 3, kRows = 32, kViewFields = 8;

struct Frame {
  int side_height, side_width;  // of the images
  int height, width;            // of y
  int blocks_a_row, blocks_a_column;
  bool one_colour, centre, bgr;  // how the mean is read, how y's channels are ordered
  float deviation[kColours];
};

__device__ __forceinline__ bool fits(float from, int length, int side) {
  return from >= 0 && floorf(from) == from && from <= static_cast<float>(side - length);
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    preprocess_kernel(const uint8_t* __restrict__ images, const float* __restrict__ views,
                      const float* __restrict__ mean, T* __restrict__ y, const __grid_constant__ Frame frame,
                      Fault* fault) {
  int rest = static_cast<int>(blockIdx.x);
  const int element =
      rest % frame.blocks_a_row * static_cast<int>(blockDim.x) + static_cast<int>(threadIdx.x);
  rest /= frame.blocks_a_row;
  const int first = rest % frame.blocks_a_column * kRows, last = min(first + kRows, frame.height);
  const int64_t n = rest / frame.blocks_a_column;
  const int row = frame.width * kColours;
  if (element >= row) return;
  T* to = y + (n * frame.height + first) * row + element;

  const float* view = views + n * kViewFields;
  const bool top_fits = fits(view[0], frame.height, frame.side_height);
  if (!top_fits || !fits(view[1], frame.width, frame.side_width)) {
    if (element == 0 && first == 0)
      atomicMax(fault, encode_crop_fault(n, top_fits, top_fits ? view[1] : view[0]));
    for (int i = first; i < last; ++i, to += row) *to = from_float<T>(0);
    return;
  }
  const int top = static_cast<int>(view[0]), left = static_cast<int>(view[1]);
  const int j = element / kColours, place = element - j * kColours;
  const int c = frame.bgr ? kColours - 1 - place : place;
  const int source = view[2] != 0 ? frame.width - 1 - j : j;
  const float shift = view[3 + c], factor = view[6] / frame.deviation[c];
  const int side_row = frame.side_width * kColours;
  const auto offset = [&](int i, int column) { return int64_t{i} * side_row + column * kColours + c; };
  const uint8_t* from = images + n * frame.side_height * side_row + offset(top + first, left + source);
  const float* mean_from = mean + c;
  if (!frame.one_colour)
    mean_from = mean + (frame.centre ? offset((frame.side_height - frame.height) / 2 + first,
                                              (frame.side_width - frame.width) / 2 + j)
                                     : offset(top + first, left + source));
  const int mean_row = frame.one_colour ? 0 : side_row;
#pragma unroll 8
  for (int i = first; i < last; ++i, to += row, from += side_row, mean_from += mean_row)
    *to = from_float<T>(factor * (static_cast<float>(*from) - *mean_from + shift));
}

}  // namespace

void run(const Preprocess& op, const Launch& on) {
  Frame frame{};
  frame.side_height = static_cast<int>(op.images.h()), frame.side_width = static_cast<int>(op.images.w());
  frame.height = static_cast<int>(op.y.h()), frame.width = static_cast<int>(op.y.w());
  // Blocks that divide a row evenly.
  const int64_t row = op.y.w() * kColours;
  frame.blocks_a_row = static_cast<int>(quotient_up(row, kThreads));
  const int64_t threads = quotient_up(quotient_up(row, frame.blocks_a_row), 32) * 32;
  frame.blocks_a_column = static_cast<int>(quotient_up(op.y.h(), kRows));
  frame.one_colour = op.mean.h() == 1 && op.mean.w() == 1;
  frame.centre = op.mean_at == MeanAt::kCentre;
  frame.bgr = op.order == ChannelOrder::kBgr;
  for (size_t c = 0; c < kColours; ++c) frame.deviation[c] = static_cast<float>(op.deviation[c]);
  const int64_t blocks = op.y.n() * frame.blocks_a_column * frame.blocks_a_row;
  with_type(op.y.dtype, [&]<class T>(T) {
    launch(preprocess_kernel<T>, dim3(static_cast<unsigned>(blocks)), dim3(static_cast<unsigned>(threads)), 0,
           on.stream, on.data<const uint8_t>(op.images), on.data<const float>(op.views),
           on.data<const float>(op.mean), on.data<T>(op.y), frame, on.fault);
  });
}

}  // namespace alexnet::cuda
