// Chooses the bfloat16 instructions: those that both the processor and the operating system support. The
// compilers' __builtin_cpu_supports does not know all of them, so this file reads cpuid itself.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cpu/bf16/kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace alexnet::cpu {
namespace {

#if defined(__x86_64__)

struct Leaf {
  uint32_t a = 0, b = 0, c = 0, d = 0;
};

// Returns zeros where the processor has no such leaf.
Leaf cpuid(uint32_t leaf, uint32_t part) {
  Leaf got;
  if (!__get_cpuid_count(leaf, part, &got.a, &got.b, &got.c, &got.d)) return {};
  return got;
}

bool bit(uint32_t word, int at) { return word >> at & 1; }

// XCR0: the registers that the operating system saves for each thread; 0 without XSAVE.
uint32_t kept_state() {
  if (!bit(cpuid(1, 0).c, 27)) return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

// What isa/avx512bf16.cc and isa/amx.cc are compiled for: AVX-512 F, DQ, BW, VL and BF16, and the operating
// system saves its registers.
bool has_avx512bf16() {
  constexpr uint32_t kRegisters = 0xe6;  // SSE, AVX, and the three parts of AVX-512
  const Leaf features = cpuid(7, 0);
  return (kept_state() & kRegisters) == kRegisters && bit(features.b, 16) && bit(features.b, 17) &&
         bit(features.b, 30) && bit(features.b, 31) && features.a >= 1 && bit(cpuid(7, 1).a, 5);
}

// A process has to request AMX's tiles, 8 KB of state a thread, from Linux. Linux refuses where a thread's
// signal stack is too small for them.
bool may_use_tiles() {
#if defined(__linux__) && defined(SYS_arch_prctl)
  constexpr long kRequestState = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  static const bool granted = syscall(SYS_arch_prctl, kRequestState, kTileData) == 0;
  return granted;
#else
  return false;
#endif
}

bool has_amx() {
  constexpr uint32_t kTiles = 0x60000;  // tile configuration and data
  const Leaf features = cpuid(7, 0);
  return bit(features.d, 24) && bit(features.d, 22) && (kept_state() & kTiles) == kTiles &&
         has_avx512bf16() && may_use_tiles();
}

#endif

}  // namespace

const Bf16Kernels* best_bf16_kernels() {
  const char* asked = std::getenv("ALEXNET_NATIVE_BF16");
  const std::string_view most = asked ? asked : "amx";
  if (most == "emulated-amx") return bf16_kernels_emulated_amx();
  if (most == "emulated-avx512bf16") return bf16_kernels_emulated_avx512bf16();
#if defined(__x86_64__)
  if (most == "amx" && bf16_kernels_amx() && has_amx()) return bf16_kernels_amx();
  if (most != "none" && bf16_kernels_avx512bf16() && has_avx512bf16()) return bf16_kernels_avx512bf16();
#endif
  return nullptr;
}

}  // namespace alexnet::cpu
