// Max-pooling, alone and behind local response normalisation.
#pragma once

#include "core/ops/most_pool_size.h"
#include "core/ops/normalisation.h"
#include "core/ops/parameters.h"

namespace alexnet {

// Max-pooling. y's rows are at most ceil((H - size) / stride) + 1, columns likewise; windows are clipped at
// the bottom and right edges. NaN is greater than every number. Backward, the first maximum of a window in
// row-major order takes the gradient (of several NaN the last one, as in PyTorch); it is found again from x,
// nothing is stored.
struct PoolParameters {
  int64_t size = 3, stride = 2;
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.pool_size("poolSize", s.size), v.value("poolStride", s.stride);
  }
  // y: the pooled maps or their gradient.
  void check(const Tensor& x, const char* y_name, const Tensor& y) const;
};

struct MaxPoolForward {
  static constexpr const char* kName = "max_pool_forward";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, y;
  PoolParameters pool;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    PoolParameters::values(s.pool, v);
  }
  void check() const;
};

struct MaxPoolBackward {
  static constexpr const char* kName = "max_pool_backward";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, dy, dx;
  PoolParameters pool;
  Activation activation = Activation::kNone;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("dy", s.dy), v.output("dx", s.dx);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    PoolParameters::values(s.pool, v), v.value("activation", s.activation);
  }
  void check() const;
};

// LRN and the max-pool behind it in one pass over x; the normalised maps are never written to memory, and the
// backward pass computes the normaliser again.
struct LrnPoolForward {
  static constexpr const char* kName = "lrn_pool_forward";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, y;
  LrnParameters lrn;
  PoolParameters pool;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    LrnParameters::values(s.lrn, v), PoolParameters::values(s.pool, v);
  }
  void check() const;
};

struct LrnPoolBackward {
  static constexpr const char* kName = "lrn_pool_backward";
  static constexpr bool kTakesStrides = false, kChecksContents = false;
  static constexpr InPlace kInPlace = kNotInPlace;
  Tensor x, dy, dx;
  LrnParameters lrn;
  PoolParameters pool;
  Activation activation = Activation::kNone;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("dy", s.dy), v.output("dx", s.dx);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    LrnParameters::values(s.lrn, v), PoolParameters::values(s.pool, v), v.value("activation", s.activation);
  }
  void check() const;
};

}  // namespace alexnet
