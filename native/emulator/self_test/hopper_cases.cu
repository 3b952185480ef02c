#include "emulator/self_test/cases.h"
namespace emulator::self_test {
std::vector<Case> hopper_cases() { return {}; }
}  // namespace emulator::self_test
