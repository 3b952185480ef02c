#define ALEXNET_ISA avx512
#if defined(__AVX512F__)
#include "images/isa/isa.inc"

namespace alexnet::images {
const Kernels* kernels_avx512() { return &avx512::kTable; }
}  // namespace alexnet::images
#else
#include "images/kernels.h"

namespace alexnet::images {
const Kernels* kernels_avx512() { return nullptr; }
}  // namespace alexnet::images
#endif
