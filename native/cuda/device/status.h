// Errors of the CUDA runtime as errors of this program.
#pragma once

#include <string>

#include "core/error.h"
#include "cuda/primitives/portable.h"

namespace alexnet::cuda {

// Throws Error("DEVICE"), or Error("OUT_OF_MEMORY"), naming the call, where `status` is not success.
void check(cudaError_t status, const char* call);

// "an illegal memory access was encountered (cudaErrorIllegalAddress)", and in the emulator what it has seen.
std::string text_of(cudaError_t status);

}  // namespace alexnet::cuda
