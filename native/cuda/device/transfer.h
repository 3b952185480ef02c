// A transfer between two devices' arenas, on the transfer streams, concurrent with the computation.
#pragma once

#include <vector>

#include "core/ops.h"
#include "cuda/device/backend.h"

namespace alexnet::cuda {

// Copies directly if both devices share a GPU (card), or are two cards with peer access. Otherwise copies
// through pinned host memory in pieces, so that one piece leaves while the previous one arrives.
class TransferCopy {
 public:
  TransferCopy(const Transfer& transfer, const CudaBackend& from, const CudaBackend& to);

  // Queues the copy after the work queued on from.compute() so far.
  void queue() const;
  // Work queued later on `stream` starts when the bytes have arrived.
  void await_arrival(cudaStream_t stream) const { wait_for(stream, arrived_); }

  // The streams that the copy uses: the sender's, and the receiver's if it is staged.
  std::vector<cudaStream_t> streams() const;

 private:
  struct Piece {
    const std::byte* source;
    std::byte* target;
    size_t width, height, source_pitch, target_pitch;  // bytes, rows, bytes from row to row
    size_t staging_offset;
    size_t bytes() const { return width * height; }
  };
  void add_pieces(const Transfer& transfer);
  void queue_directly() const;
  void queue_staged() const;

  const CudaBackend& from_;
  const CudaBackend& to_;
  const bool direct_;
  std::vector<Piece> pieces_;
  PinnedMemory staging_;
  Event ready_, arrived_;
  std::vector<Event> left_;  // by piece, when staged: its bytes are in host memory
};

// Lets two cards read and write each other's memory. Returns false if the driver does not grant it.
bool enable_peer_access(int one, int other);

}  // namespace alexnet::cuda
