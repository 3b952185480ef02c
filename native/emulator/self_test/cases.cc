#include "emulator/self_test/cases.h"

#include <exception>

namespace emulator::self_test {

std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const auto& cases : {correct_kernel_cases(), faulty_kernel_cases(), memory_cases(), stream_cases(),
                            graph_cases(), card_cases(), hopper_cases()})
    all.insert(all.end(), cases.begin(), cases.end());
  return all;
}

std::string run_case(const std::string& name) {
  for (const Case& one : all_cases()) {
    if (name != one.name) continue;
    try {
      return one.run();
    } catch (const std::exception& error) {
      return error.what();
    }
  }
  return "there is no case '" + name + "'";
}

}  // namespace emulator::self_test
