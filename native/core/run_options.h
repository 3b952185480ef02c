// What one run of a program is given, and what it can tell afterwards.
#pragma once

#include <cstddef>
#include <vector>

#include "core/step.h"

namespace alexnet {

struct HostWrite {
  size_t device, offset;
  const void* data;
  size_t bytes;
};

struct HostRead {
  size_t device, offset;
  void* data;
  size_t bytes;
};

struct RunOptions {
  Step step;
  std::vector<HostWrite> writes;
  std::vector<HostRead> reads;
  bool profile = false;
};

// When a command ran, in milliseconds from the run's beginning; a wait's span is the time spent waiting.
struct Span {
  size_t device, command;
  double start, end;
};

}  // namespace alexnet
