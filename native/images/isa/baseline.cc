#define ALEXNET_ISA baseline
#include "images/isa/isa.inc"

namespace alexnet::images {
const Kernels* kernels_baseline() { return &baseline::kTable; }
}  // namespace alexnet::images
