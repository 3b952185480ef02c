// Dropout's mask (core/philox.h draws it), for the ops that end with one.
#pragma once

#include "cpu/device/execution.h"

namespace alexnet::cpu {

// y(n, h, w, c) becomes 0 where the mask drops it; y may have strides.
void apply_dropout(const Dropout& dropout, const Tensor& y, float* data, const Execution& on);

}  // namespace alexnet::cpu
