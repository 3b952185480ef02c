// The last step of a product whose sum over k was computed in parts.
#pragma once

#include "cuda/device/launch.h"
#include "cuda/gemm/output.cuh"

namespace alexnet::cuda {

// Adds output.parts, from first to last, and processes and stores the sums as `output` specifies.
void finish_parts(const Output& output, int splits, cudaStream_t stream);

}  // namespace alexnet::cuda
