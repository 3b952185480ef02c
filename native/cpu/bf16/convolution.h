// Convolutions and fully connected layers with operands rounded to bfloat16, divided among the threads.
#pragma once

#include "cpu/convolution/gemm_of.h"
#include "cpu/device/execution.h"

namespace alexnet::cpu {

// Whether bfloat16 is faster for these windows than the float32 algorithm; `winograd`: whether that algorithm
// is Winograd's scheme.
bool faster_in_bf16(const Bf16Kernels& bf16, const Grid& grid, bool winograd);

// The forward pass, or the gradient with respect to the input. packed: the weights as bf16_windows_pack
// writes them; null where groups.first.packed is not set.
void bf16_windows(const GatherGroups& groups, const ScratchSize& size, const uint16_t* packed,
                  const Execution& on);
ScratchSize bf16_windows_scratch(const GatherGroups& groups);
void bf16_windows_pack(const GatherGroups& groups, const Bf16Kernels& bf16, ThreadPool& pool,
                       uint16_t* packed);
size_t bf16_windows_packed_bytes(const GatherGroups& groups);

// The same for a fully connected layer.
void bf16_matrix(const GatherGemm& g, const ScratchSize& size, const Execution& on);
ScratchSize bf16_matrix_scratch(const GatherGemm& g);

// The gradient with respect to the weights, for convolutions and fully connected layers.
void bf16_outer(const OuterGroups& groups, const ScratchSize& size, const Execution& on);
ScratchSize bf16_outer_scratch(const OuterGroups& groups);

// A unit's blocks of the operand that its thread packs itself, and of the other operand, which is packed
// already.
inline constexpr int64_t kBf16Own = 4, kBf16Ready = 16;
// Floats of scratch per thread: what it packs, and a unit's sums.
size_t bf16_own_floats();
size_t bf16_unit_floats();

}  // namespace alexnet::cpu
