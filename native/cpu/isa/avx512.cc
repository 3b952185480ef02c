#define ALEXNET_ISA avx512
#define ALEXNET_ISA_NAME "avx512"
#if defined(__AVX512F__)
#include "cpu/isa/isa.inc"

namespace alexnet::cpu {
const Kernels* kernels_avx512() { return &avx512::kTable; }
}  // namespace alexnet::cpu
#else
#include "cpu/isa/kernels.h"

namespace alexnet::cpu {
const Kernels* kernels_avx512() { return nullptr; }
}  // namespace alexnet::cpu
#endif
