// The GPUs (cards) of this machine.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace alexnet::cuda {

// What kernels depend on: the sizes of grids, and which arithmetic cores exist.
struct Card {
  int index = 0;
  int multiprocessors = 1;
  int compute_capability = 0;       // 90 for 9.0
  size_t shared_bytes_a_block = 0;  // the most a launch may request
};

// Throws Error("DEVICE") if there is no such card; the message says which cards exist.
Card card_at(int index);

struct CardReport {
  std::string name;
  size_t memory, free;  // bytes
  int compute_capability;
  int multiprocessors;
  std::vector<bool> peers;  // cards whose memory it can access according to the driver, by index
};

struct CardsReport {
  std::string problem;  // why there are no cards; empty if there are
  int driver = 0;       // 13000 for CUDA 13.0; 0 without a driver
  int runtime = 0;      // the version this build was compiled with
  std::vector<CardReport> cards;
};

// Never throws: on a machine without cards the report says why there are none.
CardsReport report_cards();

}  // namespace alexnet::cuda
