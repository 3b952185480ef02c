// Convolutions by Winograd's scheme (tiles.h, sums.h), divided among the threads.
#pragma once

#include "cpu/convolution/gemm_of.h"
#include "cpu/device/execution.h"

namespace alexnet::cpu {

// All groups of a forward pass or of the gradient with respect to the input. packed: the weights as
// winograd_pack writes them; null where groups.first.packed is not set.
void winograd(const GatherGroups& groups, const ScratchSize& size, const float* packed, const Execution& on);
ScratchSize winograd_scratch(const GatherGroups& groups, const Kernels& kernels);

void winograd_pack(const GatherGroups& groups, const Kernels& kernels, ThreadPool& pool, float* packed);
size_t winograd_packed_floats(const GatherGroups& groups, const Kernels& kernels);

// The gradient of one group with respect to its weights.
void winograd_weights(const OuterGemm& g, const ScratchSize& size, const Execution& on);
ScratchSize winograd_scratch(const OuterGemm& g, const Kernels& kernels);

// Parts of these.
int64_t panels_of(const Kernels& kernels, const GatherGemm& g);
// Adds all tiles of one convolution to the sums; `fresh`: the sums are overwritten, not added to.
void add_tiles(const OuterGemm& g, bool fresh, const ScratchSize& size, float* sums, const Execution& on);

}  // namespace alexnet::cpu
