// This machine's peak rates, which benchmarks are compared with.
#pragma once

#include <string_view>

namespace alexnet {

struct Peak {
  double gflops;          // multiply-adds of float32 in registers, two operations each
  double copy_gigabytes;  // read and written a second, by a copy that no cache holds
};

// Takes about a second of `threads` threads. `isa`: "avx512", "avx2", or anything else for what the compiler
// assumes.
Peak measure_peak(int threads, std::string_view isa);

}  // namespace alexnet
