#include "cpu/convolution/plan.h"

#include "cpu/bf16/convolution.h"
#include "cpu/winograd/blocks.h"
#include "cpu/winograd/winograd.h"

namespace alexnet::cpu {

namespace {

// With fewer images than this a fully connected layer is bound by reading its weights, not by arithmetic: the
// product is computed row by row, in float32.
constexpr int64_t kFewImages = 8;

// What a candidate algorithm decides by.
template <class Gemm>
struct Request {
  const Gemm& g;
  Products products;
  const Processor& processor;

  const Kernels& kernels() const { return processor.kernels; }
  bool few_images() const { return g.grid.images < kFewImages; }
  bool may_round() const { return products == Products::kBfloat16 && processor.bf16; }
};
using GatherRequest = Request<GatherGemm>;
using OuterRequest = Request<OuterGemm>;

bool winograd_blocks_apply(const GatherRequest& r) {
  return takes_blocks(r.g.grid, r.g.inner) && r.kernels().is_winograd(in_blocks(r.g));
}
bool winograd_applies(const GatherRequest& r) { return r.kernels().is_winograd(r.g); }

bool winograd_blocks_apply(const OuterRequest& r) {
  return takes_blocks(r.g.grid, r.g.inner) && r.kernels().is_winograd_weights(in_blocks(r.g));
}
bool winograd_applies(const OuterRequest& r) { return r.kernels().is_winograd_weights(r.g); }

// Whether bfloat16 is faster for these windows than the float32 algorithm.
template <class Gemm>
bool bf16_windows_apply(const Request<Gemm>& r) {
  return r.may_round() && !r.g.matrix &&
         faster_in_bf16(*r.processor.bf16, r.g.grid, winograd_blocks_apply(r) || winograd_applies(r));
}

template <class Algorithm, class Gemm>
struct Candidate {
  Algorithm algorithm;
  bool (*applies)(const Request<Gemm>&);
};

// The first candidate that applies is chosen; the last one always applies.
constexpr Candidate<GatherAlgorithm, GatherGemm> kGatherCandidates[] = {
    {GatherAlgorithm::kBf16Matrix,
     [](const GatherRequest& r) { return r.may_round() && r.g.matrix && !r.few_images(); }},
    {GatherAlgorithm::kBf16Windows, bf16_windows_apply<GatherGemm>},
    {GatherAlgorithm::kDot,
     [](const GatherRequest& r) { return r.g.matrix && r.g.w_inner == 1 && r.few_images(); }},
    {GatherAlgorithm::kMatrix, [](const GatherRequest& r) { return r.g.matrix && r.g.w_inner == 1; }},
    {GatherAlgorithm::kMatrixAcross, [](const GatherRequest& r) { return r.g.matrix; }},
    {GatherAlgorithm::kWinogradBlocks, winograd_blocks_apply},
    {GatherAlgorithm::kWinograd, winograd_applies},
    {GatherAlgorithm::kGather, [](const GatherRequest&) { return true; }},
};

constexpr Candidate<OuterAlgorithm, OuterGemm> kOuterCandidates[] = {
    {OuterAlgorithm::kBf16,
     [](const OuterRequest& r) {
       return r.g.matrix ? r.may_round() && !r.few_images() : bf16_windows_apply(r);
     }},
    {OuterAlgorithm::kMatrix, [](const OuterRequest& r) { return r.g.matrix; }},
    {OuterAlgorithm::kWinogradBlocks, winograd_blocks_apply},
    {OuterAlgorithm::kWinograd, winograd_applies},
    {OuterAlgorithm::kFewChannels, [](const OuterRequest& r) { return r.kernels().has_few_channels(r.g); }},
    {OuterAlgorithm::kOuter, [](const OuterRequest&) { return true; }},
};

template <class Candidates, class Gemm>
auto first_that_applies(const Candidates& candidates, const Request<Gemm>& request) {
  const auto* candidate = candidates;
  while (!candidate->applies(request)) ++candidate;
  return candidate->algorithm;
}

ScratchSize scratch_of(GatherAlgorithm algorithm, const GatherGroups& groups, const Kernels& kernels) {
  const GatherGemm& g = groups.first;
  switch (algorithm) {
    case GatherAlgorithm::kBf16Matrix:
      return bf16_matrix_scratch(g);
    case GatherAlgorithm::kBf16Windows:
      return bf16_windows_scratch(groups);
    case GatherAlgorithm::kDot:
      return {};
    case GatherAlgorithm::kMatrix:
      return {kernels.matrix_scratch(g), kernels.matrix_shared(g)};
    case GatherAlgorithm::kMatrixAcross:
      return {kernels.matrix_backward_scratch(g), 0};
    case GatherAlgorithm::kWinogradBlocks:
      return winograd_blocks_scratch(groups, kernels);
    case GatherAlgorithm::kWinograd:
      return winograd_scratch(groups, kernels);
    case GatherAlgorithm::kGather:
      return {kernels.gather_scratch(g), 0};
  }
  __builtin_unreachable();
}

size_t packed_bytes_of(GatherAlgorithm algorithm, const GatherGroups& groups, const Kernels& kernels) {
  switch (algorithm) {
    case GatherAlgorithm::kBf16Windows:
      return bf16_windows_packed_bytes(groups);
    case GatherAlgorithm::kWinogradBlocks:
      return winograd_blocks_packed_floats(groups, kernels) * sizeof(float);
    case GatherAlgorithm::kWinograd:
      return winograd_packed_floats(groups, kernels) * sizeof(float);
    case GatherAlgorithm::kBf16Matrix:
    case GatherAlgorithm::kDot:
    case GatherAlgorithm::kMatrix:
    case GatherAlgorithm::kMatrixAcross:
    case GatherAlgorithm::kGather:
      return 0;
  }
  __builtin_unreachable();
}

ScratchSize scratch_of(OuterAlgorithm algorithm, const OuterGroups& groups, const Kernels& kernels) {
  const OuterGemm& g = groups.first;
  switch (algorithm) {
    case OuterAlgorithm::kBf16:
      return bf16_outer_scratch(groups);
    case OuterAlgorithm::kMatrix:
      return {kernels.matrix_weights_scratch(g), 0};
    case OuterAlgorithm::kWinogradBlocks:
      return winograd_blocks_scratch(g, kernels);
    case OuterAlgorithm::kWinograd:
      return winograd_scratch(g, kernels);
    case OuterAlgorithm::kFewChannels:
      return {kernels.few_channels_scratch(g), kernels.few_channels_shared(g)};
    case OuterAlgorithm::kOuter:
      return {kernels.outer_scratch(g), 0};
  }
  __builtin_unreachable();
}

}  // namespace

GatherPlan plan_of(const GatherGroups& groups, Products products, const Processor& processor) {
  const auto algorithm =
      first_that_applies(kGatherCandidates, GatherRequest{groups.first, products, processor});
  return {groups, algorithm, scratch_of(algorithm, groups, processor.kernels),
          packed_bytes_of(algorithm, groups, processor.kernels)};
}

OuterPlan plan_of(const OuterGroups& groups, Products products, const Processor& processor) {
  const auto algorithm =
      first_that_applies(kOuterCandidates, OuterRequest{groups.first, products, processor});
  return {groups, algorithm, scratch_of(algorithm, groups, processor.kernels)};
}

}  // namespace alexnet::cpu
