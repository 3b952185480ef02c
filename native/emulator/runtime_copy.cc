// The runtime's copies and fills.
#include <cstring>
#include <memory>

#include "emulator/checker.h"
#include "emulator/configuration.h"
#include "emulator/host_memory.h"
#include "emulator/machine.h"
#include "emulator/runtime_api.h"

using emulator::card_of;
using emulator::Failure;
using emulator::finish;
using emulator::machine;
using emulator::Work;

namespace {

// One side of a box of bytes.
struct Side {
  char* memory;
  size_t pitch, slice;  // bytes from row to row and from layer to layer
};

struct Box {
  Side to, from;
  size_t width, height, depth;  // bytes, rows, layers
  bool is_empty() const { return width == 0 || height == 0 || depth == 0; }
  size_t span(const Side& side) const { return (depth - 1) * side.slice + (height - 1) * side.pitch + width; }
};

template <class Take>
void for_rows(const Box& box, Take&& take) {
  for (size_t z = 0; z < box.depth; ++z)
    for (size_t y = 0; y < box.height; ++y)
      take(box.to.memory + z * box.to.slice + y * box.to.pitch,
           box.from.memory + z * box.from.slice + y * box.from.pitch);
}

bool exists(const Box& box, const Side& side) {
  return card_of(side.memory) < 0 || emulator::is_allocated(side.memory, box.span(side));
}

Failure carry_out(const Box& box, bool corrupts) {
  if (!exists(box, box.to) || !exists(box, box.from))
    return {cudaErrorIllegalAddress, "a copy of memory that was freed before it was carried out", -1};
  for_rows(box, [&](char* to, const char* from) {
    std::memmove(to, from, box.width);
    if (card_of(to) >= 0) emulator::copy_marks(to, from, box.width);
  });
  if (corrupts) box.to.memory[box.width / 2] ^= 0x10;
  return {};
}

// Bytes of pageable memory are read when the copy is queued, because CUDA stages them.
std::shared_ptr<std::unique_ptr<char[]>> stage(Box& box) {
  auto staged = std::make_shared<std::unique_ptr<char[]>>(new char[box.width * box.height * box.depth]);
  char* to = staged->get();
  for_rows(box, [&](char*, const char* from) {
    std::memcpy(to, from, box.width);
    to += box.width;
  });
  box.from = {staged->get(), box.width, box.width * box.height};
  return staged;
}

bool fits(cudaMemcpyKind kind, bool to_card, bool from_card) {
  switch (kind) {
    case cudaMemcpyHostToHost:
      return !to_card && !from_card;
    case cudaMemcpyHostToDevice:
      return to_card && !from_card;
    case cudaMemcpyDeviceToHost:
      return !to_card && from_card;
    case cudaMemcpyDeviceToDevice:
      return to_card && from_card;
    case cudaMemcpyDefault:
      return true;
  }
  return false;
}

// Queues the copy, and waits for it if the host's memory requires that.
cudaError_t copy(Box box, cudaMemcpyKind kind, cudaStream_t handle, bool synchronous) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_driver(); state.error != cudaSuccess) return finish(state);
  CUstream_st* const stream = machine().stream_of(handle);
  if (stream == nullptr) return finish(cudaErrorInvalidResourceHandle, "there is no such stream");
  const int card = stream->card;
  if (machine().card(card).sticky.error != cudaSuccess) return finish(machine().card(card).sticky);
  if (synchronous)
    if (const Failure forbidden = emulator::forbidden_by_capture(); forbidden.error != cudaSuccess)
      return finish(forbidden);
  if (box.is_empty()) return cudaSuccess;
  const int to_card = card_of(box.to.memory), from_card = card_of(box.from.memory);
  if (!fits(kind, to_card >= 0, from_card >= 0))
    return finish(cudaErrorInvalidValue, "the copy's direction is not that of its addresses");
  if (box.to.pitch < box.width || box.from.pitch < box.width)
    return finish(cudaErrorInvalidPitchValue, "rows of a copy are longer than their pitch");
  for (const Side& side : {box.to, box.from})
    if (!exists(box, side))
      return finish(cudaErrorInvalidValue,
                    "a copy beyond its allocation: " + emulator::allocation_text(side.memory));

  Work work;
  bool waits = synchronous && (to_card < 0 || from_card < 0);
  std::shared_ptr<std::unique_ptr<char[]>> staged;
  if (from_card < 0 && to_card >= 0 && !emulator::is_pinned(box.from.memory) && !stream->capture) {
    staged = stage(box);
    waits = false;
  }
  if (to_card < 0 && !emulator::is_pinned(box.to.memory)) waits = true;
  bool corrupts = false;
  if (to_card >= 0 && from_card >= 0 && to_card != from_card) {
    const bool direct =
        machine().card(to_card).peers >> from_card & 1u || machine().card(from_card).peers >> to_card & 1u;
    const emulator::Peer peer = emulator::configuration().peer;
    corrupts = direct && peer == emulator::Peer::kCorrupts;
    work.endless = direct && peer == emulator::Peer::kHangs;
  }
  const bool reads_pinned = from_card < 0 && emulator::is_pinned(box.from.memory);
  work.run = [box, corrupts, staged, reads_pinned]() -> Failure {
    if (reads_pinned && !emulator::is_pinned(box.from.memory))
      return {cudaErrorIllegalAddress, "a copy from memory that was unpinned before it was carried out", -1};
    return carry_out(box, corrupts);
  };
  emulator::CompletionPointer completion;
  if (const cudaError_t error = submit(*stream, std::move(work), &completion); error != cudaSuccess)
    return error;
  if (!waits || !completion) return cudaSuccess;
  return emulator::wait_until(lock, card, [completion] { return completion->done; });
}

Box line(void* to, const void* from, size_t bytes) {
  return {{static_cast<char*>(to), bytes, bytes},
          {static_cast<char*>(const_cast<void*>(from)), bytes, bytes},
          bytes,
          1,
          1};
}

Box rectangle(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height) {
  return {{static_cast<char*>(to), to_pitch, to_pitch * height},
          {static_cast<char*>(const_cast<void*>(from)), from_pitch, from_pitch * height},
          width,
          height,
          1};
}

Side side_of(const cudaPitchedPtr& memory, const cudaPos& at) {
  const size_t slice = memory.pitch * memory.ysize;
  return {static_cast<char*>(memory.ptr) + at.z * slice + at.y * memory.pitch + at.x, memory.pitch, slice};
}

cudaError_t check_cards(const void* to, int to_device, const void* from, int from_device) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_driver(); state.error != cudaSuccess) return finish(state);
  for (const int device : {to_device, from_device})
    if (device < 0 || device >= emulator::configuration().devices) return finish(cudaErrorInvalidDevice);
  if (card_of(to) != to_device || card_of(from) != from_device)
    return finish(cudaErrorInvalidValue, "a copy between cards whose addresses are not theirs");
  return cudaSuccess;
}

cudaError_t fill(void* memory, int value, size_t bytes, cudaStream_t handle) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_driver(); state.error != cudaSuccess) return finish(state);
  CUstream_st* const stream = machine().stream_of(handle);
  if (stream == nullptr) return finish(cudaErrorInvalidResourceHandle, "there is no such stream");
  if (machine().card(stream->card).sticky.error != cudaSuccess)
    return finish(machine().card(stream->card).sticky);
  if (bytes == 0) return cudaSuccess;
  char* const begin = static_cast<char*>(memory);
  const bool of_card = card_of(memory) >= 0;
  if (of_card ? !emulator::is_allocated(memory, bytes) : !emulator::is_pinned(memory))
    return finish(cudaErrorInvalidValue,
                  "a fill beyond its allocation: " + emulator::allocation_text(memory));
  Work work;
  work.run = [begin, value, bytes, of_card]() -> Failure {
    if (of_card && !emulator::is_allocated(begin, bytes))
      return {cudaErrorIllegalAddress, "a fill of memory that was freed before it was carried out", -1};
    std::memset(begin, value, bytes);
    if (of_card) emulator::mark_written(begin, bytes);
    return {};
  };
  return submit(*stream, std::move(work));
}

}  // namespace

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return copy(line(to, from, bytes), kind, nullptr, true);
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return copy(line(to, from, bytes), kind, stream, false);
}

cudaError_t cudaMemcpy2D(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                         size_t height, cudaMemcpyKind kind) {
  return copy(rectangle(to, to_pitch, from, from_pitch, width, height), kind, nullptr, true);
}

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return copy(rectangle(to, to_pitch, from, from_pitch, width, height), kind, stream, false);
}

cudaError_t cudaMemcpyPeer(void* to, int to_device, const void* from, int from_device, size_t bytes) {
  if (const cudaError_t error = check_cards(to, to_device, from, from_device); error != cudaSuccess)
    return error;
  return copy(line(to, from, bytes), cudaMemcpyDeviceToDevice, nullptr, true);
}

cudaError_t cudaMemcpyPeerAsync(void* to, int to_device, const void* from, int from_device, size_t bytes,
                                cudaStream_t stream) {
  if (const cudaError_t error = check_cards(to, to_device, from, from_device); error != cudaSuccess)
    return error;
  return copy(line(to, from, bytes), cudaMemcpyDeviceToDevice, stream, false);
}

cudaError_t cudaMemcpy3DPeerAsync(const cudaMemcpy3DPeerParms* p, cudaStream_t stream) {
  if (p->srcArray != nullptr || p->dstArray != nullptr)
    return finish(cudaErrorInvalidValue, "the emulator has no arrays");
  const Box box{side_of(p->dstPtr, p->dstPos), side_of(p->srcPtr, p->srcPos), p->extent.width,
                p->extent.height, p->extent.depth};
  if (const cudaError_t error = check_cards(box.to.memory, p->dstDevice, box.from.memory, p->srcDevice);
      error != cudaSuccess)
    return error;
  return copy(box, cudaMemcpyDeviceToDevice, stream, false);
}

cudaError_t cudaMemset(void* memory, int value, size_t bytes) { return fill(memory, value, bytes, nullptr); }

cudaError_t cudaMemsetAsync(void* memory, int value, size_t bytes, cudaStream_t stream) {
  return fill(memory, value, bytes, stream);
}
