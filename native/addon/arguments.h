// What the JavaScript-visible classes share: arguments in, errors out.
#pragma once

#include <napi.h>

#include <cstddef>
#include <string>

#include "core/error.h"

namespace alexnet::addon {

// "'abc'", "1.5", "undefined", "an object"
std::string show(const Napi::Value& value);

// Throws Error(code) that says what `value` is and what was expected.
[[noreturn]] void refuse(const char* code, const std::string& name, const Napi::Value& value,
                         const std::string& expected);

// Largest integer that a JavaScript number counts to.
inline constexpr double kLargestInteger = 9007199254740991.0;

// An integer in [low, high]. Throws Error(code).
double integer(const Napi::Value& value, const std::string& name, double low, double high, const char* code);

// A place in an arena or a count of bytes. Throws Error("USAGE").
size_t byte_count(const Napi::Value& value, const std::string& name);

// true or false; `otherwise` where it is not given. Throws Error("USAGE").
bool flag(const Napi::Value& value, const std::string& name, bool otherwise);

// Throws Error(code), naming what was expected.
Napi::Array array_of(const Napi::Value& value, const std::string& name, const std::string& expected,
                     const char* code);

// The memory behind a typed array. It stays as long as the array is neither collected nor transferred.
struct Bytes {
  void* data;
  size_t size;
};
Bytes bytes_of(const Napi::Value& value, const std::string& name);

// The JavaScript exception for an error of the core, with its `code`.
Napi::Error to_javascript(Napi::Env env, const Error& error);

// Runs `work`; errors of the core become JavaScript exceptions.
template <class F>
auto translate(Napi::Env env, F&& work) {
  try {
    return work();
  } catch (const Error& error) {
    throw to_javascript(env, error);
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw to_javascript(env, Error("OUT_OF_MEMORY", "the system has no more memory"));
  } catch (const std::exception& error) {
    throw to_javascript(env, Error("DEVICE", error.what()));
  }
}

}  // namespace alexnet::addon
