// A first layer with a stride by Winograd's scheme: conv1's 11x11 kernel with stride 4 becomes a 3x3 kernel
// with stride 1, because the image's blocks of 4x4 pixels become pixels of 48 channels (space_to_depth.h).
#pragma once

#include "cpu/convolution/gemm_of.h"
#include "cpu/device/execution.h"

namespace alexnet::cpu {

// Whether a convolution of so many channels may be computed over blocks.
bool takes_blocks(const Grid& grid, int64_t channels);
// The product over the blocks of one image, without data pointers.
GatherGemm in_blocks(const GatherGemm& g);
OuterGemm in_blocks(const OuterGemm& g);

// The same functions as in winograd.h. Packing allocates memory for the kernels in blocks.
void winograd_blocks(const GatherGroups& groups, const ScratchSize& size, const float* packed,
                     const Execution& on);
ScratchSize winograd_blocks_scratch(const GatherGroups& groups, const Kernels& kernels);
void winograd_blocks_pack(const GatherGroups& groups, const Kernels& kernels, ThreadPool& pool,
                          float* packed);
size_t winograd_blocks_packed_floats(const GatherGroups& groups, const Kernels& kernels);
void winograd_blocks_weights(const OuterGemm& g, const ScratchSize& size, const Execution& on);
ScratchSize winograd_blocks_scratch(const OuterGemm& g, const Kernels& kernels);

}  // namespace alexnet::cpu
