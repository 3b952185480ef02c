// A device: a backend, a thread that carries its commands out and one that carries its transfers out beside
// them. Owned by one thread (the one that makes programs and runs of it), which makes all calls but the
// workers'.
#pragma once

#include <cstddef>
#include <memory>

#include "core/backend.h"
#include "core/worker.h"

namespace alexnet {

class Device {
 public:
  explicit Device(std::unique_ptr<Backend> backend);

  // The following throw Error("CLOSED") after close() and Error("DEVICE") while a run is under way.
  void reserve(size_t bytes);
  void write(size_t offset, const void* source, size_t bytes);
  void read(size_t offset, void* target, size_t bytes);

  // Scratch bytes `op` needs. Throws Error("BAD_PROGRAM") for an op that no program could hold.
  size_t workspace(const ComputeOp& op) const;

  // Bytes for the op's packed weights, 0 where they stay as they are; and to fill them. Throw
  // Error("BAD_PROGRAM") likewise; packing also Error("DEVICE") while a run is under way.
  size_t packed_bytes(const ConvolutionForward& op) const;
  void pack(const ConvolutionForward& op);

  // Gives threads and memory back; at the end of the last run where some are under way or queued. Idempotent.
  void close();
  bool closed() const { return closed_; }
  bool busy() const { return runs_ > 0; }

  Backend& backend() const;  // throws Error("CLOSED")

  // For runs, whose threads come here between begin_run() and end_run().
  Backend& running_backend() { return *backend_; }
  void begin_run() { ++runs_; }
  void end_run();
  Worker& commands() { return *commands_; }
  Worker& transfers() { return *transfers_; }

 private:
  Backend& idle_backend(const char* what) const;
  void free();

  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Worker> commands_, transfers_;
  bool closed_ = false;
  int runs_ = 0;  // under way or queued
};

// Throws Error("USAGE") unless [offset, offset + bytes) lies in an arena of `arena_bytes`. `what` opens the
// message.
void check_bounds(const std::string& what, size_t offset, size_t bytes, size_t arena_bytes);

}  // namespace alexnet
