// Images on their way into a store: resampled, measured.
#pragma once

#include <napi.h>

namespace alexnet::addon {

// (pixels: Uint8Array, mean: Uint32Array, colour: BigUint64Array) => undefined
void accumulate(const Napi::CallbackInfo& info);

// (pixels: Uint8Array, { width, height }, { left, top, width, height }, size) => Uint8Array of size * size *
// 3
Napi::Value resample(const Napi::CallbackInfo& info);

// (file: string) => whether it is a library that the next three work with
Napi::Value load_jpeg_library(const Napi::CallbackInfo& info);

// (jpeg: Uint8Array, { width, height }, { left, top, width, height }, size, space: Float32Array | undefined)
// => Promise<Uint8Array of size * size * 3 | undefined where the file is not flawless>
Napi::Value square_of_jpeg(const Napi::CallbackInfo& info);

// (jpeg: Uint8Array, size, target: Uint8Array of size * size * 3) => whether the file is flawless
Napi::Value read_jpeg(const Napi::CallbackInfo& info);

// (pixels: Uint8Array of size * size * 3, size, quality) => Uint8Array
Napi::Value write_jpeg(const Napi::CallbackInfo& info);

}  // namespace alexnet::addon
