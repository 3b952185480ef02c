#include "images/kernels.h"

#include "isa/choice.h"

namespace alexnet::images {

const Kernels& best_kernels() {
  return isa::Tables<Kernels>{kernels_avx512(), kernels_avx2(), kernels_baseline()}.best();
}

}  // namespace alexnet::images
