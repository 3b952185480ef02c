// What an op needs on the host to launch its kernels, and the one way to launch them.
#pragma once

#include <utility>

#include "core/tensor.h"
#include "cuda/device/card.h"
#include "cuda/device/fault.h"
#include "cuda/device/status.h"
#include "cuda/primitives/portable.h"

namespace alexnet::cuda {

// Values that change from run to run. They are in device memory, so that a captured graph reads them anew.
struct StepMemory {
  const uint32_t* number;       // Step::number
  const float* learning_rates;  // Step::learning_rates
};

// One op being launched.
struct Launch {
  const Card& card;
  std::byte* arena;  // device memory
  size_t workspace_offset;
  cudaStream_t stream;
  StepMemory step;
  Fault* fault;  // device memory, this command's own

  template <class T>
  T* data(const Tensor& tensor) const {
    return reinterpret_cast<T*>(arena + tensor.offset);
  }
  template <class T>
  T* workspace() const {
    return reinterpret_cast<T*>(arena + workspace_offset);
  }
};

// Queues a kernel. Throws what check() throws.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
            Arguments&&... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  check(cudaLaunchKernelEx(&config, kernel, Parameters(std::forward<Arguments>(arguments))...),
        "launching a kernel");
}

}  // namespace alexnet::cuda
