// Kernels are compiled once for each instruction set; at run time the widest that the processor has is
// chosen.
#pragma once

namespace alexnet::isa {

// Whether the processor has the instructions and ALEXNET_NATIVE_ISA=avx512|avx2|baseline, which lowers the
// choice so that each can be tested on a processor with a better one, allows them.
bool takes_avx512();
bool takes_avx2();

// One table of kernels per instruction set; null where the compiler does not know the instructions.
template <class Table>
struct Tables {
  const Table *avx512, *avx2, *baseline;

  const Table& best() const {
    if (avx512 && takes_avx512()) return *avx512;
    if (avx2 && takes_avx2()) return *avx2;
    return *baseline;
  }
};

}  // namespace alexnet::isa
