// Runs all self-test cases, or those named; prints what was wrong and how long it took.
#include <chrono>
#include <cstdio>
#include <cstring>

#include "emulator/self_test/cases.h"

int main(int count, char** arguments) {
  using Clock = std::chrono::steady_clock;
  int run = 0, failed = 0;
  const auto begin = Clock::now();
  for (const auto& one : emulator::self_test::all_cases()) {
    bool wanted = count == 1;
    for (int i = 1; i < count; ++i) wanted |= std::strstr(one.name, arguments[i]) != nullptr;
    if (!wanted) continue;
    const auto start = Clock::now();
    const std::string problem = emulator::self_test::run_case(one.name);
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    ++run;
    failed += !problem.empty();
    std::printf("%s %s (%.0f ms)%s%s\n", problem.empty() ? "ok    " : "FAILED", one.name, ms,
                problem.empty() ? "" : ": ", problem.c_str());
  }
  std::printf("%d of %d cases failed, %.1f s\n", failed, run,
              std::chrono::duration<double>(Clock::now() - begin).count());
  return failed == 0 && run > 0 ? 0 : 1;
}
