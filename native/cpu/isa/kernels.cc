#include "cpu/isa/kernels.h"

#include "isa/choice.h"

namespace alexnet::cpu {

const Kernels& best_kernels() {
  return isa::Tables<Kernels>{kernels_avx512(), kernels_avx2(), kernels_baseline()}.best();
}

}  // namespace alexnet::cpu
