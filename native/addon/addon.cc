// The addon's exports. lib/runtime/native is their only user and gives them their types.
#include <napi.h>

#include "addon/cards.h"
#include "addon/device.h"
#include "addon/environment.h"
#include "addon/images.h"
#include "addon/machine.h"
#include "addon/program.h"

namespace alexnet::addon {
Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  exports.Set("Device", DeviceObject::define(env));
  exports.Set("Program", ProgramObject::define(env));
  exports.Set("accumulate", Napi::Function::New(env, accumulate, "accumulate"));
  exports.Set("cpuInfo", Napi::Function::New(env, cpu_info, "cpuInfo"));
  exports.Set("cudaInfo", Napi::Function::New(env, cuda_info, "cudaInfo"));
  exports.Set("checkPeers", Napi::Function::New(env, check_peers, "checkPeers"));
  exports.Set("pin", Napi::Function::New(env, pin, "pin"));
  exports.Set("unpin", Napi::Function::New(env, unpin, "unpin"));
  exports.Set("measure", Napi::Function::New(env, measure, "measure"));
  exports.Set("measureCard", Napi::Function::New(env, measure_card, "measureCard"));
  exports.Set("resample", Napi::Function::New(env, resample, "resample"));
  exports.Set("loadJpegLibrary", Napi::Function::New(env, load_jpeg_library, "loadJpegLibrary"));
  exports.Set("squareOfJpeg", Napi::Function::New(env, square_of_jpeg, "squareOfJpeg"));
  exports.Set("readJpeg", Napi::Function::New(env, read_jpeg, "readJpeg"));
  exports.Set("writeJpeg", Napi::Function::New(env, write_jpeg, "writeJpeg"));
#if defined(ALEXNET_EMULATED)
  exports.Set("emulatorCases", Napi::Function::New(env, emulator_cases, "emulatorCases"));
  exports.Set("runEmulatorCase", Napi::Function::New(env, run_emulator_case, "runEmulatorCase"));
#endif
  return exports;
}

}  // namespace alexnet::addon

static Napi::Object init_addon(Napi::Env env, Napi::Object exports) {
  return alexnet::addon::init(env, exports);
}
NODE_API_MODULE(alexnet_native, init_addon)
