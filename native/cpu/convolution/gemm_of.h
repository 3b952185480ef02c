// The products that each pass of a convolution is, one a group of channels, without their data. A fully
// connected layer is a convolution whose window is its whole input; it is a plain product of matrices.
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
  // For packing, which has the weights only.
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

// packed: whether the weights are at hand as the kernels read them.
GatherGroups gather_of(const ConvolutionForward& op, bool packed);
GatherGroups gather_of(const ConvolutionBackwardData& op);
OuterGroups outer_of(const ConvolutionBackwardWeights& op);

// Whether the kernels for op read w in bfloat16, too: those of fully connected layers do.
bool takes_bfloat16_weights(const ConvolutionForward& op);

}  // namespace alexnet::cpu
