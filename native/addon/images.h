// Images on their way into a store: resampled, measured.
#pragma once

#include <napi.h>

namespace alexnet::addon {

// (pixels: Uint8Array, mean: Uint32Array, colour: BigUint64Array) => undefined
void accumulate(const Napi::CallbackInfo& info);

// (pixels: Uint8Array, { width, height }, { left, top, width, height }, size) => Uint8Array of size * size *
// 3
Napi::Value resample(const Napi::CallbackInfo& info);

}  // namespace alexnet::addon
