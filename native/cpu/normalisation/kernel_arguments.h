// What an op says, as the kernels of normalisation and of pooling take it.
#pragma once

#include "core/ops.h"
#include "cpu/isa/kernels.h"

namespace alexnet::cpu {

inline Lrn lrn_of(const LrnParameters& p) {
  return {p.size, p.groups, static_cast<float>(p.k), static_cast<float>(p.alpha), static_cast<float>(p.beta)};
}

inline Planes planes_of(const Tensor& x) { return {x.n(), x.h(), x.w(), x.c()}; }

}  // namespace alexnet::cpu
