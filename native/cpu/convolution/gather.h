// The products of a forward pass or of the gradient with respect to the input, divided among the threads.
#pragma once

#include "cpu/convolution/plan.h"

namespace alexnet::cpu {

// plan.groups: with data pointers. packed: plan.packed_bytes of weights, or null.
void multiply(const GatherPlan& plan, const void* packed, const Execution& on);

}  // namespace alexnet::cpu
