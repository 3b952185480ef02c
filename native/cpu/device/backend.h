// The CPU backend: float32, one thread pool a device, kernels chosen by the processor's instruction set.
// Where the processor has bfloat16 instructions, products may have operands rounded to bfloat16.
#pragma once

#include "core/backend.h"
#include "cpu/device/processor.h"
#include "cpu/device/thread_pool.h"

namespace alexnet::cpu {

// Where an op computes: its arena, its scratch, its threads, its kernels.
class CpuBackend : public HostBackend {
 public:
  explicit CpuBackend(int threads);

  size_t workspace(const ComputeOp& op) const override;
  size_t packed_bytes(const ConvolutionForward& op) const override;
  void pack(const ConvolutionForward& op) override;
  void check(const ComputeOp& op) const override;
  void execute(const ComputeOp& op, size_t workspace_offset, const Step& step) override;

  const Processor& processor() const { return processor_; }
  ThreadPool& pool() { return pool_; }

 private:
  const Processor processor_;
  ThreadPool pool_;
};

}  // namespace alexnet::cpu
