#include "cuda/device/slot.h"

#include <cstring>

namespace alexnet::cuda {
namespace {

size_t aligned(size_t bytes) { return (bytes + 255) / 256 * 256; }

bool is_pinned(const void* memory) {
  cudaPointerAttributes attributes{};
  const cudaError_t status = cudaPointerGetAttributes(&attributes, memory);
  cudaGetLastError();
  return status == cudaSuccess && attributes.type == cudaMemoryTypeHost;
}

// Checks both ends: a pinned range may begin or end within the bytes.
bool is_pinned(const HostWrite& write) {
  return is_pinned(write.data) && is_pinned(static_cast<const std::byte*>(write.data) + write.bytes - 1);
}

template <class Copy>
size_t total(const std::vector<Copy>& copies, size_t device) {
  size_t bytes = 0;
  for (const Copy& copy : copies)
    if (copy.device == device) bytes += aligned(copy.bytes);
  return bytes;
}

}  // namespace

Slot::Slot(const CudaBackend& backend) {
  use_card(backend.card().index);
  uploaded = make_event();
  // The thread that waits for a run sleeps, which leaves the CPUs to the loader.
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming | cudaEventBlockingSync), "making an event");
  done = Event(event);
}

void queue_writes(Slot& slot, const CudaBackend& backend, size_t device, const RunOptions& options) {
  const size_t bytes = total(options.writes, device);
  if (bytes == 0) return;
  std::vector<bool> staged;
  size_t staging = 0;
  for (const HostWrite& write : options.writes) {
    staged.push_back(write.device == device && write.bytes > 0 && !is_pinned(write));
    if (staged.back()) staging += aligned(write.bytes);
  }
  std::byte* arriving = slot.arriving.get(bytes);
  std::byte* leaving = slot.leaving.get(staging);
  size_t at = 0;
  for (size_t i = 0; i < options.writes.size(); ++i) {
    const HostWrite& write = options.writes[i];
    if (write.device != device || write.bytes == 0) continue;
    const void* source = write.data;
    if (staged[i]) {
      source = std::memcpy(leaving, write.data, write.bytes);
      leaving += aligned(write.bytes);
    }
    check(cudaMemcpyAsync(arriving + at, source, write.bytes, cudaMemcpyHostToDevice, backend.uploads()),
          "copying to a card");
    at += aligned(write.bytes);
  }
  record(slot.uploaded, backend.uploads());
  wait_for(backend.compute(), slot.uploaded);
  at = 0;
  for (const HostWrite& write : options.writes) {
    if (write.device != device || write.bytes == 0) continue;
    check(cudaMemcpyAsync(backend.arena() + write.offset, arriving + at, write.bytes,
                          cudaMemcpyDeviceToDevice, backend.compute()),
          "copying to the arena");
    at += aligned(write.bytes);
  }
}

size_t result_bytes(size_t device, const RunOptions& options) { return total(options.reads, device); }

void queue_reads(Slot& slot, const CudaBackend& backend, size_t device, const RunOptions& options,
                 size_t offset) {
  for (const HostRead& read : options.reads) {
    if (read.device != device || read.bytes == 0) continue;
    check(cudaMemcpyAsync(slot.results.get() + offset, backend.arena() + read.offset, read.bytes,
                          cudaMemcpyDeviceToHost, backend.compute()),
          "copying from a card");
    offset += aligned(read.bytes);
  }
}

void deliver_reads(const Slot& slot, size_t device, const RunOptions& options, size_t offset) {
  for (const HostRead& read : options.reads) {
    if (read.device != device || read.bytes == 0) continue;
    std::memcpy(read.data, slot.results.get() + offset, read.bytes);
    offset += aligned(read.bytes);
  }
}

}  // namespace alexnet::cuda
