// Convolutions and their gradients. A fully connected layer is the convolution whose window is its whole
// input: x N x H x W x C, w K x H x W x C, y N x 1 x 1 x K.
#pragma once

#include <optional>

#include "core/ops/learning.h"
#include "core/ops/parameters.h"

namespace alexnet {

// What float32 operands may be rounded to before they are multiplied, where a device multiplies that faster:
// tf32 has 10 bits of mantissa, bfloat16 has 7. Sums stay float32.
enum class Products : uint8_t { kFloat32, kTf32, kBfloat16 };

struct Padding {
  int64_t top = 0, left = 0, bottom = 0, right = 0;
};

// y's rows are floor((H + top + bottom - R) / stride) + 1, its columns likewise. Channels of group g of x
// meet w's kernels [g*K/groups, (g+1)*K/groups); w's last dimension is C / groups.
struct ConvolutionParameters {
  int64_t stride = 1;
  Padding padding;
  int64_t groups = 1;
  Products products = Products::kFloat32;
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("stride", s.stride), v.value("padding", s.padding), v.value("groups", s.groups);
    v.value("products", s.products);
  }
  // That x, w and y, or their gradients, fit together.
  void check(const char* x_name, const Tensor& x, const char* w_name, const Tensor& w, const char* y_name,
             const Tensor& y) const;
};

// y = scale * mask * activation(conv(x, w) + bias + (accumulate ? y : 0)). packed,
// Backend::packed_bytes(op) bytes, is w as Backend::pack left it there; where it is given w is not read.
struct ConvolutionForward {
  static constexpr const char* kName = "convolution_forward";
  static constexpr bool kTakesStrides = true, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, w, y;
  std::optional<Tensor> bias, packed;
  ConvolutionParameters convolution;
  bool accumulate = false;
  Activation activation = Activation::kNone;
  std::optional<Dropout> dropout;
  double scale = 1;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("w", s.w), v.input("bias", s.bias), v.input("packed", s.packed);
    s.accumulate ? v.inout("y", s.y) : v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    ConvolutionParameters::values(s.convolution, v);
    v.value("accumulate", s.accumulate), v.value("activation", s.activation), v.value("dropout", s.dropout);
    v.value("scale", s.scale);
  }
  void check() const;
};

// dx = (accumulate ? dx : 0) + the gradient of the convolution with respect to its input.
struct ConvolutionBackwardData {
  static constexpr const char* kName = "convolution_backward_data";
  static constexpr bool kTakesStrides = true, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor dy, w, dx;
  ConvolutionParameters convolution;
  bool accumulate = false;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("dy", s.dy), v.input("w", s.w);
    s.accumulate ? v.inout("dx", s.dx) : v.output("dx", s.dx);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    ConvolutionParameters::values(s.convolution, v), v.value("accumulate", s.accumulate);
  }
  void check() const;
};

// dw and, if asked for, db: the gradients with respect to weights and bias, summed over images and positions.
struct ConvolutionBackwardWeights {
  static constexpr const char* kName = "convolution_backward_weights";
  static constexpr bool kTakesStrides = true, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, dy, dw;
  std::optional<Tensor> db;
  ConvolutionParameters convolution;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("dy", s.dy), v.output("dw", s.dw), v.output("db", s.db);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    ConvolutionParameters::values(s.convolution, v);
  }
  void check() const;
};

// ConvolutionBackwardWeights and Sgd in one: w and v become what the rule makes of them with the gradient,
// which is nowhere left. Each backend decides whether the gradient is written to memory on the way.
struct ConvolutionUpdate {
  static constexpr const char* kName = "convolution_update";
  static constexpr bool kTakesStrides = true, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, dy, w, v;
  std::optional<Tensor> copy, db;
  ConvolutionParameters convolution;
  double momentum = 0.9, decay = 0;
  int64_t rate = 0;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("dy", s.dy), v.inout("w", s.w), v.inout("v", s.v);
    v.output("copy", s.copy), v.output("db", s.db);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    ConvolutionParameters::values(s.convolution, v);
    v.value("momentum", s.momentum), v.value("decay", s.decay), v.learning_rate("rate", s.rate);
  }
  void check() const;

  // Its two halves, for a gradient at a byte of the arena.
  Tensor gradient_at(size_t offset) const {
    Tensor g = w;
    g.offset = offset;
    return g;
  }
  ConvolutionBackwardWeights gradient(const Tensor& g) const { return {x, dy, g, db, convolution}; }
  Sgd update(const Tensor& g) const { return {{{w, v, g, copy, rate, decay}}, momentum}; }
};

}  // namespace alexnet
