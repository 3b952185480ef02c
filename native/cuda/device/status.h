// Turns errors of the CUDA runtime into errors of this program.
#pragma once

#include <string>

#include "core/error.h"
#include "cuda/primitives/portable.h"

namespace alexnet::cuda {

// Throws Error("DEVICE") or Error("OUT_OF_MEMORY"), which names the call, if `status` is not success.
void check(cudaError_t status, const char* call);

// "an illegal memory access was encountered (cudaErrorIllegalAddress)"; in the emulator, also its report.
std::string text_of(cudaError_t status);

}  // namespace alexnet::cuda
