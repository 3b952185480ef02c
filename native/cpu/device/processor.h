// What a CPU device computes with. It decides, together with an op's shapes, the op's algorithm and scratch.
#pragma once

#include "cpu/bf16/kernels.h"
#include "cpu/isa/kernels.h"

namespace alexnet::cpu {

struct Processor {
  const Kernels& kernels;
  const Bf16Kernels* bf16;  // null where the processor has no instructions for bfloat16
};

}  // namespace alexnet::cpu
