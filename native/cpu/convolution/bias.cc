#include "cpu/convolution/bias.h"

#include <algorithm>

namespace alexnet::cpu {

// Each row is summed first: a sum of sums keeps float32's error small.
void bias_gradient(const Tensor& dy, const Tensor& db, const Execution& on) {
  const float* from = on.data(dy);
  float* to = on.data(db);
  on.pool().share(dy.c(), 16, [&](int64_t begin, int64_t end, int) {
    std::fill(to + begin, to + end, 0.0f);
    float row[256];
    for (int64_t c0 = begin; c0 < end; c0 += 256) {
      const int64_t count = std::min(end - c0, int64_t{256});
      for (int64_t n = 0; n < dy.n(); ++n)
        for (int64_t h = 0; h < dy.h(); ++h) {
          std::fill(row, row + count, 0.0f);
          on.kernels().column_sums(from + n * dy.strides[0] + h * dy.strides[1] + c0, dy.w(), dy.strides[2],
                                   count, row);
          for (int64_t c = 0; c < count; ++c) to[c0 + c] += row[c];
        }
    }
  });
}

}  // namespace alexnet::cpu
