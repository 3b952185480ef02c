#include "cpu/convolution/gemm_of.h"

namespace alexnet::cpu {

namespace {

Strides strides_of(const Tensor& t) { return {t.strides[0], t.strides[1], t.strides[2]}; }

// Whether one window covers the whole of x and reads it in w's order.
bool is_fully_connected(const Tensor& x, const Tensor& w, const Tensor& y, const Padding& padding,
                        int64_t groups) {
  const bool adjacent = x.strides[2] == x.c() && x.strides[1] == x.w() * x.c();
  return groups == 1 && x.h() == w.h() && x.w() == w.w() && y.h() == 1 && y.w() == 1 && adjacent &&
         padding.top == 0 && padding.left == 0;
}

Grid matrix_grid(int64_t images) { return {images, 1, 1, 1, 1, 1, 1, 1, 0, 0, false}; }

struct Convolution {
  const Tensor& x;
  const Tensor& w;
  const Tensor& y;
  const Padding& padding;
  int64_t stride, groups;

  Grid grid() const {
    return {y.n(), y.h(), y.w(), x.h(), x.w(), w.h(), w.w(), stride, padding.top, padding.left, false};
  }
};

}  // namespace

GatherGroups gather_of(const ConvolutionForward& op, bool packed) {
  const Convolution c{op.x, op.w, op.y, op.convolution.padding, op.convolution.stride, op.convolution.groups};
  GatherGemm g{};
  g.grid = c.grid();
  g.source_strides = strides_of(op.x);
  g.target_strides = strides_of(op.y);
  g.w_row = op.w.strides[1], g.w_column = op.w.strides[2], g.w_inner = 1, g.w_output = op.w.strides[0];
  g.inner = op.w.c();
  g.outputs = op.w.n() / op.convolution.groups;
  g.accumulate = op.accumulate;
  g.activation = static_cast<int>(op.activation);
  g.scale = static_cast<float>(op.scale);
  g.packed = packed;
  g.matrix = is_fully_connected(op.x, op.w, op.y, op.convolution.padding, op.convolution.groups);
  if (g.matrix) {
    g.grid = matrix_grid(op.x.n());
    g.inner = op.w.h() * op.w.w() * op.w.c();
  }
  return {g, op.convolution.groups, op.w.c(), g.outputs, g.outputs * g.w_output};
}

GatherGroups gather_of(const ConvolutionBackwardData& op) {
  const Convolution c{
      op.dx, op.w, op.dy, op.convolution.padding, op.convolution.stride, op.convolution.groups};
  GatherGemm g{};
  const Grid forward = c.grid();
  g.grid = {op.dx.n(),       op.dx.h(),      op.dx.w(),   op.dy.h(),    op.dy.w(), forward.rows,
            forward.columns, forward.stride, forward.top, forward.left, true};
  g.source_strides = strides_of(op.dy);
  g.target_strides = strides_of(op.dx);
  g.w_row = op.w.strides[1], g.w_column = op.w.strides[2], g.w_inner = op.w.strides[0], g.w_output = 1;
  g.inner = op.w.n() / op.convolution.groups;
  g.outputs = op.w.c();
  g.accumulate = op.accumulate;
  g.scale = 1;
  g.matrix = is_fully_connected(op.dx, op.w, op.dy, op.convolution.padding, op.convolution.groups);
  if (g.matrix) {
    g.grid = matrix_grid(op.dx.n());
    g.outputs = op.w.h() * op.w.w() * op.w.c();
  }
  return {g, op.convolution.groups, g.inner, op.w.c(), g.inner * g.w_inner};
}

OuterGroups outer_of(const ConvolutionBackwardWeights& op) {
  const Convolution c{
      op.x, op.dw, op.dy, op.convolution.padding, op.convolution.stride, op.convolution.groups};
  OuterGemm g{};
  g.grid = c.grid();
  g.x_strides = strides_of(op.x);
  g.dy_strides = strides_of(op.dy);
  g.dw_output = op.dw.strides[0], g.dw_row = op.dw.strides[1], g.dw_column = op.dw.strides[2];
  g.inner = op.dw.c();
  g.outputs = op.dw.n() / op.convolution.groups;
  g.matrix = is_fully_connected(op.x, op.dw, op.dy, op.convolution.padding, op.convolution.groups);
  if (g.matrix) {
    g.grid = matrix_grid(op.x.n());
    g.inner = op.dw.h() * op.dw.w() * op.dw.c();
  }
  return {g, op.convolution.groups};
}

bool takes_bfloat16_weights(const ConvolutionForward& op) {
  return is_fully_connected(op.x, op.w, op.y, op.convolution.padding, op.convolution.groups);
}

}  // namespace alexnet::cpu
