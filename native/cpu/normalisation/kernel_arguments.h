// An op's parameters, as the kernels of normalisation and pooling take them.
#pragma once

#include "core/ops.h"
#include "cpu/isa/kernels.h"

namespace alexnet::cpu {

inline Lrn lrn_of(const LrnParameters& p) {
  return {p.size, p.groups, static_cast<float>(p.k), static_cast<float>(p.alpha), static_cast<float>(p.beta)};
}

inline Planes planes_of(const Tensor& x) { return {x.n(), x.h(), x.w(), x.c()}; }

}  // namespace alexnet::cpu
