// Ops whose numbers each come from those at one place of their operands, and the network's input.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/ops/parameters.h"

namespace alexnet {

// y = activation(x).
struct ActivationForward {
  static constexpr const char* kName = "activation_forward";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace{"x", "y"};
  Tensor x, y;
  Activation activation = Activation::kRelu;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("activation", s.activation);
  }
  void check() const;
};

// dx = mask * dy * activation'(.), the derivative read off the activation's output y, which is what the
// forward op wrote. relu: after dropout and scale it is positive, or NaN, exactly where the gradient passes;
// tanh with dropout: y = mask * tanh(.), and the mask is drawn again, so 1 - y^2 is right wherever it counts.
struct ActivationBackward {
  static constexpr const char* kName = "activation_backward";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace{"dy", "dx"};
  Tensor y, dy, dx;
  Activation activation = Activation::kRelu;
  std::optional<Dropout> dropout;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("y", s.y), v.input("dy", s.dy), v.output("dx", s.dx);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("activation", s.activation), v.value("dropout", s.dropout);
  }
  void check() const;
};

// y = mask * x: dropout forward, and backward on gradients.
struct DropoutMask {
  static constexpr const char* kName = "dropout";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace{"x", "y"};
  Tensor x, y;
  Dropout dropout;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("dropout", s.dropout);
  }
  void check() const;
};

// y = factor * x (dropout at test time: factor = 1 - rate).
struct Scale {
  static constexpr const char* kName = "scale";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace{"x", "y"};
  Tensor x, y;
  double factor = 1;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("factor", s.factor);
  }
  void check() const;
};

enum class MeanAt : uint8_t { kCrop, kCentre };
enum class ChannelOrder : uint8_t { kRgb, kBgr };

// uint8 RGB images N x S x T x 3 -> the network's input N x H x W x 3 (paper, sections 2 and 4.1):
//   y(n,i,j,c) = scale / deviation_c * (image(n, top + i, left + j', c) - mean + shift_c),
//   j' = flip ? W-1-j : j
// views N x 1 x 1 x 8 float32: top, left, flip, red shift, green shift, blue shift, scale, unused.
// mean is 1 x S x T x 3 (mean image) or 1 x 1 x 1 x 3 (mean colour), RGB. mean_at kCrop reads it where the
// pixel came from, (top + i, left + j'); kCentre reads its centre crop at (i, j), whatever the crop (the
// authors' program). order kBgr stores the channels blue first.
struct Preprocess {
  static constexpr const char* kName = "preprocess";
  static constexpr bool kTakesStrides = false, kChecksContents = true;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor images, views, mean, y;
  MeanAt mean_at = MeanAt::kCrop;
  ChannelOrder order = ChannelOrder::kRgb;
  std::array<double, 3> deviation{1, 1, 1};
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("images", s.images), v.input("views", s.views), v.input("mean", s.mean), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("meanAt", s.mean_at), v.value("order", s.order), v.value("deviation", s.deviation);
  }
  void check() const;
};

// y = value, of any type.
struct Fill {
  static constexpr const char* kName = "fill";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor y;
  double value = 0;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("value", s.value);
  }
  void check() const;
};

// y = mean + deviation * N(0, 1), y a K x R x S x C part of a whole weight tensor of `whole` shape K' x R x S
// x C' whose kernels start at kernel_offset and channels at channel_offset. The element at (k, r, s, c) of
// the whole draws normal number ((k*C' + c)*R + r)*S + s (its place in OIHW order) of (seed, stream, step 0):
// four normals a Philox block by Box-Muller in double, z[2i] = sqrt(-2 ln u) cos(2 pi u'), z[2i+1] = the same
// with sin, u = (word[2i] + 0.5) / 2^32, u' = (word[2i+1] + 0.5) / 2^32; rounded to the tensor's type last.
struct Gaussian {
  static constexpr const char* kName = "gaussian";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor y;
  double mean = 0, deviation = 1;
  Seed seed;
  uint32_t stream = 0;
  std::array<int64_t, 4> whole{};
  int64_t kernel_offset = 0, channel_offset = 0;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("mean", s.mean), v.value("deviation", s.deviation), v.value("seed", s.seed);
    v.value("stream", s.stream), v.value("whole", s.whole), v.value("kernelOffset", s.kernel_offset);
    v.value("channelOffset", s.channel_offset);
  }
  void check() const;
};

// y = x, shapes equal, strides free; types equal, or floats that are rounded to y's.
struct Copy {
  static constexpr const char* kName = "copy";
  static constexpr bool kTakesStrides = true, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, y;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self&, V&&) {}
  void check() const;
};

// y = xs[0] + xs[1] + ..., in that order: gradients that meet, and the reduction across devices once
// transfers have brought the parts together.
struct Sum {
  static constexpr const char* kName = "sum";
  static constexpr bool kTakesStrides = true, kChecksContents = false;
  static constexpr InPlace kInPlace{"xs", "y"};
  std::vector<Tensor> xs;
  Tensor y;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    for (auto& x : s.xs) v.input("xs", x);
    v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self&, V&&) {}
  void check() const;
};

}  // namespace alexnet
