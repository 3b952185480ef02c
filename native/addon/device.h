// `Device` as JavaScript sees it.
#pragma once

#include <napi.h>

#include <memory>

#include "core/device.h"

namespace alexnet::addon {

class DeviceObject : public Napi::ObjectWrap<DeviceObject> {
 public:
  static Napi::Function define(Napi::Env env);
  // The device behind a JavaScript object; nullptr where it is something else.
  static std::shared_ptr<Device> device_of(const Napi::Value& value);

  explicit DeviceObject(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv) override;

 private:
  Napi::Value reserve(const Napi::CallbackInfo& info);
  Napi::Value write(const Napi::CallbackInfo& info);
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value workspace(const Napi::CallbackInfo& info);
  Napi::Value packed_bytes(const Napi::CallbackInfo& info);
  Napi::Value pack(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<Device> device_;
};

}  // namespace alexnet::addon
