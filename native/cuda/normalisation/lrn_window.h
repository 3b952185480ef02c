// Local response normalisation across adjacent channels at one position (paper, section 3.3), for kernels:
//
//   z_i = x_i * s_i^-beta,   s_i = k + alpha * sum_{|j - i| <= half, same group} x_j^2
//   dx_i = g_i * s_i^-beta - 2 * alpha * beta * x_i * sum_{|j - i| <= half, same group} g_j * x_j *
//   s_j^(-beta - 1)
//
// in two forms. PaperLrn is the paper's window of five channels and beta of 3/4: it holds 16 bytes of
// adjacent channels at a time in registers, with their neighbours; a group is a multiple of 16 bytes. AnyLrn
// handles everything else, one channel at a time, with loops over memory. Both have:
//   kCount          channels at a time
//   fetch, forward  z of the channels at `x`, the c-th and following of their group
//   kKeepsZeros     whether the pool tells the first of 0 and -0, for which a maximum costs two instructions
//   kInWarp         whether there is backward_in_warp
//   Scalar          the form with one channel at a time that computes the same
//   backward        dx of them; the incoming gradient is a function, as the pool's is not in memory
//
// A result depends neither on the kernel that computes it nor on its position: the operations are explicit
// (fmaf, and products that nothing is added to), so the compiler cannot fuse them differently. So equal
// values stay equal for the pool, which looks for the first of equal maxima.
#pragma once

#include "core/ops.h"
#include "cuda/normalisation/roots.h"
#include "cuda/primitives/access.h"

namespace alexnet::cuda {

struct LrnShape {
  int group = 1;  // channels
  int half = 2;
  float k = 0, alpha = 0, beta = 0;
  float factor = 0;  // 2 * alpha * beta
};

template <class T>
struct AnyLrn {
  static constexpr int kCount = 1;
  static constexpr bool kKeepsZeros = false, kInWarp = false;
  using Scalar = AnyLrn;
  LrnShape shape;

  struct Fetched {
    const T* x;
    int c;
  };

  __device__ __forceinline__ Fetched fetch(const T* x, int c) const { return {x, c}; }

  __device__ __forceinline__ void forward(const Fetched& at, float (&z)[1]) const {
    z[0] = to_float(*at.x) * power().normaliser(sum(at.x, at.c));
  }

  template <class Gradient>
  __device__ __forceinline__ void backward(const T* from, int c, const Gradient& gradient, float (&x)[1],
                                           float (&dx)[1]) const {
    float total = 0, g = 0, n = 0;
    for (int j = first(c); j <= last(c); ++j) {
      float steeper;
      const float here = gradient.one(j), normaliser = power().normaliser(sum(from + j, c + j), steeper);
      if (j == 0) g = here, n = normaliser;
      total += here * to_float(from[j]) * steeper;
    }
    x[0] = to_float(*from);
    dx[0] = g * n - shape.factor * x[0] * total;
  }

 private:
  __device__ __forceinline__ AnyPower power() const { return {shape.beta}; }
  // The first and last channels of the window of channel c, relative to c.
  __device__ __forceinline__ int first(int c) const { return c < shape.half ? -c : -shape.half; }
  __device__ __forceinline__ int last(int c) const {
    const int rest = shape.group - 1 - c;
    return rest < shape.half ? rest : shape.half;
  }
  __device__ __forceinline__ float sum(const T* x, int c) const {
    float squares = 0;
    for (int j = first(c); j <= last(c); ++j) squares = fmaf(to_float(x[j]), to_float(x[j]), squares);
    return fmaf(shape.alpha, squares, shape.k);
  }
};

template <class T>
struct PaperLrn {
  static constexpr int kCount = Pack<T>::kCount;
  static constexpr bool kKeepsZeros = false, kInWarp = true;
  LrnShape shape;

  using Scalar = AnyLrn<T>;
  using Fetched = WithNeighbours<T, kCount, 2>;

  __device__ __forceinline__ Fetched fetch(const T* x, int c) const {
    Fetched fetched;
    fetched.load(x, before(c), after(c));
    return fetched;
  }

  __device__ __forceinline__ void forward(const Fetched& fetched, float (&z)[kCount]) const {
    float x[kCount + 4];
    fetched.unpack(x);
    sums<kCount>(x, z);
#pragma unroll
    for (int i = 0; i < kCount; ++i) z[i] = x[i + 2] * ThreeQuarters().normaliser(z[i]);
  }

  // Also returns x itself.
  template <class Gradient>
  __device__ __forceinline__ void backward(const T* from, int c, const Gradient& gradient, float (&x)[kCount],
                                           float (&dx)[kCount]) const {
    float wide[kCount + 8], g[kCount + 4], t[kCount + 4];
    load_with_neighbours<kCount, 4>(from, before(c), after(c), wide);
    gradient.template span<kCount, 2>(before(c), after(c), g);
    sums<kCount + 4>(wide, t);
#pragma unroll
    for (int i = 0; i < kCount + 4; ++i) {
      float steeper;
      const float n = ThreeQuarters().normaliser(t[i], steeper);
      if (i >= 2 && i < kCount + 2) x[i - 2] = wide[i + 2], dx[i - 2] = g[i] * n;
      t[i] = g[i] * wide[i + 2] * steeper;
    }
    subtract(x, c, t, dx);
  }

  // The same if a warp's neighbouring lanes have the neighbouring channels of the position; all lanes have to
  // call it.
  __device__ __forceinline__ void backward_in_warp(const Fetched& fetched, int c, const float (&g)[kCount],
                                                   float (&x)[kCount], float (&dx)[kCount]) const {
    float wide[kCount + 4], s[kCount], t[kCount + 4];
    fetched.unpack(wide);
    sums<kCount>(wide, s);
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      float steeper;
      const float n = ThreeQuarters().normaliser(s[i], steeper);
      x[i] = wide[i + 2], dx[i] = g[i] * n;
      t[i + 2] = g[i] * x[i] * steeper;
    }
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      t[i] = __shfl_up_sync(0xffffffffu, t[kCount + i], 1);
      t[kCount + 2 + i] = __shfl_down_sync(0xffffffffu, t[2 + i], 1);
    }
    subtract(x, c, t, dx);
  }

 private:
  // t: with two more channels on both sides.
  __device__ __forceinline__ void subtract(const float (&x)[kCount], int c, float (&t)[kCount + 4],
                                           float (&dx)[kCount]) const {
    // Where there are no channels, t may be anything.
    if (!before(c)) t[0] = t[1] = 0;
    if (!after(c)) t[kCount + 2] = t[kCount + 3] = 0;
    float pairs[kCount + 2];
#pragma unroll
    for (int i = 0; i < kCount + 2; ++i) pairs[i] = t[i] + t[i + 1];
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      dx[i] = fmaf(-shape.factor * x[i], pairs[i] + pairs[i + 2] + t[i + 4], dx[i]);
  }

  __device__ __forceinline__ bool before(int c) const { return c > 0; }
  __device__ __forceinline__ bool after(int c) const { return c + kCount < shape.group; }

  // s of kNumbers channels, from x with two more channels on both sides.
  template <int kNumbers>
  __device__ __forceinline__ void sums(const float (&x)[kNumbers + 4], float (&s)[kNumbers]) const {
    float pairs[kNumbers + 2];
#pragma unroll
    for (int i = 0; i < kNumbers + 2; ++i) pairs[i] = fmaf(x[i + 1], x[i + 1], x[i] * x[i]);
#pragma unroll
    for (int i = 0; i < kNumbers; ++i)
      s[i] = fmaf(shape.alpha, fmaf(x[i + 4], x[i + 4], pairs[i] + pairs[i + 2]), shape.k);
  }
};

// For a tensor with `channels` channels.
inline LrnShape lrn_shape(const LrnParameters& lrn, int64_t channels) {
  return {static_cast<int>(channels / lrn.groups),
          static_cast<int>(lrn.size / 2),
          static_cast<float>(lrn.k),
          static_cast<float>(lrn.alpha),
          static_cast<float>(lrn.beta),
          static_cast<float>(2 * lrn.alpha * lrn.beta)};
}

// Calls f with the form that computes it for elements of type T.
template <class T, class F>
void with_lrn(const LrnShape& shape, F&& f) {
  if (shape.half == 2 && shape.beta == 0.75f && shape.group % PaperLrn<T>::kCount == 0)
    f(PaperLrn<T>{shape});
  else
    f(AnyLrn<T>{shape});
}

}  // namespace alexnet::cuda
