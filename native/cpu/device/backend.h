// The CPU backend: float32, one thread pool a device, kernels chosen by what the processor has. Where it has
// instructions for them, products may be of operands rounded to bfloat16.
#pragma once

#include "core/backend.h"
#include "cpu/bf16/kernels.h"
#include "cpu/device/thread_pool.h"
#include "cpu/isa/kernels.h"

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

  const Kernels& kernels() const { return kernels_; }
  const Bf16Kernels* bf16() const { return bf16_; }  // null where the processor has none
  ThreadPool& pool() { return pool_; }

 private:
  const Kernels& kernels_;
  const Bf16Kernels* bf16_;
  ThreadPool pool_;
};

// One op being carried out.
struct Run {
  CpuBackend& backend;
  size_t workspace;  // offset in the arena
  const Step& step;

  const Kernels& kernels() const { return backend.kernels(); }
  const Bf16Kernels& bf16() const { return *backend.bf16(); }
  ThreadPool& pool() const { return backend.pool(); }
  float* data(const Tensor& tensor) const { return backend.data<float>(tensor); }
  // Scratch of all threads together, the first of the workspace.
  float* shared() const { return backend.at<float>(workspace); }
  // Scratch of one thread: `floats` each, behind the `shared` floats of all.
  float* scratch(int thread, size_t floats, size_t shared = 0) const {
    return backend.at<float>(workspace) + padded(shared) + static_cast<size_t>(thread) * padded(floats);
  }
  // Threads' scratch lies on cache lines, and pages, of its own.
  static size_t padded(size_t floats) { return (floats + 1023) / 1024 * 1024; }
};

// Fewer images than this read a fully connected layer's weights and hardly multiply: their product is made
// row by row.
inline constexpr int64_t kFewImages = 8;

// Whether its kernels read w in bfloat16, too: those of fully connected layers do.
bool takes_bfloat16_weights(const ConvolutionForward& op);

// Floats of scratch each thread needs, and floats that all share; 0 for ops that need none.
struct ScratchSize {
  size_t each = 0, shared = 0;
};
ScratchSize scratch_size(const CpuBackend& backend, const ComputeOp& op);

void run(const ConvolutionForward& op, const Run& run);
void run(const ConvolutionBackwardData& op, const Run& run);
void run(const ConvolutionBackwardWeights& op, const Run& run);
void run(const LrnForward& op, const Run& run);
void run(const LrnBackward& op, const Run& run);
void run(const MapNormForward& op, const Run& run);
void run(const MapNormBackward& op, const Run& run);
void run(const MaxPoolForward& op, const Run& run);
void run(const MaxPoolBackward& op, const Run& run);
void run(const LrnPoolForward& op, const Run& run);
void run(const LrnPoolBackward& op, const Run& run);
void run(const ActivationForward& op, const Run& run);
void run(const ActivationBackward& op, const Run& run);
void run(const DropoutMask& op, const Run& run);
void run(const Scale& op, const Run& run);
void run(const SoftmaxCrossEntropy& op, const Run& run);
void run(const Sgd& op, const Run& run);
void run(const ConvolutionUpdate& op, const Run& run);
void run(const Preprocess& op, const Run& run);
void run(const Fill& op, const Run& run);
void run(const Gaussian& op, const Run& run);
void run(const Copy& op, const Run& run);
void run(const Sum& op, const Run& run);

ScratchSize scratch_size(const CpuBackend& backend, const ConvolutionForward& op);
ScratchSize scratch_size(const CpuBackend& backend, const ConvolutionBackwardData& op);
ScratchSize scratch_size(const CpuBackend& backend, const ConvolutionBackwardWeights& op);

Lrn lrn_of(const LrnParameters& parameters);
LrnPool lrn_pool_of(const Tensor& x, const Tensor& y, const PoolParameters& pool, const LrnParameters* lrn,
                    Activation activation);

// y(n, h, w, c) *= the mask of core/philox.h, dropped to 0; y may have strides.
void apply_dropout(const Dropout& dropout, const Tensor& y, float* data, const Run& run);

}  // namespace alexnet::cpu
