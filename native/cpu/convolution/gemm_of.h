// The product that each pass of a convolution is, without its data. A fully connected layer is a convolution
// whose window is its whole input; it is a plain product of matrices.
#pragma once

#include "core/ops.h"
#include "cpu/isa/kernels.h"

namespace alexnet::cpu {

GatherGemm gather_of(const ConvolutionForward& op);
GatherGemm gather_of(const ConvolutionBackwardData& op);
OuterGemm outer_of(const ConvolutionBackwardWeights& op);

}  // namespace alexnet::cpu
