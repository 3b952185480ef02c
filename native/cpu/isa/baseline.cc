#define ALEXNET_ISA baseline
#define ALEXNET_ISA_NAME "baseline"
#include "cpu/isa/isa.inc"

namespace alexnet::cpu {
const Kernels* kernels_baseline() { return &baseline::kTable; }
}  // namespace alexnet::cpu
