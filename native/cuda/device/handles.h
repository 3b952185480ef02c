// Owners of the CUDA runtime's resources. Each resource is created on the current card, and freed when its
// owner is destroyed, whichever card is current then.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

#include "cuda/device/status.h"

namespace alexnet::cuda {

struct Release {
  void operator()(cudaStream_t stream) const { cudaStreamDestroy(stream); }
  void operator()(cudaEvent_t event) const { cudaEventDestroy(event); }
  void operator()(cudaGraphExec_t graph) const { cudaGraphExecDestroy(graph); }
};
template <class Handle>
using Owner = std::unique_ptr<std::remove_pointer_t<Handle>, Release>;
using Stream = Owner<cudaStream_t>;
using Event = Owner<cudaEvent_t>;
using GraphExec = Owner<cudaGraphExec_t>;

struct FreeDevice {
  void operator()(std::byte* memory) const { cudaFree(memory); }
};
struct FreePinned {
  void operator()(std::byte* memory) const { cudaFreeHost(memory); }
};
using DeviceMemory = std::unique_ptr<std::byte, FreeDevice>;
using PinnedMemory = std::unique_ptr<std::byte, FreePinned>;

inline void use_card(int index) { check(cudaSetDevice(index), "choosing a card"); }

// A stream that does not wait for the default stream; nor does the default stream wait for it.
inline Stream make_stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "making a stream");
  return Stream(stream);
}

inline Event make_event(bool timed = false) {
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, timed ? cudaEventDefault : cudaEventDisableTiming),
        "making an event");
  return Event(event);
}

inline DeviceMemory allocate_device(size_t bytes) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, bytes), "allocating memory of a card");
  return DeviceMemory(static_cast<std::byte*>(memory));
}

// Pinned host memory, which every card can copy from and to directly.
inline PinnedMemory allocate_pinned(size_t bytes) {
  void* memory = nullptr;
  check(cudaHostAlloc(&memory, bytes, cudaHostAllocPortable), "allocating pinned memory");
  return PinnedMemory(static_cast<std::byte*>(memory));
}

// Work queued later on `stream` starts after `event`.
inline void wait_for(cudaStream_t stream, const Event& event) {
  check(cudaStreamWaitEvent(stream, event.get(), 0), "waiting for an event");
}
inline void record(const Event& event, cudaStream_t stream) {
  check(cudaEventRecord(event.get(), stream), "recording an event");
}

}  // namespace alexnet::cuda
