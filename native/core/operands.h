// A command's operands as a list, and the checks of them that do not depend on the op: sane shapes and
// strides, a place inside the arena, and no overlap with what is written.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/ops.h"

namespace alexnet {

struct Operand {
  std::string_view name;
  const Tensor* tensor;
  bool written;
};

// The operands `op` names on its own device. They point into `op`.
std::vector<Operand> operands_of(const ComputeOp& op);

// Strides without gaps. Meaningless, but harmless, for sizes that check_sizes refuses.
std::array<int64_t, 3> dense_strides(const Shape& shape);

// The checks throw Error("BAD_PROGRAM"). Every dimension at least 1, their product within any backend's
// arithmetic.
void check_sizes(std::string_view name, const Shape& shape);

// Sizes as above, strides that keep elements apart, and an extent within any backend's arithmetic.
// Afterwards count(), extent() and bytes() are safe to call.
void check_shape(std::string_view name, const Tensor& tensor);

// Inside an arena of `arena_bytes`, at a multiple of kAlignment. The shape has to be checked already.
void check_place(std::string_view name, const Tensor& tensor, size_t arena_bytes);

// Whether any byte belongs to elements of both. Channel slices of one tensor interleave without overlapping.
bool overlap(const Tensor& a, const Tensor& b);

// Whether both are the same elements in the same order.
bool same_place(const Tensor& a, const Tensor& b);

}  // namespace alexnet
