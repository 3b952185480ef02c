// What JavaScript asks about cards, with a CUDA backend and without.
#pragma once

#include <napi.h>

#include <memory>

#include "core/backend.h"

namespace alexnet::addon {

// Throws Error("DEVICE") where this build has no CUDA backend, or the machine no such card.
std::unique_ptr<Backend> make_card_backend(int index, bool peer_access);

// { built, emulated, problem, driver, runtime, cards: [{ name, memory, free, computeCapability,
// multiprocessors, peers }] }
Napi::Value cuda_info(const Napi::CallbackInfo& info);

// (one, other, patienceMs) -> { granted, works, problem, milliseconds }
Napi::Value check_peers(const Napi::CallbackInfo& info);

// (index) -> Promise<{ copyGigabytes, fp32Tflops, tf32Tflops, bf16Tflops }>
Napi::Value measure_card(const Napi::CallbackInfo& info);

// Pins host memory, so that cards copy from it directly. False where that is impossible: no card, or a driver
// that refuses.
bool pin_for_cards(void* memory, size_t bytes);
// Only while no copy from it is under way.
void unpin_for_cards(void* memory);

#if defined(ALEXNET_EMULATED)
// () -> names of the emulator's own tests
Napi::Value emulator_cases(const Napi::CallbackInfo& info);
// (name) -> what was wrong; empty: nothing
Napi::Value run_emulator_case(const Napi::CallbackInfo& info);
#endif

}  // namespace alexnet::addon
