// What belongs to one JavaScript environment: the main thread's, or a worker's.
#pragma once

#include <napi.h>

#include "addon/pending_runs.h"
#include "addon/pinned_memory.h"

namespace alexnet::addon {

struct Environment {
  explicit Environment(Napi::Env env) : runs(env) {}

  PinnedMemory pinned;
  PendingRuns runs;
};

}  // namespace alexnet::addon
