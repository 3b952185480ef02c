// The end of a product whose sum over k was computed in parts.
#pragma once

#include "cuda/device/launch.h"
#include "cuda/gemm/output.cuh"

namespace alexnet::cuda {

// Adds output.parts, the first to the last, and does with the sums what `output` says.
void finish_parts(const Output& output, int splits, cudaStream_t stream);

}  // namespace alexnet::cuda
