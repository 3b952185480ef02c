// What an op computes with: its device, its scratch, its step.
#pragma once

#include "cpu/device/backend.h"

namespace alexnet::cpu {

// Floats of scratch: for each thread, and shared by all.
struct ScratchSize {
  size_t each = 0, shared = 0;

  // Each thread's part has its own cache lines, and pages.
  static size_t padded(size_t floats) { return (floats + 1023) / 1024 * 1024; }
  size_t bytes(int threads) const {
    return (padded(shared) + padded(each) * static_cast<size_t>(threads)) * sizeof(float);
  }
};

// One op being executed.
struct Execution {
  CpuBackend& backend;
  size_t workspace;  // offset in the arena
  const Step& step;

  const Processor& processor() const { return backend.processor(); }
  const Kernels& kernels() const { return processor().kernels; }
  const Bf16Kernels& bf16() const { return *processor().bf16; }
  ThreadPool& pool() const { return backend.pool(); }
  float* data(const Tensor& tensor) const { return backend.data<float>(tensor); }
  // Scratch shared by all threads, at the start of the workspace.
  float* shared() const { return backend.at<float>(workspace); }
  // Scratch of one thread, after the shared part.
  float* own(int thread, const ScratchSize& size) const {
    return shared() + ScratchSize::padded(size.shared) +
           static_cast<size_t>(thread) * ScratchSize::padded(size.each);
  }
};

}  // namespace alexnet::cpu
