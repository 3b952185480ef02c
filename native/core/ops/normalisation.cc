#include "core/ops/normalisation.h"

#include "core/complaints.h"
#include "core/ops/bounds.h"

namespace alexnet {

void LrnParameters::check(const Tensor& x) const {
  require_range("size", size, 1, kLargestWindow);
  require_finite("k", k), require_finite("alpha", alpha), require_finite("beta", beta);
  require_range("groups", groups, 1, x.c());
  require(x.c() % groups == 0, is("groups", groups), "a divisor of x's " + text_of(x.c()) + " channels");
}

void LrnForward::check() const { require_alike("x", x, {{"y", &y}}), lrn.check(x); }
void LrnBackward::check() const { require_alike("x", x, {{"dy", &dy}, {"dx", &dx}}), lrn.check(x); }

void MapNormParameters::check() const {
  require_range("size", size, 1, kLargestWindow);
  require_finite("k", k), require_finite("alpha", alpha), require_finite("beta", beta);
}

void MapNormForward::check() const { require_alike("x", x, {{"y", &y}}), norm.check(); }
void MapNormBackward::check() const { require_alike("x", x, {{"dy", &dy}, {"dx", &dx}}), norm.check(); }

}  // namespace alexnet
