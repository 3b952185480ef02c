// The plan of a convolution's pass: its algorithm, decided only here, and the memory it takes. `run`,
// `scratch`, `packed_bytes` and `pack` of each pass all use it.
#pragma once

#include "cpu/convolution/gemm_of.h"
#include "cpu/device/execution.h"

namespace alexnet::cpu {

// The forward pass and the gradient with respect to the input, best first.
enum class GatherAlgorithm : uint8_t {
  kBf16Matrix,      // fully connected, operands rounded to bfloat16
  kBf16Windows,     // operands rounded to bfloat16
  kDot,             // fully connected, few images: each output's weights are read once
  kMatrix,          // fully connected, an output's weights adjacent
  kMatrixAcross,    // fully connected, an output's weights apart: for the gradient
  kWinogradBlocks,  // Winograd's scheme over space-to-depth blocks: a first layer with a stride
  kWinograd,        // Winograd's scheme
  kGather,          // any
};

struct GatherPlan {
  GatherGroups groups;
  GatherAlgorithm algorithm;
  ScratchSize scratch;
  size_t packed_bytes;  // of the packed weights of all groups; 0: the algorithm reads them unpacked
};

// groups: without data pointers.
GatherPlan plan_of(const GatherGroups& groups, Products products, const Processor& processor);

// The gradient with respect to the weights, best first.
enum class OuterAlgorithm : uint8_t {
  kBf16,            // operands rounded to bfloat16
  kMatrix,          // fully connected
  kWinogradBlocks,  // Winograd's scheme over space-to-depth blocks: a first layer with a stride
  kWinograd,        // Winograd's scheme
  kFewChannels,     // sums over ranges of images
  kOuter,           // any
};

struct OuterPlan {
  OuterGroups groups;
  OuterAlgorithm algorithm;
  ScratchSize scratch;
};

OuterPlan plan_of(const OuterGroups& groups, Products products, const Processor& processor);

}  // namespace alexnet::cpu
