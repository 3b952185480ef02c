// Checks whether two GPUs (cards) can copy to each other: some machines grant peer access, but then corrupt
// the copied data or never finish.
#pragma once

#include <string>

namespace alexnet::cuda {

struct PeerReport {
  bool granted = false;  // what the driver says
  bool works = false;    // a pattern copied each way arrived
  std::string problem;   // what went wrong, if access is granted and does not work
  double milliseconds = 0;
};

// Copies a pattern each way and compares. If a copy does not finish within `patience_ms`, the process cannot
// use these cards any more: call this in a separate process. Throws Error("DEVICE").
PeerReport check_peers(int one, int other, double patience_ms);

}  // namespace alexnet::cuda
