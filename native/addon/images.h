// Measuring images while they are prepared.
#pragma once

#include <napi.h>

namespace alexnet::addon {

// (pixels: Uint8Array, mean: Uint32Array, colour: BigUint64Array) => undefined
void accumulate(const Napi::CallbackInfo& info);

}  // namespace alexnet::addon
