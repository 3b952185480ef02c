// The runs under way in one JavaScript environment. A run ends on a device's thread; its promise is settled
// on the event loop, which stays free meanwhile.
#pragma once

#include <napi.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "addon/pinned_memory.h"
#include "core/run.h"

namespace alexnet::addon {

struct PendingRun {
  using Pins = std::vector<std::shared_ptr<const PinnedRange>>;
  PendingRun(Napi::Env env, std::unique_ptr<Run> run, const Napi::Array& buffers, Pins pins, bool profile);

  Napi::Promise::Deferred deferred;
  Napi::Reference<Napi::Array> buffers;  // the host memory that the run reads and writes
  Pins pins;                             // of what it reads
  std::unique_ptr<Run> run;              // goes first: its copies may still be reading
  bool profile;
};

class PendingRuns {
 public:
  explicit PendingRuns(Napi::Env env);
  ~PendingRuns();

  Napi::Promise start(Napi::Env env, std::unique_ptr<PendingRun> pending);

 private:
  static void on_done(Napi::Env env, Napi::Function, PendingRuns* self, void*);
  using Notifier = Napi::TypedThreadSafeFunction<PendingRuns, void, &PendingRuns::on_done>;

  void settle(Napi::Env env);
  // Ends all runs and waits for them. A worker that is terminated frees its memory next, buffers included.
  void shut_down();

  Notifier notifier_;
  std::vector<std::unique_ptr<PendingRun>> running_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<PendingRun*> done_;  // of running_, not settled yet
};

}  // namespace alexnet::addon
