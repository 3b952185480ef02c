#include "cpu/bf16/kernels.h"
#if defined(__AMX_BF16__) && defined(__AVX512BF16__)
#include "isa/simd.h"
#define ALEXNET_BF16 amx
#define ALEXNET_BF16_NAME "amx"
// AMX does 512 multiply-adds a cycle; float32, with two vectors of 16, does 32.
#define ALEXNET_BF16_RATE 16
#define ALEXNET_BF16_CORE "cpu/bf16/tiles.h"
#include "cpu/bf16/bf16.inc"

namespace alexnet::cpu {
const Bf16Kernels* bf16_kernels_amx() { return &amx::kTable; }
}  // namespace alexnet::cpu
#else

namespace alexnet::cpu {
const Bf16Kernels* bf16_kernels_amx() { return nullptr; }
}  // namespace alexnet::cpu
#endif
