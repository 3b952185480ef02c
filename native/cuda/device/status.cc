#include "cuda/device/status.h"

#if defined(ALEXNET_EMULATED)
#include "emulator/report.h"
#endif

namespace alexnet::cuda {

std::string text_of(cudaError_t status) {
  std::string text = std::string(cudaGetErrorString(status)) + " (" + cudaGetErrorName(status) + ")";
#if defined(ALEXNET_EMULATED)
  if (const std::string report = emulator_report(); !report.empty()) text += ": " + report;
#endif
  return text;
}

void check(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // clears the error: it is reported here, and the next call must not see it
  throw Error(status == cudaErrorMemoryAllocation ? "OUT_OF_MEMORY" : "DEVICE",
              std::string(call) + ": " + text_of(status));
}

}  // namespace alexnet::cuda
