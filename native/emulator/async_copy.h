// A thread's queue of cp.async copies: the bytes arrive when the thread waits for them.
#pragma once

#include <cstddef>
#include <vector>

#pragma GCC visibility push(hidden)

namespace emulator {

struct PendingCopy {
  char* to;
  const char* from;
  int bytes, source_bytes;
  int group;
  bool arrived;
};

struct CopyQueue {
  std::vector<PendingCopy> pending;
  int open_group = 0;  // the number of the group that the next commit closes

  void clear() {
    pending.clear();
    open_group = 0;
  }
  // Executes the copies of the groups before `group`.
  void complete_before(int group);
};

}  // namespace emulator

#pragma GCC visibility pop
