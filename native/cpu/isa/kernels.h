// The kernels as the backend calls them: plain structs of pointers and sizes, and one table of functions for
// each instruction set. Every function does a part of an op that one thread can compute alone.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/ops/most_pool_size.h"

namespace alexnet::cpu {

// Which pixels of one grid a kernel window connects to which pixels of another. Strides are in elements.
struct Grid {
  int64_t images, height, width;  // of the side that is written (forward: output; backward data: input)
  int64_t source_height, source_width;
  int64_t rows, columns;  // of the kernel
  int64_t stride, top, left;
  bool backward;  // false: source = target * stride - padding + tap; true: the reverse, where it divides
};

struct Strides {
  int64_t image, row, pixel;
};

// target(m, j) = epilogue(sum over taps t and i of source(m, t)[i] * w(t, i, j)), for one group of channels.
struct GatherGemm {
  Grid grid;
  const float* source;
  Strides source_strides;
  float* target;
  Strides target_strides;
  const float* weights;
  const uint16_t* short_weights;  // bfloat16 weights, used instead of `weights`; only for matrices
  int64_t w_row, w_column, w_inner, w_output;  // strides of w by kernel row, kernel column, i and j
  int64_t inner, outputs;                      // extent of i and of j
  const float* bias;                           // `outputs` values, or null
  bool accumulate;
  int activation;  // 0 none, 1 relu, 2 tanh
  float scale;
  bool matrix;  // one pixel and one tap: target = source times w
  bool packed;  // the weights are available packed, as the kernels read them
};

// dw(j, t, i) = sum over pixels m of dy(m, j) * x(m, t)[i], for one group of channels.
struct OuterGemm {
  Grid grid;  // backward == false; height and width are dy's
  const float* x;
  Strides x_strides;
  const float* dy;
  Strides dy_strides;
  float* dw;
  int64_t dw_output, dw_row, dw_column;
  int64_t inner, outputs;
  bool matrix;  // one pixel and one tap: dw = dy transposed times x
};

struct Lrn {
  int64_t size, groups;
  float k, alpha, beta;
};

struct Planes {  // N x H x W x C, dense
  int64_t images, height, width, channels;
};

// A linear function for each channel: y = scale * (x - mean) + shift.
struct ChannelLine {
  const float *mean, *scale, *shift;
};

struct LrnPool {
  Planes x;
  int64_t out_height, out_width;
  int64_t pool_size, pool_stride;
  bool normalise;
  Lrn lrn;
  int activation;  // whose output x is; its derivative is applied to dx
};

struct Kernels {
  const char* name;
  int64_t rows, columns;  // of the register tile

  // gemm: any convolution, by pixels and panels of outputs; and the gradient with respect to the weights.
  bool (*pads_images)(const GatherGemm&);       // copies each image, for all panels of outputs
  size_t (*gather_scratch)(const GatherGemm&);  // floats
  void (*gather)(const GatherGemm&, int64_t panel_begin, int64_t panel_end, int64_t pixel_begin,
                 int64_t pixel_end, float* scratch);
  size_t (*outer_scratch)(const OuterGemm&);  // floats
  int64_t (*outer_units)(const OuterGemm&);
  void (*outer)(const OuterGemm&, int64_t unit_begin, int64_t unit_end, float* scratch);

  // gemm, instead of `gather` for matrices. `dot`: few images. `matrix_pack` and `matrix_forward`: images
  // packed in runs for all threads, then each thread's outputs [begin, end). `matrix_backward`: where an
  // output's weights are not adjacent; images are not packed.
  void (*dot)(const GatherGemm&, int64_t begin, int64_t end);
  int64_t (*matrix_runs)(const GatherGemm&);
  size_t (*matrix_shared)(const GatherGemm&);  // floats
  void (*matrix_pack)(const GatherGemm&, int64_t run_begin, int64_t run_end, float* packed);
  size_t (*matrix_scratch)(const GatherGemm&);  // floats
  void (*matrix_forward)(const GatherGemm&, int64_t begin, int64_t end, const float* packed, float* scratch);
  size_t (*matrix_backward_scratch)(const GatherGemm&);  // floats
  void (*matrix_backward)(const GatherGemm&, int64_t begin, int64_t end, float* scratch);
  // Instead of `outer` for matrices.
  size_t (*matrix_weights_scratch)(const OuterGemm&);  // floats
  int64_t (*matrix_weights_units)(const OuterGemm&);
  void (*matrix_weights)(const OuterGemm&, int64_t unit_begin, int64_t unit_end, float* scratch);

  // winograd, instead of `gather` for small kernels with stride 1: all weights are packed for all threads,
  // then tiles of pixels are computed.
  bool (*is_winograd)(const GatherGemm&);
  int64_t (*winograd_panel_floats)(const GatherGemm&);
  void (*winograd_pack)(const GatherGemm&, int64_t panel, float* packed);
  int64_t (*winograd_tiles)(const Grid&);
  size_t (*winograd_scratch)(const GatherGemm&);  // floats
  void (*winograd)(const GatherGemm&, const float* packed, int64_t panel_begin, int64_t panel_end,
                   int64_t tile_begin, int64_t tile_end, float* scratch);
  // Instead of `outer` for small kernels with stride 1: sums of all tiles, then dw from the sums.
  bool (*is_winograd_weights)(const OuterGemm&);
  size_t (*winograd_weights_shared)(const OuterGemm&);   // floats: the sums
  size_t (*winograd_weights_scratch)(const OuterGemm&);  // floats
  int64_t (*winograd_weights_units)(const OuterGemm&);
  void (*winograd_weights_sum)(const OuterGemm&, bool fresh, int64_t unit_begin, int64_t unit_end,
                               float* sums, float* scratch);
  void (*winograd_weights_finish)(const OuterGemm&, int64_t output_begin, int64_t output_end,
                                  const float* sums);

  // convolution, instead of `outer` for images of few channels: the sums of each range of images, all in
  // `sums`, then dw from them.
  bool (*has_few_channels)(const OuterGemm&);
  int64_t (*few_channels_ranges)(const OuterGemm&);
  size_t (*few_channels_shared)(const OuterGemm&);   // floats: the sums
  size_t (*few_channels_scratch)(const OuterGemm&);  // floats
  void (*few_channels_sum)(const OuterGemm&, int64_t range_begin, int64_t range_end, float* sums,
                           float* scratch);
  void (*few_channels_finish)(const OuterGemm&, int64_t output_begin, int64_t output_end, const float* sums);
  // sums[j] += rows of pixels x channels with a pitch
  void (*column_sums)(const float* rows, int64_t pixels, int64_t pitch, int64_t channels, float* sums);

  // pooling, with or without normalisation before it.
  size_t (*lrn_pool_scratch)(const LrnPool&);  // floats
  void (*lrn_pool_forward)(const LrnPool&, const float* x, float* y, int64_t image_begin, int64_t image_end,
                           int64_t row_begin, int64_t row_end, float* scratch);
  void (*lrn_pool_backward)(const LrnPool&, const float* x, const float* dy, float* dx, int64_t image_begin,
                            int64_t image_end, float* scratch);

  // normalisation.
  size_t (*lrn_scratch)(const Lrn&, int64_t channels);  // floats
  void (*lrn_forward)(const Lrn&, const float* x, float* y, int64_t pixels, int64_t channels, float* scratch);
  void (*lrn_backward)(const Lrn&, const float* x, const float* dy, float* dx, int64_t pixels,
                       int64_t channels, int activation, float* scratch);

  void (*batch_norm_moments)(const float* x, int64_t pixels, int64_t channels, float* mean, float* squares);
  void (*batch_norm_apply)(const ChannelLine&, int activation, const float* x, float* y, int64_t pixels,
                           int64_t channels);
  void (*batch_norm_sums)(const float* x, const float* dy, const float* mean, int64_t pixels,
                          int64_t channels, float* sum, float* product);
  void (*batch_norm_gradient)(const ChannelLine&, const float* slope, const float* x, const float* dy,
                              float* dx, int64_t pixels, int64_t channels);

  void (*map_norm_forward)(const Planes&, int64_t size, float k, float alpha, float beta, const float* x,
                           float* y, int64_t image_begin, int64_t image_end, float* scratch);
  void (*map_norm_backward)(const Planes&, int64_t size, float k, float alpha, float beta, const float* x,
                            const float* dy, float* dx, int64_t image_begin, int64_t image_end,
                            float* scratch);

  // elementwise.
  void (*activation_forward)(int activation, const float* x, float* y, int64_t count);
  void (*activation_backward)(int activation, const float* y, const float* dy, float* dx, int64_t count);
  void (*scale)(float factor, const float* x, float* y, int64_t count);
  void (*add)(const float* a, const float* b, float* y, int64_t count);

  // learning.
  void (*sgd)(float* w, float* v, const float* g, float momentum, float decay_rate, float rate,
              int64_t count);
};

// The table of the widest instruction set that the processor supports (isa/choice.h).
const Kernels& best_kernels();

const Kernels* kernels_avx512();
const Kernels* kernels_avx2();
const Kernels* kernels_baseline();

}  // namespace alexnet::cpu
