// Batch normalisation over channels (Ioffe and Szegedy, "Batch Normalization", 2015). With the m = N * H * W
// elements of a channel:
//
//   mean = sum x / m,  variance = sum (x - mean)^2 / m,  inverse = (variance + epsilon)^-1/2,
//   y = activation(gamma * (x - mean) * inverse + beta).
#include <algorithm>
#include <cmath>

#include "reference/device/ops.h"
#include "reference/elementwise/activation.h"

namespace alexnet::reference {
namespace {

// Sums term(n, h, w) over the elements of a channel.
template <class Term>
double sum_channel(const DoubleTensor& x, Term&& term) {
  double sum = 0;
  for (int64_t n = 0; n < x.n(); ++n)
    for (int64_t h = 0; h < x.h(); ++h)
      for (int64_t w = 0; w < x.w(); ++w) sum += term(n, h, w);
  return sum;
}

}  // namespace

void run(const BatchNormForward& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), gamma(arena, op.gamma), beta(arena, op.beta), y(arena, op.y);
  const DoubleTensor saved_mean(arena, op.mean), saved_inverse(arena, op.inverse);
  const DoubleTensor running_mean(arena, op.running_mean), running_variance(arena, op.running_variance);
  const auto count = static_cast<double>(x.n() * x.h() * x.w());
  for (int64_t c = 0; c < x.c(); ++c) {
    const double mean =
        sum_channel(x, [&](int64_t n, int64_t h, int64_t w) { return x(n, h, w, c); }) / count;
    const double variance =
        sum_channel(x, [&](int64_t n, int64_t h, int64_t w) { return std::pow(x(n, h, w, c) - mean, 2); }) /
        count;
    const auto move = [&](const DoubleTensor& running, double now) {
      running.set(0, 0, 0, c, (1 - op.momentum) * running(0, 0, 0, c) + op.momentum * now);
    };
    move(running_mean, mean);
    move(running_variance, variance * count / std::max(1.0, count - 1));
    saved_mean.set(0, 0, 0, c, mean);
    saved_inverse.set(0, 0, 0, c, 1 / std::sqrt(variance + op.epsilon));
  }
  each(y, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    const double normalised = (x(n, h, w, c) - saved_mean(0, 0, 0, c)) * saved_inverse(0, 0, 0, c);
    y.set(n, h, w, c, activate(op.activation, gamma(0, 0, 0, c) * normalised + beta(0, 0, 0, c)));
  });
}

void run(const BatchNormInference& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), gamma(arena, op.gamma), beta(arena, op.beta), y(arena, op.y);
  const DoubleTensor mean(arena, op.running_mean), variance(arena, op.running_variance);
  each(y, [&](int64_t n, int64_t h, int64_t w, int64_t c) {
    const double normalised =
        (x(n, h, w, c) - mean(0, 0, 0, c)) / std::sqrt(variance(0, 0, 0, c) + op.epsilon);
    y.set(n, h, w, c, activate(op.activation, gamma(0, 0, 0, c) * normalised + beta(0, 0, 0, c)));
  });
}

// With x' = (x - mean) * inverse:
// dbeta = sum dy,  dgamma = sum dy x',  dx = gamma * inverse * (dy - dbeta / m - x' * dgamma / m).
void run(const BatchNormBackward& op, const HostBackend& arena, const Step&) {
  const DoubleTensor x(arena, op.x), dy(arena, op.dy), dx(arena, op.dx);
  const DoubleTensor gamma(arena, op.gamma), mean(arena, op.mean), inverse(arena, op.inverse);
  const DoubleTensor dgamma(arena, op.dgamma), dbeta(arena, op.dbeta);
  const auto count = static_cast<double>(x.n() * x.h() * x.w());
  for (int64_t c = 0; c < x.c(); ++c) {
    const auto normalised = [&](int64_t n, int64_t h, int64_t w) {
      return (x(n, h, w, c) - mean(0, 0, 0, c)) * inverse(0, 0, 0, c);
    };
    const double sum = sum_channel(x, [&](int64_t n, int64_t h, int64_t w) { return dy(n, h, w, c); });
    const double product =
        sum_channel(x, [&](int64_t n, int64_t h, int64_t w) { return dy(n, h, w, c) * normalised(n, h, w); });
    for (int64_t n = 0; n < x.n(); ++n)
      for (int64_t h = 0; h < x.h(); ++h)
        for (int64_t w = 0; w < x.w(); ++w)
          dx.set(n, h, w, c,
                 gamma(0, 0, 0, c) * inverse(0, 0, 0, c) *
                     (dy(n, h, w, c) - sum / count - normalised(n, h, w) * product / count));
    dbeta.set(0, 0, 0, c, sum);
    dgamma.set(0, 0, 0, c, product);
  }
}

}  // namespace alexnet::reference
