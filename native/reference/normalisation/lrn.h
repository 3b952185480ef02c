// Local response normalisation across adjacent maps at one position (paper, section 3.3):
//
//   y_i = x_i / s_i^beta,   s_i = k + alpha * sum_{j in window(i)} x_j^2,
//   window(i) = [max(first, i - n/2), min(last, i + n/2)], first and last the ends of i's group of maps.
//
// The incoming gradient is a function, so that LRN alone and LRN followed by a max-pool share the code.
#pragma once

#include <algorithm>
#include <cmath>

#include "reference/device/double_tensor.h"

namespace alexnet::reference {

struct Range {
  int64_t first, last;  // both inside
};

inline Range lrn_window(const LrnParameters& lrn, int64_t channels, int64_t i) {
  const int64_t maps = channels / lrn.groups, group = i / maps;
  return {std::max(group * maps, i - lrn.size / 2), std::min((group + 1) * maps - 1, i + lrn.size / 2)};
}

inline double lrn_denominator(const LrnParameters& lrn, const DoubleTensor& x, int64_t n, int64_t h,
                              int64_t w, int64_t i) {
  const Range window = lrn_window(lrn, x.c(), i);
  double sum = 0;
  for (int64_t j = window.first; j <= window.last; ++j) sum += x(n, h, w, j) * x(n, h, w, j);
  return lrn.k + lrn.alpha * sum;
}

inline double lrn_value(const LrnParameters& lrn, const DoubleTensor& x, int64_t n, int64_t h, int64_t w,
                        int64_t i) {
  return x(n, h, w, i) * std::pow(lrn_denominator(lrn, x, n, h, w, i), -lrn.beta);
}

// dx_i = dy_i * s_i^-beta - 2 * alpha * beta * x_i * sum_{j in window(i)} dy_j * x_j * s_j^(-beta - 1)
// (i is in window(j) exactly where j is in window(i)); dy(n, h, w, c) is the incoming gradient.
template <class Gradient>
double lrn_gradient(const LrnParameters& lrn, const DoubleTensor& x, int64_t n, int64_t h, int64_t w,
                    int64_t i, Gradient&& dy) {
  const Range window = lrn_window(lrn, x.c(), i);
  double sum = 0;
  for (int64_t j = window.first; j <= window.last; ++j)
    sum += dy(n, h, w, j) * x(n, h, w, j) * std::pow(lrn_denominator(lrn, x, n, h, w, j), -lrn.beta - 1);
  return dy(n, h, w, i) * std::pow(lrn_denominator(lrn, x, n, h, w, i), -lrn.beta) -
         2 * lrn.alpha * lrn.beta * x(n, h, w, i) * sum;
}

}  // namespace alexnet::reference
