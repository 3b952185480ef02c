// The plan of a convolution's pass: its arithmetic, its loads, its tile. workspace() and run() both use it.
#pragma once

#include "cuda/convolution/geometry.h"
#include "cuda/convolution/kernels.cuh"

namespace alexnet::cuda {

inline Math math_of(DType dtype, Products products, const Card& card) {
  const bool tensor_cores = card.compute_capability >= 80;
  if (dtype == DType::kBfloat16) return tensor_cores ? Math::kBfloat16 : Math::kSimtBfloat16;
  return tensor_cores && products != Products::kFloat32 ? Math::kTf32 : Math::kSimt;
}

// Calls f.template operator()<math>().
template <class F>
auto with_math(Math math, F&& f) {
  switch (math) {
    case Math::kSimt:
      return f.template operator()<Math::kSimt>();
    case Math::kSimtBfloat16:
      return f.template operator()<Math::kSimtBfloat16>();
    case Math::kTf32:
      return f.template operator()<Math::kTf32>();
    default:
      return f.template operator()<Math::kBfloat16>();
  }
}

template <template <class> class Pass>
GemmPlan plan_pass(const GemmShape& shape, Math math, bool scalar, const Card& card) {
  return with_math(math, [&]<Math kMath>() {
    constexpr auto kPacks = tiles_of(typename CoresOf<kMath, Pass, false>::Type{});
    constexpr auto kScalar = tiles_of(typename CoresOf<kMath, Pass, true>::Type{});
    return plan_gemm(shape, scalar ? std::span<const GemmTile>(kScalar) : std::span<const GemmTile>(kPacks),
                     card);
  });
}

// Allocates pieces of a workspace, one after another.
class Pieces {
 public:
  size_t take(size_t bytes) {
    const size_t at = bytes_;
    bytes_ += (bytes + kAlignment - 1) / kAlignment * kAlignment;
    return at;
  }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_ = 0;
};

}  // namespace alexnet::cuda
