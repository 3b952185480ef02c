// The one way to launch a kernel, and the functions that take a kernel's address.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "emulator/language.h"
#include "emulator/runtime_api.h"

#pragma GCC visibility push(hidden)

namespace emulator {

// A call of a kernel with its own copies of the arguments, as each thread of a launch has them.
struct KernelCall {
  std::shared_ptr<void> kept;
  void (*call)(void* kept);
};

template <class Call>
KernelCall make_kernel_call(Call call) {
  return {std::make_shared<Call>(std::move(call)),
          [](void* kept) EMULATOR_UNCHECKED { (*static_cast<Call*>(kept))(); }};
}

cudaError_t launch(const cudaLaunchConfig_t& config, const void* kernel, KernelCall call);

}  // namespace emulator

#pragma GCC visibility pop

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  auto call = [kernel, ... copies = std::decay_t<Parameters>(std::forward<Arguments>(arguments))]()
                  EMULATOR_UNCHECKED { kernel(copies...); };
  return emulator::launch(*config, reinterpret_cast<const void*>(kernel),
                          emulator::make_kernel_call(std::move(call)));
}

template <class... Parameters>
cudaError_t cudaFuncSetAttribute(void (*kernel)(Parameters...), cudaFuncAttribute attribute, int value) {
  return cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), attribute, value);
}
template <class... Parameters>
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, void (*kernel)(Parameters...)) {
  return cudaFuncGetAttributes(attributes, reinterpret_cast<const void*>(kernel));
}
template <class... Parameters>
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void (*kernel)(Parameters...),
                                                          int threads, size_t dynamic_bytes) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, reinterpret_cast<const void*>(kernel), threads,
                                                       dynamic_bytes);
}
