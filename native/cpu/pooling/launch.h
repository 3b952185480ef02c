// Max-pooling with or without normalisation before it: one kernel (lrn_pool.h), divided among the threads by
// images, or by rows where there are few images.
#pragma once

#include "cpu/device/execution.h"

namespace alexnet::cpu {

// lrn: null for pooling alone. y: the pool's output, or its gradient.
LrnPool kernel_arguments(const Tensor& x, const Tensor& y, const PoolParameters& pool,
                         const LrnParameters* lrn, Activation activation = Activation::kNone);

ScratchSize pool_scratch(const LrnPool& op, const Processor& processor);
void pool_forward(const LrnPool& op, const Tensor& x, const Tensor& y, const Execution& on);
void pool_backward(const LrnPool& op, const Tensor& x, const Tensor& dy, const Tensor& dx,
                   const Execution& on);

}  // namespace alexnet::cpu
