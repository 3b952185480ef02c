#include "core/ops/pooling.h"

#include <algorithm>

#include "core/complaints.h"
#include "core/ops/bounds.h"

namespace alexnet {
namespace {

// Most windows along a side of `length`, each beginning inside it.
int64_t most_windows(const PoolParameters& pool, int64_t length) {
  const int64_t rest = length - pool.size;
  const int64_t reaching = rest <= 0 ? 1 : (rest + pool.stride - 1) / pool.stride + 1;
  return std::min(reaching, (length - 1) / pool.stride + 1);
}

}  // namespace

void PoolParameters::check(const Tensor& x, const char* y_name, const Tensor& y) const {
  require_float("x", x), require_float(y_name, y);
  require_range("poolSize", size, 1, kLargestWindow);
  require_range("poolStride", stride, 1, kLargestWindow);
  const int64_t rows = most_windows(*this, x.h()), columns = most_windows(*this, x.w());
  require(y.n() == x.n() && y.c() == x.c() && y.h() <= rows && y.w() <= columns, is(y_name, y.shape),
          shape_text({x.n(), rows, columns, x.c()}) + " or fewer rows and columns");
}

void MaxPoolForward::check() const { pool.check(x, "y", y); }
void MaxPoolBackward::check() const { pool.check(x, "dy", dy), require_alike("x", x, {{"dx", &dx}}); }
void LrnPoolForward::check() const { pool.check(x, "y", y), lrn.check(x); }
void LrnPoolBackward::check() const {
  pool.check(x, "dy", dy), lrn.check(x), require_alike("x", x, {{"dx", &dx}});
}

}  // namespace alexnet
