// How a backend that queues work executes a program: it queues a whole run at once and tells later when it is
// done.
#pragma once

#include <memory>
#include <vector>

#include "core/run_options.h"

namespace alexnet {

class QueuedRun {
 public:
  // Waits for the run where nobody has.
  virtual ~QueuedRun() = default;
  // Returns when everything is done and what was to be read has been read. Throws Error. Called once.
  virtual void wait() = 0;
  // After wait(); empty unless the run was profiled.
  virtual std::vector<Span> spans() const = 0;
};

class Replay {
 public:
  virtual ~Replay() = default;
  // Queues writes, commands and reads behind what has been queued before, and returns. The options' memory
  // has to stay until the run is done. Throws Error. Called from one thread at a time.
  virtual std::unique_ptr<QueuedRun> enqueue(const RunOptions& options) = 0;
};

}  // namespace alexnet
