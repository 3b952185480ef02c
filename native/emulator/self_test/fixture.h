// Functions that the cases share. nvcc also compiles them, for a GPU instead of the emulator.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cuda/primitives/portable.h"

#if !defined(__CUDACC__)
#include "emulator/configuration.h"
#include "emulator/report.h"
#endif

namespace emulator::self_test {

inline std::string error_text(cudaError_t error) {
  std::string text = cudaGetErrorName(error);
#if !defined(__CUDACC__)
  if (*last_report() != 0) text += std::string(": ") + last_report();
#endif
  return text;
}

inline void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}
inline void require(cudaError_t error, const char* call) {
  if (error != cudaSuccess) throw std::runtime_error(std::string(call) + ": " + error_text(error));
}
inline void expect_error(cudaError_t got, cudaError_t expected, const std::string& text = "") {
  const std::string is = error_text(got);
  require(got == expected && is.find(text) != std::string::npos,
          "expected " + std::string(cudaGetErrorName(expected)) + " with '" + text + "', got " + is);
  cudaGetLastError();
}

// Begins a new machine and selects its first card.
inline void begin(const std::string& settings = "") {
#if !defined(__CUDACC__)
  require(configure(settings).empty(), "configure(" + settings + ")");
#else
  (void)settings;
#endif
  cudaSetDevice(0);
}

template <class T>
class CardArray {
 public:
  explicit CardArray(size_t count) : count_(count) {
    require(cudaMalloc(reinterpret_cast<void**>(&data_), count * sizeof(T)), "cudaMalloc");
  }
  explicit CardArray(const std::vector<T>& from) : CardArray(from.size()) {
    require(cudaMemcpy(data_, from.data(), count_ * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
    require(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  }
  ~CardArray() { cudaFree(data_); }
  CardArray(const CardArray&) = delete;
  CardArray& operator=(const CardArray&) = delete;

  T* get() const { return data_; }
  std::vector<T> read() const {
    std::vector<T> values(count_);
    require(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
    require(cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy");
    return values;
  }

 private:
  size_t count_;
  T* data_ = nullptr;
};

template <class... Parameters, class... Arguments>
cudaError_t launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared_bytes,
                   cudaStream_t stream, Arguments... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  return cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...);
}

// The integers from 0 on, as float.
inline std::vector<float> counting(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return values;
}

template <class T>
void require_equal(const std::vector<T>& got, const std::vector<T>& expected) {
  require(got.size() == expected.size(), "another number of results");
  for (size_t i = 0; i < got.size(); ++i)
    require(got[i] == expected[i], "result " + std::to_string(i) + " is " + std::to_string(got[i]) +
                                       ", not " + std::to_string(expected[i]));
}

}  // namespace emulator::self_test
