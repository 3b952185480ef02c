// Every operation a program can hold, one descriptor each, in core/ops/ by family. A descriptor names its
// operands and parameters once; parsing from JavaScript, validation and workspace sizing are all derived from
// that. The TypeScript twins are in lib/plan/commands.ts. To add an op: a descriptor in its family's header
// and in the variant below, its check() beside it, its TypeScript type, a function and a workspace in each
// backend, its cases in test/conformance. Whatever is forgotten in C++ does not compile.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <variant>

#include "core/ops/convolution.h"
#include "core/ops/elementwise.h"
#include "core/ops/learning.h"
#include "core/ops/normalisation.h"
#include "core/ops/pooling.h"

namespace alexnet {

// Copies x to `to` in the arena of device `device` of the program, behind what this device has done so far
// and beside what it does next; raises `event` when the bytes are there. Both places belong to the transfer
// for the whole step.
struct Transfer {
  static constexpr const char* kName = "transfer";
  Tensor x, to;
  int64_t device = 0;
  int64_t event = 0;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x);
  }  // `to` lies in another arena; validated on its own
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("device", s.device), v.value("event", s.event);
  }
};

// What follows on this device starts after `event`.
struct Wait {
  static constexpr const char* kName = "wait";
  int64_t event = 0;
  template <class Self, class V>
  static void visit(Self&, V&&) {}
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("event", s.event);
  }
};

// What a backend computes. Transfer and Wait are the replay's.
using ComputeOp =
    std::variant<ConvolutionForward, ConvolutionBackwardData, ConvolutionBackwardWeights, LrnForward,
                 LrnBackward, MapNormForward, MapNormBackward, BatchNormForward, BatchNormInference,
                 BatchNormBackward, MaxPoolForward, MaxPoolBackward, LrnPoolForward, LrnPoolBackward,
                 ActivationForward, ActivationBackward, DropoutMask, Scale, SoftmaxCrossEntropy, Sgd,
                 ConvolutionUpdate, Preprocess, Fill, Gaussian, Copy, Sum>;

// A list of ops that a backend treats alike. There is no rule for the ops that are in no list.
template <class Op, class... Listed>
concept OneOf = (std::same_as<Op, Listed> || ...);

struct Command {
  std::string label;  // the layer it serves, for messages and profiles
  std::variant<ComputeOp, Transfer, Wait> op;
  size_t workspace_offset = 0,
         workspace_bytes = 0;  // scratch in the arena, at least Backend::workspace(op) bytes
};

}  // namespace alexnet
