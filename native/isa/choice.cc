#include "isa/choice.h"

#include <cstdlib>
#include <string_view>

namespace alexnet::isa {
namespace {

std::string_view most() {
  const char* asked = std::getenv("ALEXNET_NATIVE_ISA");
  return asked ? asked : "avx512";
}

}  // namespace

#if defined(__x86_64__)

bool takes_avx512() {
  return most() == "avx512" && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}

bool takes_avx2() {
  return most() != "baseline" && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

#else

bool takes_avx512() { return false; }
bool takes_avx2() { return false; }

#endif

}  // namespace alexnet::isa
