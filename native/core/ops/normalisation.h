// Normalisation across channels, within maps, and over a batch.
#pragma once

#include "core/ops/parameters.h"

namespace alexnet {

// Local response normalisation across adjacent channels (paper, section 3.3):
// y_i = x_i / (k + alpha * sum_{j = max(0, i - n/2)}^{min(N-1, i + n/2)} x_j^2)^beta, n = size, N = channels
// / groups. alpha multiplies the plain sum; the window never leaves its group.
struct LrnParameters {
  int64_t size = 5;
  double k = 2, alpha = 1e-4, beta = 0.75;
  int64_t groups = 1;
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("size", s.size), v.value("k", s.k), v.value("alpha", s.alpha), v.value("beta", s.beta);
    v.value("groups", s.groups);
  }
  void check(const Tensor& x) const;
};

struct LrnForward {
  static constexpr const char* kName = "lrn_forward";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, y;
  LrnParameters lrn;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    LrnParameters::values(s.lrn, v);
  }
  void check() const;
};

struct LrnBackward {
  static constexpr const char* kName = "lrn_backward";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, dy, dx;
  LrnParameters lrn;
  Activation activation = Activation::kNone;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("dy", s.dy), v.output("dx", s.dx);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    LrnParameters::values(s.lrn, v), v.value("activation", s.activation);
  }
  void check() const;
};

// Normalisation within each map (the authors' program): y = x * (k + alpha * sum over the size x size window
// around the position, clipped to the map, of x^2)^-beta.
struct MapNormParameters {
  int64_t size = 5;
  double k = 1, alpha = 0.001 / 25, beta = 0.75;
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("size", s.size), v.value("k", s.k), v.value("alpha", s.alpha), v.value("beta", s.beta);
  }
  void check() const;
};

struct MapNormForward {
  static constexpr const char* kName = "map_norm_forward";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, y;
  MapNormParameters norm;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    MapNormParameters::values(s.norm, v);
  }
  void check() const;
};

struct MapNormBackward {
  static constexpr const char* kName = "map_norm_backward";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, dy, dx;
  MapNormParameters norm;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("dy", s.dy), v.output("dx", s.dx);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    MapNormParameters::values(s.norm, v);
  }
  void check() const;
};

// Batch normalisation over channels (Ioffe and Szegedy, 2015), in training. With the m = N * H * W numbers of
// a channel of x:
//   mean = sum x / m,  variance = sum (x - mean)^2 / m,  inverse = (variance + epsilon)^-1/2,
//   y = activation(gamma * (x - mean) * inverse + beta),
//   running_mean <- (1 - momentum) * running_mean + momentum * mean,
//   running_variance <- (1 - momentum) * running_variance + momentum * variance * m / max(1, m - 1).
// All but x and y are vectors, a number a channel.
struct BatchNormForward {
  static constexpr const char* kName = "batch_norm_forward";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, gamma, beta, y, mean, inverse, running_mean, running_variance;
  double epsilon = 1e-5, momentum = 0.1;
  Activation activation = Activation::kNone;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("gamma", s.gamma), v.input("beta", s.beta), v.output("y", s.y);
    v.output("mean", s.mean), v.output("inverse", s.inverse);
    v.inout("runningMean", s.running_mean), v.inout("runningVariance", s.running_variance);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("epsilon", s.epsilon), v.value("momentum", s.momentum), v.value("activation", s.activation);
  }
  void check() const;
};

// The same by the running statistics: y = activation(gamma * (x - running_mean) * (running_variance +
// epsilon)^-1/2 + beta).
struct BatchNormInference {
  static constexpr const char* kName = "batch_norm_inference";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, gamma, beta, running_mean, running_variance, y;
  double epsilon = 1e-5;
  Activation activation = Activation::kNone;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("gamma", s.gamma), v.input("beta", s.beta);
    v.input("runningMean", s.running_mean), v.input("runningVariance", s.running_variance);
    v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("epsilon", s.epsilon), v.value("activation", s.activation);
  }
  void check() const;
};

// The gradients of BatchNormForward before its activation, with mean and inverse as it left them and
// x' = (x - mean) * inverse:
//   dbeta = sum dy,  dgamma = sum dy * x',  dx = gamma * inverse * (dy - dbeta / m - x' * dgamma / m).
struct BatchNormBackward {
  static constexpr const char* kName = "batch_norm_backward";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, gamma, mean, inverse, dy, dx, dgamma, dbeta;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("gamma", s.gamma), v.input("mean", s.mean), v.input("inverse", s.inverse);
    v.input("dy", s.dy), v.output("dx", s.dx), v.output("dgamma", s.dgamma), v.output("dbeta", s.dbeta);
  }
  template <class Self, class V>
  static void values(Self&, V&&) {}
  void check() const;
};

}  // namespace alexnet
