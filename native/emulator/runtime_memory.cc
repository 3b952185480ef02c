// The runtime's functions that allocate and free memory.
#include "emulator/configuration.h"
#include "emulator/host_memory.h"
#include "emulator/machine.h"
#include "emulator/runtime_api.h"

using emulator::configuration;
using emulator::Failure;
using emulator::finish;
using emulator::machine;

namespace {

// Counts down to an injected failure.
bool is_due(int& countdown) { return countdown > 0 && --countdown == 0; }

Failure state_for_allocating() {
  const Failure state = machine().state_of_current_card();
  return state.error != cudaSuccess ? state : emulator::forbidden_by_capture();
}

}  // namespace

cudaError_t cudaMalloc(void** memory, size_t bytes) {
  auto lock = machine().lock();
  *memory = nullptr;
  if (const Failure state = state_for_allocating(); state.error != cudaSuccess) return finish(state);
  if (bytes == 0) return cudaSuccess;
  if (is_due(configuration().fail_allocation)) return finish(cudaErrorMemoryAllocation, "injected");
  const int card = emulator::current_card();
  *memory = emulator::allocate_on_card(card, bytes, configuration().memory);
  return *memory != nullptr ? cudaSuccess : finish(cudaErrorMemoryAllocation);
}

// Waits for the card, because queued work may be using the memory.
cudaError_t cudaFree(void* memory) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_driver(); state.error != cudaSuccess) return finish(state);
  if (memory == nullptr) return cudaSuccess;
  const int card = emulator::card_of(memory);
  if (card < 0) return finish(cudaErrorInvalidValue, "cudaFree of memory that is no card's");
  if (const Failure state = emulator::forbidden_by_capture(); state.error != cudaSuccess)
    return finish(state);
  const cudaError_t waited = emulator::wait_until(lock, card, [card] { return machine().is_idle(card); });
  if (waited == cudaErrorLaunchTimeout && machine().card(card).sticky.error == cudaSuccess) return waited;
  if (!emulator::free_on_card(static_cast<char*>(memory)))
    return finish(cudaErrorInvalidValue, "cudaFree of an address at which no allocation begins");
  return waited;
}

cudaError_t cudaMallocHost(void** memory, size_t bytes) {
  return cudaHostAlloc(memory, bytes, cudaHostAllocDefault);
}

cudaError_t cudaHostAlloc(void** memory, size_t bytes, unsigned flags) {
  auto lock = machine().lock();
  *memory = nullptr;
  if (flags > 7) return finish(cudaErrorInvalidValue);
  if (const Failure state = state_for_allocating(); state.error != cudaSuccess) return finish(state);
  if (bytes == 0) return cudaSuccess;
  *memory = emulator::allocate_pinned(bytes);
  return *memory != nullptr ? cudaSuccess : finish(cudaErrorMemoryAllocation);
}

// Waits for all cards, because each may be using the memory.
cudaError_t cudaFreeHost(void* memory) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_driver(); state.error != cudaSuccess) return finish(state);
  if (memory == nullptr) return cudaSuccess;
  for (int card = 0; card < configuration().devices; ++card)
    if (!machine().carry_out_until(lock, [card] { return machine().is_idle(card); }))
      return finish(cudaErrorLaunchTimeout,
                    "on a card this call would never return: what it waits for never ends");
  return emulator::free_pinned(memory) ? cudaSuccess : finish(cudaErrorInvalidValue);
}

cudaError_t cudaHostRegister(void* memory, size_t bytes, unsigned) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_current_card(); state.error != cudaSuccess)
    return finish(state);
  if (memory == nullptr || bytes == 0) return finish(cudaErrorInvalidValue);
  return emulator::register_pinned(memory, bytes) ? cudaSuccess
                                                  : finish(cudaErrorHostMemoryAlreadyRegistered);
}

cudaError_t cudaHostUnregister(void* memory) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_driver(); state.error != cudaSuccess) return finish(state);
  return emulator::unregister_pinned(memory) ? cudaSuccess : finish(cudaErrorHostMemoryNotRegistered);
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* memory) {
  auto lock = machine().lock();
  if (const Failure state = machine().state_of_driver(); state.error != cudaSuccess) return finish(state);
  void* const address = const_cast<void*>(memory);
  if (const int card = emulator::card_of(memory); card >= 0 && emulator::is_allocated(memory, 1))
    *attributes = {cudaMemoryTypeDevice, card, address, nullptr};
  else if (emulator::is_pinned(memory))
    *attributes = {cudaMemoryTypeHost, emulator::current_card(), address, address};
  else
    *attributes = {cudaMemoryTypeUnregistered, -2, nullptr, address};
  return cudaSuccess;
}
