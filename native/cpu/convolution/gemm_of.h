// Each pass of a convolution as products, one a group of channels, without data pointers. A fully connected
// layer is a convolution whose window is its whole input: a plain matrix product.
#pragma once

#include "core/ops.h"
#include "cpu/isa/kernels.h"

namespace alexnet::cpu {

// Of a forward pass or of the gradient with respect to the input.
struct GatherGroups {
  GatherGemm first;
  int64_t count;
  int64_t source_step, target_step, weight_step;  // from one group to the next

  GatherGemm at(int64_t group) const {
    GatherGemm g = weights_at(group);
    g.source += group * source_step;
    g.target += group * target_step;
    if (g.bias) g.bias += group * g.outputs;
    return g;
  }
  // For packing, which has only the weights.
  GatherGemm weights_at(int64_t group) const {
    GatherGemm g = first;
    g.weights += group * weight_step;
    return g;
  }
};

// Of the gradient with respect to the weights.
struct OuterGroups {
  OuterGemm first;
  int64_t count;

  OuterGemm at(int64_t group) const {
    OuterGemm g = first;
    g.x += group * g.inner;
    g.dy += group * g.outputs;
    g.dw += group * g.outputs * g.dw_output;
    return g;
  }
};

// packed: whether the weights are available packed, as the kernels read them.
GatherGroups gather_of(const ConvolutionForward& op, bool packed);
GatherGroups gather_of(const ConvolutionBackwardData& op);
OuterGroups outer_of(const ConvolutionBackwardWeights& op);

// Whether op's kernels can also read w in bfloat16: those of fully connected layers can.
bool takes_bfloat16_weights(const ConvolutionForward& op);

}  // namespace alexnet::cpu
