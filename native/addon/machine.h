// What JavaScript can ask about the machine.
#pragma once

#include <napi.h>

namespace alexnet::addon {

// () => { cores, isa }
Napi::Value cpu_info(const Napi::CallbackInfo& info);

// ({ threads }) => Promise<{ gflops, copyGigabytes, isa }>
Napi::Value measure(const Napi::CallbackInfo& info);

}  // namespace alexnet::addon
