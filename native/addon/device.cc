#include "addon/device.h"

#include "addon/arguments.h"
#include "addon/cards.h"
#include "addon/parse.h"
#include "core/complaints.h"

namespace alexnet::addon {
namespace {

// Objects of other classes are not taken for devices.
constexpr napi_type_tag kTag = {0x616c65786e657431, 0x6465766963650001};
constexpr double kMostThreads = 1024;

constexpr double kMostCards = 1024;

std::unique_ptr<Backend> make_backend(const Napi::Object& options) {
  const Napi::Value backend = options.Get("backend");
  const std::string name = backend.IsString() ? backend.As<Napi::String>().Utf8Value() : "";
  if (name == "cpu")
    return make_cpu_backend(
        static_cast<int>(integer(options.Get("threads"), "threads", 1, kMostThreads, "USAGE")));
  if (name == "reference") return make_reference_backend();
  if (name != "cuda") refuse("USAGE", "backend", backend, "'cpu', 'reference' or 'cuda'");
  return make_card_backend(static_cast<int>(integer(options.Get("index"), "index", 0, kMostCards, "USAGE")),
                           flag(options.Get("peerAccess"), "peerAccess", true));
}

}  // namespace

Napi::Function DeviceObject::define(Napi::Env env) {
  return DefineClass(
      env, "Device",
      {InstanceMethod<&DeviceObject::reserve>("reserve"), InstanceMethod<&DeviceObject::write>("write"),
       InstanceMethod<&DeviceObject::read>("read"), InstanceMethod<&DeviceObject::workspace>("workspace"),
       InstanceMethod<&DeviceObject::packed_bytes>("packedBytes"),
       InstanceMethod<&DeviceObject::pack>("pack"), InstanceMethod<&DeviceObject::close>("close")});
}

std::shared_ptr<Device> DeviceObject::device_of(const Napi::Value& value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kTag)) return nullptr;
  return Unwrap(value.As<Napi::Object>())->device_;
}

DeviceObject::DeviceObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DeviceObject>(info) {
  translate(info.Env(), [&] {
    if (!info[0].IsObject()) refuse("USAGE", "options", info[0], "{ backend, ... }");
    device_ = std::make_shared<Device>(make_backend(info[0].As<Napi::Object>()));
    info.This().As<Napi::Object>().TypeTag(&kTag);
  });
}

// Memory and threads go as soon as the object is found to be garbage, or when the runs that still use them
// end.
void DeviceObject::Finalize(Napi::BasicEnv) { device_.reset(); }

Napi::Value DeviceObject::reserve(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&] {
    device_->reserve(byte_count(info[0], "bytes"));
    return info.Env().Undefined();
  });
}

Napi::Value DeviceObject::write(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&] {
    const Bytes bytes = bytes_of(info[1], "data");
    device_->write(byte_count(info[0], "offset"), bytes.data, bytes.size);
    return info.Env().Undefined();
  });
}

Napi::Value DeviceObject::read(const Napi::CallbackInfo& info) {
  return translate(info.Env(), [&] {
    const Bytes bytes = bytes_of(info[1], "data");
    device_->read(byte_count(info[0], "offset"), bytes.data, bytes.size);
    return info.Env().Undefined();
  });
}

namespace {

// What `ask` says of a command that computes; its errors name the command.
template <class Ask>
Napi::Value of_command(const Napi::CallbackInfo& info, const Ask& ask) {
  return translate(info.Env(), [&]() -> Napi::Value {
    const Command command = parse_command(info[0], "the command");
    const auto* op = std::get_if<ComputeOp>(&command.op);
    if (!op) return Napi::Number::New(info.Env(), 0);
    try {
      return Napi::Number::New(info.Env(), static_cast<double>(ask(*op)));
    } catch (const Error& error) {
      const std::string label = command.label.empty() ? "" : ", " + command.label;
      throw Error(error.code(),
                  std::string("the command (") + op_name(command) + label + "): " + error.what());
    }
  });
}

}  // namespace

Napi::Value DeviceObject::workspace(const Napi::CallbackInfo& info) {
  return of_command(info, [&](const ComputeOp& op) { return device_->workspace(op); });
}

Napi::Value DeviceObject::packed_bytes(const Napi::CallbackInfo& info) {
  return of_command(info, [&](const ComputeOp& op) {
    const auto* convolution = std::get_if<ConvolutionForward>(&op);
    return convolution ? device_->packed_bytes(*convolution) : 0;
  });
}

Napi::Value DeviceObject::pack(const Napi::CallbackInfo& info) {
  return of_command(info, [&](const ComputeOp& op) {
    const auto* convolution = std::get_if<ConvolutionForward>(&op);
    if (!convolution) alexnet::refuse("has no weights to pack", "a convolution_forward");
    device_->pack(*convolution);
    return size_t{0};
  });
}

Napi::Value DeviceObject::close(const Napi::CallbackInfo& info) {
  device_->close();
  return info.Env().Undefined();
}

}  // namespace alexnet::addon
