// The cards of this machine.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace alexnet::cuda {

// What kernels depend on: sizes of grids, and which math cores there are.
struct Card {
  int index = 0;
  int multiprocessors = 1;
  int compute_capability = 0;       // 90 for 9.0
  size_t shared_bytes_a_block = 0;  // the most a launch may ask for
};

// Throws Error("DEVICE") where there is no such card, saying what there is.
Card card_at(int index);

struct CardReport {
  std::string name;
  size_t memory, free;  // bytes
  int compute_capability;
  int multiprocessors;
  std::vector<bool> peers;  // whose memory the driver says it can reach, by index
};

struct CardsReport {
  std::string problem;  // why there are none; empty where there are
  int driver = 0;       // 13000 for CUDA 13.0; 0 without a driver
  int runtime = 0;      // what this build was made with
  std::vector<CardReport> cards;
};

// Never throws: a machine without cards is a report that says why.
CardsReport report_cards();

}  // namespace alexnet::cuda
