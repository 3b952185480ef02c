#include "addon/arguments.h"

#include <cmath>

#include "core/complaints.h"

namespace alexnet::addon {

std::string show(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
    case napi_number:
      return value.ToString().Utf8Value();
    case napi_string: {
      const std::string text = value.As<Napi::String>().Utf8Value();
      return "'" + (text.size() > 40 ? text.substr(0, 40) + "..." : text) + "'";
    }
    case napi_function:
      return "a function";
    case napi_bigint:
      return "a BigInt";
    case napi_symbol:
      return "a symbol";
    default:
      return value.IsArray() ? "an array" : "an object";
  }
}

void refuse(const char* code, const std::string& name, const Napi::Value& value,
            const std::string& expected) {
  const std::string found = value.IsUndefined() ? " is missing" : " is " + show(value);
  throw Error(code, complaint(name + found, expected));
}

double integer(const Napi::Value& value, const std::string& name, double low, double high, const char* code) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (number >= low && number <= high && std::floor(number) == number) return number;
  const std::string range =
      high == kLargestInteger
          ? low == 0                  ? "an integer from 0"
            : low == -kLargestInteger ? "an integer"
                                      : "an integer from " + std::to_string(int64_t(low))
          : "an integer from " + std::to_string(int64_t(low)) + " to " + std::to_string(int64_t(high));
  refuse(code, name, value, range);
}

size_t byte_count(const Napi::Value& value, const std::string& name) {
  return static_cast<size_t>(integer(value, name, 0, kLargestInteger, "USAGE"));
}

bool flag(const Napi::Value& value, const std::string& name, bool otherwise) {
  if (value.IsUndefined()) return otherwise;
  if (!value.IsBoolean()) refuse("USAGE", name, value, "true or false");
  return value.As<Napi::Boolean>().Value();
}

Napi::Array array_of(const Napi::Value& value, const std::string& name, const std::string& expected,
                     const char* code) {
  if (!value.IsArray()) refuse(code, name, value, expected);
  return value.As<Napi::Array>();
}

Bytes bytes_of(const Napi::Value& value, const std::string& name) {
  if (!value.IsTypedArray()) refuse("USAGE", name, value, "a typed array");
  const auto array = value.As<Napi::TypedArray>();
  // The array's own view of its memory: where it is a part of a larger buffer, it begins there.
  void* data = nullptr;
  const napi_status status =
      napi_get_typedarray_info(value.Env(), value, nullptr, nullptr, &data, nullptr, nullptr);
  if (status != napi_ok) throw Napi::Error::New(value.Env());
  return {data, array.ByteLength()};
}

Napi::Error to_javascript(Napi::Env env, const Error& error) {
  Napi::Error exception = Napi::Error::New(env, error.what());
  exception.Set("code", Napi::String::New(env, error.code()));
  return exception;
}

}  // namespace alexnet::addon
