// Convolutions by Winograd's scheme (winograd_tiles.h, winograd_sums.h), shared out over the threads. A first
// layer with a stride, conv1's 11x11 with stride 4, becomes a 3x3 one with stride 1: its image's blocks of
// 4x4 pixels are taken for pixels of 48 channels.
#pragma once

#include "cpu/device/backend.h"

namespace alexnet::cpu {

// `group` times the steps further on.
GatherGemm group_of(GatherGemm g, int64_t group, int64_t source_step, int64_t target_step,
                    int64_t weight_step);

bool uses_winograd(const Kernels& kernels, const GatherGemm& g);
ScratchSize winograd_scratch_size(const Kernels& kernels, const GatherGemm& g, int64_t groups);
// All groups of a forward pass or of the gradient with respect to the input; `packed` where g.packed.
void winograd_all(const GatherGemm& first, int64_t groups, int64_t source_step, int64_t target_step,
                  int64_t weight_step, const float* packed, const Run& run);

// The weights of all groups as winograd_all takes them, and how many floats that is.
size_t winograd_packed_floats(const Kernels& kernels, const GatherGemm& g, int64_t groups);
void winograd_pack_all(const GatherGemm& first, int64_t groups, int64_t weight_step, const Kernels& kernels,
                       ThreadPool& pool, float* packed, float* deep_weights);
// Floats of a first layer's weights in blocks; 0 for others.
size_t winograd_deep_floats(const GatherGemm& g, int64_t groups);

bool uses_winograd(const Kernels& kernels, const OuterGemm& g);
ScratchSize winograd_scratch_size(const Kernels& kernels, const OuterGemm& g);
// One group's gradient with respect to its weights.
void winograd_weights(const OuterGemm& g, const Run& run);

}  // namespace alexnet::cpu
