// The emulator's self-test: named cases, each of which returns what was wrong, or nothing.
#pragma once

#include <string>
#include <vector>

namespace emulator::self_test {

struct Case {
  const char* name;
  std::string (*run)();  // what was wrong; empty: nothing
};

// Cases of one file each.
std::vector<Case> correct_kernel_cases();  // no detector reports anything, and results are right
std::vector<Case> faulty_kernel_cases();   // a planted fault is found
std::vector<Case> memory_cases();
std::vector<Case> stream_cases();
std::vector<Case> graph_cases();
std::vector<Case> card_cases();  // peers, drivers, injected failures
std::vector<Case> hopper_cases();

std::vector<Case> all_cases();

// Runs a case by its name. A case that does not exist is an error, too.
std::string run_case(const std::string& name);

}  // namespace emulator::self_test
