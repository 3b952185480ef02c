#include "addon/program.h"

#include <cmath>
#include <limits>

#include "addon/arguments.h"
#include "addon/device.h"
#include "addon/environment.h"
#include "addon/parse.h"
#include "core/run.h"

namespace alexnet::addon {
namespace {

std::vector<std::shared_ptr<Device>> parse_devices(const Napi::Value& value) {
  const Napi::Array array = array_of(value, "devices", "an array of devices", "USAGE");
  std::vector<std::shared_ptr<Device>> devices;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    auto device = DeviceObject::device_of(array.Get(i));
    if (!device) refuse("USAGE", "devices[" + std::to_string(i) + "]", array.Get(i), "a Device");
    devices.push_back(std::move(device));
  }
  return devices;
}

std::vector<float> parse_rates(const Napi::Value& value) {
  const Napi::Array array = array_of(value, "learningRates", "an array of numbers", "USAGE");
  std::vector<float> rates;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value entry = array.Get(i);
    if (!entry.IsNumber() || !std::isfinite(entry.As<Napi::Number>().FloatValue()))
      refuse("USAGE", "learningRates[" + std::to_string(i) + "]", entry, "a finite number");
    rates.push_back(entry.As<Napi::Number>().FloatValue());
  }
  return rates;
}

// Writes or reads, [{ device, offset, data }, ...]. Their arrays are added to `buffers`; locate() finds the
// memory.
template <class Copy>
std::vector<Copy> parse_copies(const Napi::Value& value, const std::string& name, Napi::Array& buffers) {
  std::vector<Copy> copies;
  if (value.IsUndefined()) return copies;
  const Napi::Array array = array_of(value, name, "an array", "USAGE");
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const std::string place = name + "[" + std::to_string(i) + "]";
    const Napi::Value entry = array.Get(i);
    if (!entry.IsObject()) refuse("USAGE", place, entry, "{ device, offset, data }");
    const auto object = entry.As<Napi::Object>();
    const size_t device = byte_count(object.Get("device"), place + ".device");
    const size_t offset = byte_count(object.Get("offset"), place + ".offset");
    copies.push_back({device, offset, nullptr, 0});
    buffers.Set(buffers.Length(), object.Get("data"));
  }
  return copies;
}

// Once nothing of the options' own code (getters, say) can run any more and take a buffer away.
template <class Copy>
void locate(std::vector<Copy>& copies, const std::string& name, const Napi::Array& buffers, size_t first) {
  for (size_t i = 0; i < copies.size(); ++i) {
    const Napi::Value data = buffers.Get(static_cast<uint32_t>(first + i));
    const Bytes bytes = bytes_of(data, name + "[" + std::to_string(i) + "].data");
    copies[i].data = bytes.data, copies[i].bytes = bytes.size;
  }
}

RunOptions parse_options(const Napi::Value& value, Napi::Array& buffers) {
  if (!value.IsObject()) refuse("USAGE", "options", value, "{ number, learningRates, ... }");
  const auto object = value.As<Napi::Object>();
  RunOptions options;
  options.step.number = static_cast<uint32_t>(
      integer(object.Get("number"), "number", 0, std::numeric_limits<uint32_t>::max(), "USAGE"));
  options.step.learning_rates = parse_rates(object.Get("learningRates"));
  const Napi::Value profile = object.Get("profile"), writes = object.Get("writes"),
                    reads = object.Get("reads");
  options.profile = flag(profile, "profile", false);
  options.writes = parse_copies<HostWrite>(writes, "writes", buffers);
  options.reads = parse_copies<HostRead>(reads, "reads", buffers);
  locate(options.writes, "writes", buffers, 0);
  locate(options.reads, "reads", buffers, options.writes.size());
  return options;
}

}  // namespace

Napi::Function ProgramObject::define(Napi::Env env) {
  return DefineClass(
      env, "Program",
      {InstanceMethod<&ProgramObject::run>("run"), InstanceMethod<&ProgramObject::close>("close")});
}

ProgramObject::ProgramObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ProgramObject>(info) {
  translate(info.Env(), [&] {
    auto devices = parse_devices(info[0]);
    Lists lists = parse_lists(info[1]);
    program_ = std::make_shared<const Program>(std::move(devices), std::move(lists));
  });
}

void ProgramObject::Finalize(Napi::BasicEnv) { program_.reset(); }

Napi::Value ProgramObject::run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return translate(env, [&]() -> Napi::Value {
    Napi::Array buffers = Napi::Array::New(env);
    RunOptions options = parse_options(info[0], buffers);
    if (!program_) throw Error("CLOSED", "the program is closed; compile another one");
    const bool profile = options.profile;
    auto* environment = env.GetInstanceData<Environment>();
    std::vector<std::shared_ptr<const PinnedRange>> pins;
    for (const HostWrite& write : options.writes)
      if (auto pin = environment->pinned.find(write.data)) pins.push_back(std::move(pin));
    auto run = std::make_unique<Run>(program_, std::move(options));
    auto pending = std::make_unique<PendingRun>(env, std::move(run), buffers, std::move(pins), profile);
    return environment->runs.start(env, std::move(pending));
  });
}

// Runs under way keep what they need.
Napi::Value ProgramObject::close(const Napi::CallbackInfo& info) {
  program_.reset();
  return info.Env().Undefined();
}

}  // namespace alexnet::addon
