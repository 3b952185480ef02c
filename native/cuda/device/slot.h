// The memory of one run in flight: what goes up, what comes down, and the events between.
#pragma once

#include <vector>

#include "core/run_options.h"
#include "cuda/device/backend.h"

namespace alexnet::cuda {

// Memory that grows to what is asked for.
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

// Of one device.
struct Slot {
  explicit Slot(const CudaBackend& backend);

  GrowingPinned leaving;   // what the host writes, where it does not lie in pinned memory already
  GrowingDevice arriving;  // the same on the card, until the run before has done with its place in the arena
  GrowingPinned step;      // the step's number and learning rates
  GrowingPinned results;   // the faults, then what the host reads
  Event uploaded, done;
};

// Sends what the host writes to the card beside the computation, and from there to its places behind it.
void queue_writes(Slot& slot, const CudaBackend& backend, size_t device, const RunOptions& options);

// What the host reads lies in `results` from `offset` on, in its order.
size_t result_bytes(size_t device, const RunOptions& options);
void queue_reads(Slot& slot, const CudaBackend& backend, size_t device, const RunOptions& options,
                 size_t offset);
void deliver_reads(const Slot& slot, size_t device, const RunOptions& options, size_t offset);

}  // namespace alexnet::cuda
