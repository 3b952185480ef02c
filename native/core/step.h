// What changes from one run of a program to the next.
#pragma once

#include <cstdint>
#include <vector>

namespace alexnet {

struct Step {
  uint32_t number = 0;                // counts from 0; keys the random numbers
  std::vector<float> learning_rates;  // by the index that ops name (v.learning_rate in their `values`)
};

}  // namespace alexnet
