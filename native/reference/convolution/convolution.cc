// Convolution (paper, sections 3.2 and 3.5) and its gradients; the fully connected layers are the case whose
// window is the whole input. With g the group of output channel k, C' = C / groups input channels a group,
//
//   a(n, p, q, k) = b(k) + sum_{r, s, c} x(n, i, j, g*C' + c) * w(k, r, s, c),
//   i = p * stride - top + r,  j = q * stride - left + s,
//
// where x is 0 outside the image. Each gradient is a sum over the same triples (output position, kernel
// position, input position), grouped by kernel or by input position.
#include "reference/device/ops.h"
#include "reference/elementwise/activation.h"

namespace alexnet::reference {
namespace {

// The input row (or column) that output `p` reads through kernel position `r`; outside the image it is
// padding.
int64_t input_place(int64_t p, int64_t stride, int64_t before, int64_t r) { return p * stride - before + r; }
bool inside(int64_t i, int64_t extent) { return i >= 0 && i < extent; }

double convolve(const ConvolutionForward& op, const DoubleTensor& x, const DoubleTensor& w, int64_t n,
                int64_t p, int64_t q, int64_t k) {
  const int64_t group = k / (w.n() / op.convolution.groups);
  double sum = 0;
  for (int64_t r = 0; r < w.h(); ++r) {
    const int64_t i = input_place(p, op.convolution.stride, op.convolution.padding.top, r);
    if (!inside(i, x.h())) continue;
    for (int64_t s = 0; s < w.w(); ++s) {
      const int64_t j = input_place(q, op.convolution.stride, op.convolution.padding.left, s);
      if (!inside(j, x.w())) continue;
      for (int64_t c = 0; c < w.c(); ++c) sum += x(n, i, j, group * w.c() + c) * w(k, r, s, c);
    }
  }
  return sum;
}

}  // namespace

// y = scale * mask * f(a + (accumulate ? y : 0))
void run(const ConvolutionForward& op, const HostBackend& arena, const Step& step) {
  const DoubleTensor x(arena, op.x), w(arena, op.w), y(arena, op.y);
  each(y, [&](int64_t n, int64_t p, int64_t q, int64_t k) {
    double a = convolve(op, x, w, n, p, q, k);
    if (op.bias) a += DoubleTensor(arena, *op.bias)(0, 0, 0, k);
    if (op.accumulate) a += y(n, p, q, k);
    const double unit = op.scale * activate(op.activation, a);
    y.set(n, p, q, k, dropped(op.dropout, op.y, step, n, p, q, k) ? 0 : unit);
  });
}

// dx(n, i, j, g*C' + c) = sum_{r, s, k} dy(n, p, q, k) * w(k, r, s, c), over the kernels k of group g and
// those kernel positions (r, s) through which some output (p, q) reads (i, j)
void run(const ConvolutionBackwardData& op, const HostBackend& arena, const Step&) {
  const DoubleTensor dy(arena, op.dy), w(arena, op.w), dx(arena, op.dx);
  const int64_t kernels = w.n() / op.convolution.groups;
  each(dx, [&](int64_t n, int64_t i, int64_t j, int64_t channel) {
    const int64_t group = channel / w.c(), c = channel % w.c();
    double sum = op.accumulate ? dx(n, i, j, channel) : 0;
    for (int64_t r = 0; r < w.h(); ++r) {
      const int64_t p = (i + op.convolution.padding.top - r) / op.convolution.stride;
      if (!inside(p, dy.h()) || input_place(p, op.convolution.stride, op.convolution.padding.top, r) != i)
        continue;
      for (int64_t s = 0; s < w.w(); ++s) {
        const int64_t q = (j + op.convolution.padding.left - s) / op.convolution.stride;
        if (!inside(q, dy.w()) || input_place(q, op.convolution.stride, op.convolution.padding.left, s) != j)
          continue;
        for (int64_t k = group * kernels; k < (group + 1) * kernels; ++k)
          sum += dy(n, p, q, k) * w(k, r, s, c);
      }
    }
    dx.set(n, i, j, channel, sum);
  });
}

// dw(k, r, s, c) = sum_{n, p, q} dy(n, p, q, k) * x(n, i, j, g*C' + c),  db(k) = sum_{n, p, q} dy(n, p, q, k)
void run(const ConvolutionBackwardWeights& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), dy(arena, op.dy), dw(arena, op.dw);
  each(dw, [&](int64_t k, int64_t r, int64_t s, int64_t c) {
    const int64_t group = k / (dw.n() / op.convolution.groups);
    double sum = 0;
    for (int64_t n = 0; n < dy.n(); ++n)
      for (int64_t p = 0; p < dy.h(); ++p) {
        const int64_t i = input_place(p, op.convolution.stride, op.convolution.padding.top, r);
        if (!inside(i, x.h())) continue;
        for (int64_t q = 0; q < dy.w(); ++q) {
          const int64_t j = input_place(q, op.convolution.stride, op.convolution.padding.left, s);
          if (inside(j, x.w())) sum += dy(n, p, q, k) * x(n, i, j, group * dw.c() + c);
        }
      }
    dw.set(k, r, s, c, sum);
  });
  if (!op.db) return;
  const DoubleTensor db(arena, *op.db);
  for (int64_t k = 0; k < dy.c(); ++k) {
    double sum = 0;
    for (int64_t n = 0; n < dy.n(); ++n)
      for (int64_t p = 0; p < dy.h(); ++p)
        for (int64_t q = 0; q < dy.w(); ++q) sum += dy(n, p, q, k);
    db.set(0, 0, 0, k, sum);
  }
}

// Computes the gradient in the workspace, then applies the update rule.
void run(const ConvolutionUpdate& op, const HostBackend& arena, const Step& step, size_t workspace_offset) {
  const Tensor gradient = op.gradient_at(workspace_offset);
  run(op.gradient(gradient), arena, step);
  run(op.update(gradient), arena, step);
}

size_t workspace(const ConvolutionUpdate& op) { return op.w.bytes(); }

}  // namespace alexnet::reference
