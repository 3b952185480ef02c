// The bfloat16 kernels with their instructions emulated in plain C++, for tests on any processor. Their
// declared rate is above float32's, so that every convolution uses them.
#include "cpu/bf16/kernels.h"
#include "isa/simd.h"

#define ALEXNET_BF16_RATE 1e9

#define ALEXNET_BF16 emulated_amx
#define ALEXNET_BF16_NAME "emulated-amx"
#define ALEXNET_BF16_CORE "cpu/bf16/tiles.h"
#include "cpu/bf16/bf16.inc"
#undef ALEXNET_BF16
#undef ALEXNET_BF16_NAME
#undef ALEXNET_BF16_CORE

#define ALEXNET_BF16 emulated_avx512bf16
#define ALEXNET_BF16_NAME "emulated-avx512bf16"
#define ALEXNET_BF16_CORE "cpu/bf16/vectors.h"
#include "cpu/bf16/bf16.inc"

namespace alexnet::cpu {
const Bf16Kernels* bf16_kernels_emulated_amx() { return &emulated_amx::kTable; }
const Bf16Kernels* bf16_kernels_emulated_avx512bf16() { return &emulated_avx512bf16::kTable; }
}  // namespace alexnet::cpu
