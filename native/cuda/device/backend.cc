#include "cuda/device/backend.h"

#include "core/complaints.h"
#include "core/program.h"
#include "cuda/device/ops.h"
#include "cuda/device/replay.h"

namespace alexnet::cuda {

CudaBackend::CudaBackend(int index, bool peer_access) : card_(card_at(index)), peer_access_(peer_access) {
  use_card(card_.index);
  compute_ = make_stream(), transfers_ = make_stream(), uploads_ = make_stream();
}

CudaBackend::~CudaBackend() {
  cudaSetDevice(card_.index);
  cudaDeviceSynchronize();
}

void CudaBackend::reserve(size_t bytes) {
  use_card(card_.index);
  arena_.reset();
  bytes_ = 0;
  if (bytes == 0) return;
  size_t free = 0, total = 0;
  cuda::check(cudaMemGetInfo(&free, &total), "reading a card's free memory");
  try {
    arena_ = allocate_device(bytes);
  } catch (const Error& error) {
    if (std::string(error.code()) != "OUT_OF_MEMORY") throw;
    throw Error("OUT_OF_MEMORY", "cuda:" + std::to_string(card_.index) + " has " + mebibytes_text(free) +
                                     " free of " + mebibytes_text(total) + ", but " + mebibytes_text(bytes) +
                                     " are needed");
  }
  cuda::check(cudaMemset(arena_.get(), 0, bytes), "clearing the arena");
  cuda::check(cudaDeviceSynchronize(), "clearing the arena");
  bytes_ = bytes;
}

void CudaBackend::upload(size_t offset, const void* source, size_t bytes) {
  if (bytes == 0) return;
  use_card(card_.index);
  cuda::check(cudaMemcpy(arena_.get() + offset, source, bytes, cudaMemcpyHostToDevice), "copying to a card");
  cuda::check(cudaDeviceSynchronize(), "copying to a card");
}

void CudaBackend::download(size_t offset, void* target, size_t bytes) {
  if (bytes == 0) return;
  use_card(card_.index);
  cuda::check(cudaMemcpy(target, arena_.get() + offset, bytes, cudaMemcpyDeviceToHost),
              "copying from a card");
}

size_t CudaBackend::workspace(const ComputeOp& op) const {
  return std::visit([this](const auto& o) { return cuda::workspace(o, card_); }, op);
}

std::unique_ptr<Replay> CudaBackend::make_replay(const Program& program) const {
  return std::make_unique<CudaReplay>(program);
}

}  // namespace alexnet::cuda

namespace alexnet {

std::unique_ptr<Backend> make_cuda_backend(int index, bool peer_access) {
  return std::make_unique<cuda::CudaBackend>(index, peer_access);
}

}  // namespace alexnet
