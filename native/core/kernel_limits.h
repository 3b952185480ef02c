// What the kernels of CPUs and GPUs demand beyond an op's meaning; the reference backend takes everything.
#pragma once

#include "core/ops.h"

namespace alexnet {

// Throw Error("BAD_PROGRAM"). Gaps between rows, columns and images only where the op takes strides, and
// never in weights.
void check_dense(const ComputeOp& op);
// Windows of at most kMostPoolSize.
void check_pool_size(const ComputeOp& op);

}  // namespace alexnet
