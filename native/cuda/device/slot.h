// The memory of one run in flight: the data copied to the GPU and from it, and the events that order the
// copies.
#pragma once

#include <vector>

#include "core/run_options.h"
#include "cuda/device/backend.h"

namespace alexnet::cuda {

// Memory that grows to the requested size.
template <class Memory, Memory (*allocate)(size_t)>
class Growing {
 public:
  std::byte* get(size_t bytes) {
    if (bytes > bytes_) {
      memory_.reset();
      bytes_ = 0;
      memory_ = allocate(bytes);
      bytes_ = bytes;
    }
    return memory_.get();
  }
  std::byte* get() const { return memory_.get(); }

 private:
  Memory memory_;
  size_t bytes_ = 0;
};
using GrowingPinned = Growing<PinnedMemory, allocate_pinned>;
using GrowingDevice = Growing<DeviceMemory, allocate_device>;

// The part of one device.
struct Slot {
  explicit Slot(const CudaBackend& backend);

  GrowingPinned leaving;   // the host's writes that are not in pinned memory already
  GrowingDevice arriving;  // the writes on the card, until their places in the arena are free
  GrowingPinned step;      // the step's number and learning rates
  GrowingPinned results;   // the faults, then the host's reads
  Event uploaded, done;
};

// Copies the host's writes to the card concurrently with the computation, and then, after the computation
// queued so far, to their places in the arena.
void queue_writes(Slot& slot, const CudaBackend& backend, size_t device, const RunOptions& options);

// The host's reads are stored in `results` from `offset` on, in their order.
size_t result_bytes(size_t device, const RunOptions& options);
void queue_reads(Slot& slot, const CudaBackend& backend, size_t device, const RunOptions& options,
                 size_t offset);
void deliver_reads(const Slot& slot, size_t device, const RunOptions& options, size_t offset);

}  // namespace alexnet::cuda
