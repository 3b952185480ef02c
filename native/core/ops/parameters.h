// What descriptors of several families are made of.
//
// A descriptor has, without a default for any:
//   kName            the name that JavaScript gives in `op`
//   kTakesStrides    whether its activations may have gaps between rows, columns and images on a CPU or GPU
//   kChecksContents  whether its operands hold places in other operands (labels, crops), which every run
//                    checks: core/contents.h
//   kInPlace         the two operands that may be the same elements
//   visit            names its operands: v.input(name, tensor), v.output(...), v.inout(...). Those that may
//                    be missing are std::optional<Tensor>
//   values           names its parameters: v.value(name, field). v.learning_rate(name, index) and
//                    v.pool_size(name, size) are values that others look for as well
//   check            throws Error("BAD_PROGRAM") for shapes, types and values without a meaning. Beforehand
//                    every operand has been through check_shape
#pragma once

#include <cstdint>
#include <string_view>

#include "core/philox.h"
#include "core/tensor.h"

namespace alexnet {

// Exactly the same elements, never a part of them.
struct InPlace {
  std::string_view input, output;
};
inline constexpr InPlace kNotInPlace{};

// Where a backward op that reads x has an activation, x is its output, and the op takes the gradient through
// it too (relu: where x > 0 or NaN; tanh: times 1 - x^2).
enum class Activation : uint8_t { kNone, kRelu, kTanh };

// Dropout's mask (paper, section 4.2): units are zeroed in training, without scaling. The tensor, N x H x W x
// C, is channels [channel_offset, channel_offset + C) of a layer with `channels` channels. Its unit at
// (n, h, w, c) draws word ((n*H + h)*W + w)*channels + channel_offset + c of (seed, stream, step); below the
// threshold it is dropped.
struct Dropout {
  double rate = 0;
  Seed seed;
  uint32_t stream = 0;
  int64_t channels = 0;
  int64_t channel_offset = 0;
  // y: the tensor that is masked.
  void check(const Tensor& y) const;
};

}  // namespace alexnet
