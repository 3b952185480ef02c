#include "core/device.h"

#include "core/complaints.h"
#include "core/validate.h"

namespace alexnet {

void check_bounds(const std::string& what, size_t offset, size_t bytes, size_t arena_bytes) {
  if (offset <= arena_bytes && bytes <= arena_bytes - offset) return;
  throw Error("USAGE", what + " of " + std::to_string(bytes) + " bytes at byte " + std::to_string(offset) +
                           " ends at byte " + std::to_string(offset + bytes) + ", past the arena's " +
                           std::to_string(arena_bytes) + " bytes");
}

Device::Device(std::unique_ptr<Backend> backend)
    : backend_(std::move(backend)),
      commands_(std::make_unique<Worker>()),
      transfers_(std::make_unique<Worker>()) {}

Backend& Device::backend() const {
  if (closed_) throw Error("CLOSED", "the device is closed; open another one");
  return *backend_;
}

Backend& Device::idle_backend(const char* what) const {
  Backend& open = backend();
  if (busy())
    throw Error("DEVICE", std::string(what) + ": a run is under way on this device; await it first");
  return open;
}

void Device::reserve(size_t bytes) { idle_backend("reserve").reserve(bytes); }

void Device::write(size_t offset, const void* source, size_t bytes) {
  Backend& backend = idle_backend("write");
  check_bounds("a write", offset, bytes, backend.arena_bytes());
  backend.upload(offset, source, bytes);
}

void Device::read(size_t offset, void* target, size_t bytes) {
  Backend& backend = idle_backend("read");
  check_bounds("a read", offset, bytes, backend.arena_bytes());
  backend.download(offset, target, bytes);
}

size_t Device::workspace(const ComputeOp& op) const {
  check_op(op);
  backend().check(op);
  return backend().workspace(op);
}

size_t Device::packed_bytes(const ConvolutionForward& op) const {
  check_op(op);
  return backend().packed_bytes(op);
}

void Device::pack(const ConvolutionForward& op) {
  Backend& backend = idle_backend("packing");
  check_placed_op(op, backend);
  require(op.packed.has_value(), "packed is missing", "a place for the packed weights");
  backend.pack(op);
}

void Device::close() {
  closed_ = true;
  if (!busy()) free();
}

void Device::end_run() {
  if (--runs_ == 0 && closed_) free();
}

void Device::free() {
  commands_.reset();
  transfers_.reset();
  backend_.reset();
}

}  // namespace alexnet
