// Errors of the native core travel as exceptions of one type up to the addon, which turns each into one
// JavaScript exception with `code`.
#pragma once

#include <stdexcept>
#include <string>

namespace alexnet {

class Error : public std::runtime_error {
 public:
  Error(std::string code, const std::string& message) : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const {
    return code_;
  }  // "BAD_PROGRAM", "OUT_OF_MEMORY", "DEVICE", "CLOSED", ...

 private:
  std::string code_;
};

}  // namespace alexnet
