// Whether two cards can copy to each other: some machines grant peer access and then corrupt what is copied,
// or never finish.
#pragma once

#include <string>

namespace alexnet::cuda {

struct PeerReport {
  bool granted = false;  // what the driver says
  bool works = false;    // a pattern copied each way arrived
  std::string problem;   // what went wrong, where it is granted and does not work
  double milliseconds = 0;
};

// Copies a pattern each way and compares. Where a copy does not finish within `patience_ms` the process
// cannot use these cards any more: to be called in a process of its own. Throws Error("DEVICE").
PeerReport check_peers(int one, int other, double patience_ms);

}  // namespace alexnet::cuda
