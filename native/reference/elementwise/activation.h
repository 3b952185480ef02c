// The nonlinearities (paper, section 3.1) and dropout's mask (section 4.2), which several ops share.
#pragma once

#include <cmath>
#include <optional>

#include "core/ops/parameters.h"
#include "core/step.h"

namespace alexnet::reference {

// f(x) = max(0, x), or f(x) = tanh(x). NaN passes through, so that a diverged run shows.
inline double activate(Activation activation, double x) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return x < 0 ? 0 : x;
    case Activation::kTanh:
      return std::tanh(x);
  }
  return x;
}

// dy * f'(x), read off y = f(x): relu' = [y > 0], tanh' = 1 - y^2. Where y is NaN relu lets dy through, and
// where relu' is 0 the gradient is 0 whatever dy is, as in PyTorch.
inline double through(Activation activation, double y, double dy) {
  switch (activation) {
    case Activation::kNone:
      return dy;
    case Activation::kRelu:
      return y <= 0 ? 0 : dy;
    case Activation::kTanh:
      return dy * (1 - y * y);
  }
  return dy;
}

// Whether the mask zeroes the unit at (n, h, w, c) of `tensor`.
inline bool dropped(const std::optional<Dropout>& dropout, const Tensor& tensor, const Step& step, int64_t n,
                    int64_t h, int64_t w, int64_t c) {
  if (!dropout) return false;
  const int64_t index =
      ((n * tensor.h() + h) * tensor.w() + w) * dropout->channels + dropout->channel_offset + c;
  const auto block =
      random_block(dropout->seed, dropout->stream, step.number, static_cast<uint64_t>(index / 4));
  return block[static_cast<size_t>(index % 4)] < dropout_threshold(dropout->rate);
}

}  // namespace alexnet::reference
