#include "core/ops/normalisation.h"

#include <cmath>
#include <initializer_list>
#include <utility>

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

namespace {

using Vectors = std::initializer_list<std::pair<const char*, const Tensor*>>;

void require_channels(const Tensor& x, const Vectors& vectors) {
  for (const auto& [name, tensor] : vectors)
    require_float(name, *tensor), require_shape(name, *tensor, vector_of(x.c()));
}

void require_epsilon(double epsilon) {
  require(std::isfinite(epsilon) && epsilon > 0, is("epsilon", epsilon), "a number above 0");
}

}  // namespace

void BatchNormForward::check() const {
  require_alike("x", x, {{"y", &y}});
  require_channels(x, {{"gamma", &gamma},
                       {"beta", &beta},
                       {"mean", &mean},
                       {"inverse", &inverse},
                       {"runningMean", &running_mean},
                       {"runningVariance", &running_variance}});
  require_epsilon(epsilon), require_range("momentum", momentum, 0.0, 1.0);
}

void BatchNormInference::check() const {
  require_alike("x", x, {{"y", &y}});
  require_channels(x, {{"gamma", &gamma},
                       {"beta", &beta},
                       {"runningMean", &running_mean},
                       {"runningVariance", &running_variance}});
  require_epsilon(epsilon);
}

void BatchNormBackward::check() const {
  require_alike("x", x, {{"dy", &dy}, {"dx", &dx}});
  require_channels(
      x, {{"gamma", &gamma}, {"mean", &mean}, {"inverse", &inverse}, {"dgamma", &dgamma}, {"dbeta", &dbeta}});
}

}  // namespace alexnet
