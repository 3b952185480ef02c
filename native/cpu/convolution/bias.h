// The gradient with respect to the bias.
#pragma once

#include "cpu/device/execution.h"

namespace alexnet::cpu {

// db(channel) = the sum of dy over images and positions.
void bias_gradient(const Tensor& dy, const Tensor& db, const Execution& on);

}  // namespace alexnet::cpu
