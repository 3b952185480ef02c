#define ALEXNET_ISA avx2
#if defined(__AVX2__)
#include "images/isa/isa.inc"

namespace alexnet::images {
const Kernels* kernels_avx2() { return &avx2::kTable; }
}  // namespace alexnet::images
#else
#include "images/kernels.h"

namespace alexnet::images {
const Kernels* kernels_avx2() { return nullptr; }
}  // namespace alexnet::images
#endif
