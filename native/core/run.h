// One run of a program: writes to the arenas, the lists, reads from the arenas. Runs that share a device
// follow one another in the order of their start.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/error.h"
#include "core/program.h"
#include "core/run_options.h"

namespace alexnet {

class Run {
 public:
  // Throws what Program::check_devices throws, and Error("USAGE") for too few learning rates or a write or
  // read outside its arena. Host memory has to stay until `done` is called.
  Run(std::shared_ptr<const Program> program, RunOptions options);
  // To be destroyed on the devices' owning thread, after `done`.
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Queues the run on its devices. `done` is called once, on one of their threads, which does not touch the
  // run any more.
  void start(std::function<void()> done);
  // Ends the run early, with this error, as soon as the commands under way have ended.
  void cancel(const Error& error) { fail(error); }

  // After `done`.
  const std::optional<Error>& error() const { return error_; }
  std::vector<Span> profile() const;

 private:
  using Clock = std::chrono::steady_clock;
  using Lock = std::unique_lock<std::mutex>;

  void carry_out_commands(size_t device);
  void enqueue(size_t device);
  void await_queued();
  HostBackend& host(size_t device) const;
  void carry_out_transfers(size_t device);
  void execute(size_t device, size_t index);
  template <class F>
  void guard(size_t device, const Command* command, size_t index, F&& work);
  void fail(const Error& error);
  void await_all(int& arrived, int expected);
  void leave();
  double milliseconds() const;

  const std::shared_ptr<const Program> program_;
  const RunOptions options_;
  std::function<void()> done_;
  Clock::time_point start_;
  std::vector<std::vector<Span>> spans_;  // by device and command; empty without profiling

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<char> raised_;      // by event
  std::vector<size_t> released_;  // by device: how many of its transfers may start
  std::optional<Error> error_;
  int ready_ = 0;     // devices whose turn has come and whose writes are in place
  int finished_ = 0;  // lists and transfer lists that have come to their ends
  int jobs_ = 0;      // lists and transfer lists
  std::unique_ptr<QueuedRun> queued_;
  bool enqueued_ = false;
  std::atomic<bool> failed_ = false;
  std::atomic<int> present_ = 0;  // jobs that still use this object
};

}  // namespace alexnet
