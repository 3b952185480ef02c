#define ALEXNET_ISA avx2
#define ALEXNET_ISA_NAME "avx2"
#if defined(__AVX2__)
#include "cpu/isa/isa.inc"

namespace alexnet::cpu {
const Kernels* kernels_avx2() { return &avx2::kTable; }
}  // namespace alexnet::cpu
#else
#include "cpu/isa/kernels.h"

namespace alexnet::cpu {
const Kernels* kernels_avx2() { return nullptr; }
}  // namespace alexnet::cpu
#endif
