// A command's fields follow from its descriptor: `values` names the parameters and `visit` the operands, each
// read here by its type. An op without fields of its own kind needs nothing in this file.
#include "addon/parse.h"

#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "addon/arguments.h"
#include "core/complaints.h"
#include "core/operands.h"

namespace alexnet::addon {
namespace {

[[noreturn]] void refuse(const std::string& name, const Napi::Value& value, const std::string& expected) {
  addon::refuse("BAD_PROGRAM", name, value, expected);
}

Napi::Object object_of(const Napi::Value& value, const std::string& name, const std::string& expected) {
  if (!value.IsObject() || value.IsArray() || value.IsFunction()) refuse(name, value, expected);
  return value.As<Napi::Object>();
}

Napi::Array array_of(const Napi::Value& value, const std::string& name, const std::string& expected) {
  return addon::array_of(value, name, expected, "BAD_PROGRAM");
}

// One overload for each type a parameter can have.
void read(const Napi::Value& value, const std::string& name, int64_t& into) {
  into = static_cast<int64_t>(integer(value, name, -kLargestInteger, kLargestInteger, "BAD_PROGRAM"));
}

void read(const Napi::Value& value, const std::string& name, uint32_t& into) {
  into = static_cast<uint32_t>(integer(value, name, 0, std::numeric_limits<uint32_t>::max(), "BAD_PROGRAM"));
}

void read(const Napi::Value& value, const std::string& name, size_t& into) {
  into = static_cast<size_t>(integer(value, name, 0, kLargestInteger, "BAD_PROGRAM"));
}

void read(const Napi::Value& value, const std::string& name, double& into) {
  if (!value.IsNumber()) refuse(name, value, "a number");
  into = value.As<Napi::Number>().DoubleValue();
}

void read(const Napi::Value& value, const std::string& name, bool& into) {
  if (!value.IsBoolean()) refuse(name, value, "true or false");
  into = value.As<Napi::Boolean>().Value();
}

template <class E>
void read_name(const Napi::Value& value, const std::string& name, E& into,
               std::initializer_list<std::pair<const char*, E>> names) {
  std::string expected;
  for (const auto& [text, named] : names) {
    if (value.IsString() && value.As<Napi::String>().Utf8Value() == text) {
      into = named;
      return;
    }
    expected += std::string(expected.empty() ? "'" : " or '") + text + "'";
  }
  refuse(name, value, expected);
}

void read(const Napi::Value& value, const std::string& name, Activation& into) {
  read_name(value, name, into,
            {{"none", Activation::kNone}, {"relu", Activation::kRelu}, {"tanh", Activation::kTanh}});
}

void read(const Napi::Value& value, const std::string& name, Products& into) {
  read_name(value, name, into,
            {{"float32", Products::kFloat32}, {"tf32", Products::kTf32}, {"bfloat16", Products::kBfloat16}});
}

void read(const Napi::Value& value, const std::string& name, MeanAt& into) {
  read_name(value, name, into, {{"crop", MeanAt::kCrop}, {"centre", MeanAt::kCentre}});
}

void read(const Napi::Value& value, const std::string& name, ChannelOrder& into) {
  read_name(value, name, into, {{"rgb", ChannelOrder::kRgb}, {"bgr", ChannelOrder::kBgr}});
}

void read(const Napi::Value& value, const std::string& name, DType& into) {
  read_name(value, name, into,
            {{"float32", DType::kFloat32},
             {"float64", DType::kFloat64},
             {"bfloat16", DType::kBfloat16},
             {"uint8", DType::kUint8},
             {"int32", DType::kInt32}});
}

template <class T, size_t N>
void read(const Napi::Value& value, const std::string& name, std::array<T, N>& into) {
  const std::string expected = "an array of " + std::to_string(N) + " numbers";
  const Napi::Array array = array_of(value, name, expected);
  if (array.Length() != N)
    alexnet::refuse(name + " has " + std::to_string(array.Length()) + " entries", std::to_string(N));
  for (size_t i = 0; i < N; ++i)
    read(array.Get(static_cast<uint32_t>(i)), name + "[" + std::to_string(i) + "]", into[i]);
}

void read(const Napi::Value& value, const std::string& name, Padding& into) {
  std::array<int64_t, 4> sides;
  read(value, name, sides);
  into = {sides[0], sides[1], sides[2], sides[3]};
}

void read(const Napi::Value& value, const std::string& name, Seed& into) {
  std::array<uint32_t, 2> words;
  read(value, name, words);
  into = {words[0], words[1]};
}

void read(const Napi::Value& value, const std::string& name, Dropout& into) {
  const Napi::Object object = object_of(value, name, "{ rate, seed, stream, channels, channelOffset }");
  const auto field = [&](const char* key, auto& member) { read(object.Get(key), name + "." + key, member); };
  field("rate", into.rate), field("seed", into.seed), field("stream", into.stream);
  field("channels", into.channels), field("channelOffset", into.channel_offset);
}

void read(const Napi::Value& value, const std::string& name, Tensor& into) {
  const Napi::Object object = object_of(value, name, "a tensor, { offset, shape }");
  read(object.Get("offset"), name + ".offset", into.offset);
  read(object.Get("shape"), name + ".shape", into.shape);
  const Napi::Value strides = object.Get("strides"), dtype = object.Get("dtype");
  into.strides = dense_strides(into.shape);
  if (!strides.IsUndefined()) read(strides, name + ".strides", into.strides);
  if (!dtype.IsUndefined()) read(dtype, name + ".dtype", into.dtype);
}

template <class T>
void read(const Napi::Value& value, const std::string& name, std::optional<T>& into) {
  if (!value.IsUndefined()) read(value, name, into.emplace());
}

// The descriptors' visitor: every field by the name it is given there.
struct Fields {
  const Napi::Object& object;

  template <class T>
  void value(const char* name, T& field) const {
    read(object.Get(name), name, field);
  }
  void learning_rate(const char* name, int64_t& index) const { value(name, index); }
  void pool_size(const char* name, int64_t& size) const { value(name, size); }
  template <class T>
  void input(const char* name, T& tensor) const {
    value(name, tensor);
  }
  template <class T>
  void output(const char* name, T& tensor) const {
    value(name, tensor);
  }
  template <class T>
  void inout(const char* name, T& tensor) const {
    value(name, tensor);
  }
};

template <class Op>
void read_fields(const Napi::Object& object, Op& op) {
  Op::values(op, Fields{object});  // first: `visit` may depend on them
  Op::visit(op, Fields{object});
}

void read_fields(const Napi::Object& object, Sgd& op) {
  Sgd::values(op, Fields{object});  // of no segment yet
  const Napi::Array array =
      array_of(object.Get("segments"), "segments", "an array of { w, v, g, copy?, rate, decay }");
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const std::string name = "segments[" + std::to_string(i) + "]";
    const Napi::Object segment = object_of(array.Get(i), name, "{ w, v, g, copy?, rate, decay }");
    Sgd::Segment& into = op.segments.emplace_back();
    const auto field = [&](const char* key, auto& member) {
      read(segment.Get(key), name + "." + key, member);
    };
    field("w", into.w), field("v", into.v), field("g", into.g), field("copy", into.copy);
    field("rate", into.rate), field("decay", into.decay);
  }
}

void read_fields(const Napi::Object& object, Sum& op) {
  const Napi::Array array = array_of(object.Get("xs"), "xs", "an array of tensors");
  for (uint32_t i = 0; i < array.Length(); ++i)
    read(array.Get(i), "xs[" + std::to_string(i) + "]", op.xs.emplace_back());
  Fields{object}.output("y", op.y);
}

void read_fields(const Napi::Object& object, Transfer& op) {
  Transfer::values(op, Fields{object});
  Fields{object}.input("x", op.x), Fields{object}.output("to", op.to);
}

// Reads the fields of `Op` into `into` where that is the op's name.
template <class Op, class Variant>
bool read_if(std::string_view name, const Napi::Object& object, Variant& into) {
  if (name != Op::kName) return false;
  Op op;
  read_fields(object, op);
  into = std::move(op);
  return true;
}

template <class... Ops>
bool read_compute(std::string_view name, const Napi::Object& object, Command& into, std::variant<Ops...>*) {
  ComputeOp op;
  if (!(read_if<Ops>(name, object, op) || ...)) return false;
  into.op = std::move(op);
  return true;
}

}  // namespace

Command parse_command(const Napi::Value& value, const std::string& place) {
  Command command;
  std::string subject = place;
  try {
    const Napi::Object object = object_of(value, "it", "an object, { op, label, ... }");
    const Napi::Value label = object.Get("label"), op = object.Get("op"), workspace = object.Get("workspace");
    if (!op.IsString()) refuse("op", op, "a string");
    if (!label.IsString()) refuse("label", label, "a string");
    const std::string name = op.As<Napi::String>().Utf8Value();
    command.label = label.As<Napi::String>().Utf8Value();
    subject += " (" + name + (command.label.empty() ? "" : ", " + command.label) + ")";
    if (!read_if<Transfer>(name, object, command.op) && !read_if<Wait>(name, object, command.op) &&
        !read_compute(name, object, command, static_cast<ComputeOp*>(nullptr)))
      refuse("op", op, "the name of an op, such as 'convolution_forward'");
    if (!workspace.IsUndefined()) {
      const Napi::Object scratch = object_of(workspace, "workspace", "{ offset, bytes }");
      read(scratch.Get("offset"), "workspace.offset", command.workspace_offset);
      read(scratch.Get("bytes"), "workspace.bytes", command.workspace_bytes);
    }
  } catch (const Error& error) {
    throw Error(error.code(), subject + ": " + error.what());
  }
  return command;
}

Lists parse_lists(const Napi::Value& value) {
  Lists lists;
  const Napi::Array devices = array_of(value, "lists", "an array of commands for each device");
  for (uint32_t device = 0; device < devices.Length(); ++device) {
    const Napi::Array commands =
        array_of(devices.Get(device), "lists[" + std::to_string(device) + "]", "an array of commands");
    auto& list = lists.emplace_back();
    for (uint32_t index = 0; index < commands.Length(); ++index) {
      const Napi::HandleScope scope(value.Env());
      list.push_back(parse_command(
          commands.Get(index), "command " + std::to_string(index) + " of device " + std::to_string(device)));
    }
  }
  return lists;
}

}  // namespace alexnet::addon
