#include "cpu/bf16/kernels.h"
#if defined(__AVX512BF16__)
#include "isa/simd.h"
#define ALEXNET_BF16 avx512bf16
#define ALEXNET_BF16_NAME "avx512bf16"
// Two multiply-adds a lane instead of one, at no more vectors a cycle.
#define ALEXNET_BF16_RATE 2
#define ALEXNET_BF16_CORE "cpu/bf16/vectors.h"
#include "cpu/bf16/bf16.inc"

namespace alexnet::cpu {
const Bf16Kernels* bf16_kernels_avx512bf16() { return &avx512bf16::kTable; }
}  // namespace alexnet::cpu
#else

namespace alexnet::cpu {
const Bf16Kernels* bf16_kernels_avx512bf16() { return nullptr; }
}  // namespace alexnet::cpu
#endif
