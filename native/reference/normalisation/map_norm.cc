// Normalisation within each map, a layer that the authors' program has after conv2's LRN:
//
//   y_i = x_i * s_i^-beta,   s_i = k + alpha * sum_{j in window(i)} x_j^2,
//
// window(i) the size x size positions around position i of the same map, clipped to the map.
#include <algorithm>
#include <cmath>

#include "reference/device/ops.h"

namespace alexnet::reference {
namespace {

// Sums term(row, column) over the positions of a size x size square that begins `before` rows above and
// `before` columns left of (h, w).
template <class Term>
double sum_square(const DoubleTensor& x, int64_t size, int64_t before, int64_t h, int64_t w, Term&& term) {
  double sum = 0;
  for (int64_t i = std::max<int64_t>(0, h - before); i < std::min(x.h(), h - before + size); ++i)
    for (int64_t j = std::max<int64_t>(0, w - before); j < std::min(x.w(), w - before + size); ++j)
      sum += term(i, j);
  return sum;
}

double denominator(const MapNormParameters& norm, const DoubleTensor& x, int64_t n, int64_t h, int64_t w,
                   int64_t c) {
  return norm.k + norm.alpha * sum_square(x, norm.size, norm.size / 2, h, w, [&](int64_t i, int64_t j) {
                    return x(n, i, j, c) * x(n, i, j, c);
                  });
}

}  // namespace

void run(const MapNormForward& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), y(arena, op.y);
  each(y, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    y.set(n, h, w, c, x(n, h, w, c) * std::pow(denominator(op.norm, x, n, h, w, c), -op.norm.beta));
  });
}

// dx_i = dy_i * s_i^-beta - 2 * alpha * beta * x_i * sum_{j: i in window(j)} dy_j * x_j * s_j^(-beta - 1).
// The positions whose window contains i form the mirrored window: as many before i as the window has after
// it.
void run(const MapNormBackward& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), dy(arena, op.dy), dx(arena, op.dx);
  const auto& norm = op.norm;
  each(dx, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    const double sum =
        sum_square(x, norm.size, norm.size - 1 - norm.size / 2, h, w, [&](int64_t i, int64_t j) {
          return dy(n, i, j, c) * x(n, i, j, c) * std::pow(denominator(norm, x, n, i, j, c), -norm.beta - 1);
        });
    dx.set(n, h, w, c,
           dy(n, h, w, c) * std::pow(denominator(norm, x, n, h, w, c), -norm.beta) -
               2 * norm.alpha * norm.beta * x(n, h, w, c) * sum);
  });
}

}  // namespace alexnet::reference
