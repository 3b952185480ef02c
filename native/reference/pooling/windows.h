// Overlapping max-pooling (paper, section 3.4): windows z x z, s apart, clipped at the bottom and right
// edges. The loops call a function value(h, w), so that pooling x and pooling normalised x share the code.
#pragma once

#include <algorithm>
#include <cmath>

#include "reference/device/double_tensor.h"

namespace alexnet::reference {

struct Place {
  int64_t h, w;
};

// The first maximum, in row-major order, of the window of output (p, q) over an h x w map. NaN is greater
// than every number, the last one of a window, as in PyTorch.
template <class Value>
Place first_maximum(const PoolParameters& pool, int64_t h, int64_t w, int64_t p, int64_t q, Value&& value) {
  const int64_t top = p * pool.stride, left = q * pool.stride;
  Place best{top, left};
  double greatest = value(top, left);
  for (int64_t i = top; i < std::min(h, top + pool.size); ++i)
    for (int64_t j = left; j < std::min(w, left + pool.size); ++j)
      if (const double here = value(i, j); here > greatest || std::isnan(here))
        best = {i, j}, greatest = here;
  return best;
}

// The gradient with respect to (h, w) of map c of image n: the sum of dy over all windows whose first maximum
// is there. `x` gives the map's extent.
template <class Value>
double pool_gradient(const PoolParameters& pool, const DoubleTensor& x, const DoubleTensor& dy, int64_t n,
                     int64_t h, int64_t w, int64_t c, Value&& value) {
  double sum = 0;
  for (int64_t p = 0; p < dy.h(); ++p) {
    if (h < p * pool.stride || h >= p * pool.stride + pool.size) continue;
    for (int64_t q = 0; q < dy.w(); ++q) {
      if (w < q * pool.stride || w >= q * pool.stride + pool.size) continue;
      const Place best = first_maximum(pool, x.h(), x.w(), p, q, value);
      if (best.h == h && best.w == w) sum += dy(n, p, q, c);
    }
  }
  return sum;
}

}  // namespace alexnet::reference
