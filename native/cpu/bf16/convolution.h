// Convolutions and fully connected layers whose operands are rounded to bfloat16, shared out over the
// threads.
#pragma once

#include "cpu/bf16/kernels.h"
#include "cpu/device/backend.h"

namespace alexnet::cpu {

// Whether the sums of a convolution, all of its groups, are made faster in bfloat16 than by what float32 has
// for them; `winograd` where that is Winograd's scheme.
bool faster_in_bf16(const Bf16Kernels& bf16, const Grid& grid, bool matrix, bool winograd);

// A forward pass or the gradient with respect to the input. `packed`: the weights as bf16_pack_weights leaves
// them, or null.
ScratchSize bf16_scratch_size(const GatherGemm& g, int64_t groups);
void bf16_gather(const GatherGemm& first, int64_t groups, int64_t source_step, int64_t target_step,
                 int64_t weight_step, const uint16_t* packed, const Run& run);
size_t bf16_packed_bytes(const GatherGemm& g, int64_t groups);
void bf16_pack_weights(const GatherGemm& first, int64_t groups, int64_t weight_step, const Bf16Kernels& bf16,
                       ThreadPool& pool, uint16_t* packed);

// The same of a fully connected layer.
ScratchSize bf16_matrix_scratch_size(const GatherGemm& g);
void bf16_matrix(const GatherGemm& g, const Run& run);

// The gradient with respect to the weights, of either.
ScratchSize bf16_scratch_size(const OuterGemm& g, int64_t groups);
void bf16_outer(const OuterGemm& first, int64_t groups, const Run& run);

// A unit's blocks of the operand that its thread packs for itself, and of the other one, which lies ready.
inline constexpr int64_t kBf16Own = 4, kBf16Ready = 16;
// Floats of a thread: what it packs, and a unit's sums.
size_t bf16_own_floats();
size_t bf16_unit_floats();

}  // namespace alexnet::cpu
