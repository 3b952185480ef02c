// The CUDA backend: an arena on one GPU (a card), and the streams that work in it. Two backends may share a
// card, each with its own arena and streams.
#pragma once

#include "core/backend.h"
#include "cuda/device/card.h"
#include "cuda/device/handles.h"

namespace alexnet::cuda {

class CudaBackend final : public Backend {
 public:
  // peer_access: whether copies may go directly to another card, if the driver grants it. Throws
  // Error("DEVICE") if there is no such card.
  CudaBackend(int index, bool peer_access);
  ~CudaBackend() override;

  void reserve(size_t bytes) override;
  size_t arena_bytes() const override { return bytes_; }
  void upload(size_t offset, const void* source, size_t bytes) override;
  void download(size_t offset, void* target, size_t bytes) override;
  size_t workspace(const ComputeOp& op) const override;
  void check(const ComputeOp& op) const override;
  std::unique_ptr<Replay> make_replay(const Program& program) const override;

  const Card& card() const { return card_; }
  std::byte* arena() const { return arena_.get(); }
  bool peer_access() const { return peer_access_; }
  cudaStream_t compute() const { return compute_.get(); }
  // Copies to other devices, concurrent with the computation.
  cudaStream_t transfers() const { return transfers_.get(); }
  // Copies from the host, concurrent with the computation.
  cudaStream_t uploads() const { return uploads_.get(); }

 private:
  const Card card_;
  const bool peer_access_;
  DeviceMemory arena_;
  size_t bytes_ = 0;
  Stream compute_, transfers_, uploads_;
};

}  // namespace alexnet::cuda

namespace alexnet {

std::unique_ptr<Backend> make_cuda_backend(int index, bool peer_access);

}  // namespace alexnet
