// A backend is one device's arena and the ability to execute commands in it, in order. There are two
// families: host backends compute when they are called, op by op; GPUs (cards) queue whole runs
// (core/replay.h).
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/ops.h"
#include "core/replay.h"
#include "core/step.h"

namespace alexnet {

class Program;

class Backend {
 public:
  virtual ~Backend() = default;

  // Makes the arena `bytes` long (zero-filled); what it held is lost. Throws Error("OUT_OF_MEMORY").
  virtual void reserve(size_t bytes) = 0;
  virtual size_t arena_bytes() const = 0;
  virtual void upload(size_t offset, const void* source, size_t bytes) = 0;
  virtual void download(size_t offset, void* target, size_t bytes) = 0;

  // Scratch bytes `op` needs besides its operands. Depends on the op's shapes and the device only.
  virtual size_t workspace(const ComputeOp& op) const = 0;
  // Bytes of op.w in an order of the backend's own, for weights that are used many times as they are; 0 where
  // it has none for this op. Depends on the op's shapes and the device only.
  virtual size_t packed_bytes(const ConvolutionForward&) const { return 0; }
  // Fills op.packed from op.w.
  virtual void pack(const ConvolutionForward&) {}
  // Throws Error("BAD_PROGRAM") for what this backend cannot carry out (a dtype, say). Called once, at
  // compile time.
  virtual void check(const ComputeOp& op) const = 0;
  // What carries out programs whose devices are all of this one's family; null for host backends, whose
  // commands a run carries out itself.
  virtual std::unique_ptr<Replay> make_replay(const Program&) const { return nullptr; }
};

// Backends whose arena is host memory.
class HostBackend : public Backend {
 public:
  ~HostBackend() override;
  void reserve(size_t bytes) override;
  size_t arena_bytes() const override { return bytes_; }
  void upload(size_t offset, const void* source, size_t bytes) override;
  void download(size_t offset, void* target, size_t bytes) override;

  // Throws Error("DATA") where what an operand holds would lead outside another one: labels and crops. Called
  // before each execute.
  void check_contents(const ComputeOp& op) const;
  // Carries out one command. At `workspace_offset` are at least workspace(op) bytes of scratch.
  // Called from one thread at a time. No allocation, no thread creation.
  virtual void execute(const ComputeOp& op, size_t workspace_offset, const Step& step) = 0;
  // Copies x (this arena) to `to` in `target`'s arena. Called from the device's transfer thread.
  void copy_to(const Tensor& x, HostBackend& target, const Tensor& to);

  template <class T>
  T* at(size_t offset) const {
    return reinterpret_cast<T*>(arena_ + offset);
  }
  template <class T>
  T* data(const Tensor& tensor) const {
    return at<T>(tensor.offset);
  }

 private:
  std::byte* arena_ = nullptr;
  size_t bytes_ = 0;
};

std::unique_ptr<Backend> make_reference_backend();
std::unique_ptr<Backend> make_cpu_backend(int threads);  // threads >= 1, the calling thread among them

}  // namespace alexnet
