// The update rule (paper, section 5), e a learning rate:
//   v <- momentum * v - decay * e * w - e * g,   w <- w + v,   copy <- w.
#pragma once

#include <optional>

#include "cuda/device/launch.h"
#include "cuda/primitives/access.h"

namespace alexnet::cuda {

// The rounding of each operation is explicit, so that every kernel that updates gives the same bits.
struct UpdateRule {
  float momentum, decay, rate;

  __device__ __forceinline__ UpdateRule(float momentum, double decay, float rate)
      : momentum(momentum), decay(static_cast<float>(decay * static_cast<double>(rate))), rate(rate) {}

  __device__ __forceinline__ void update(float& w, float& v, float g) const {
    v = fmaf(-rate, g, fmaf(-decay, w, momentum * v));
    w += v;
  }
};

// A copy of w, in float32 or bfloat16; data is null if there is none.
struct WeightCopy {
  void* data = nullptr;
  bool bfloat16 = false;

  // Stores element i and the following ones: a single one, or as many as are aligned at i.
  template <int kNumbers>
  __device__ __forceinline__ void store(int64_t i, const float (&w)[kNumbers]) const {
    if (data == nullptr) return;
    if (bfloat16)
      cuda::store(static_cast<Bfloat16*>(data) + i, w);
    else
      cuda::store(static_cast<float*>(data) + i, w);
  }
};

inline WeightCopy copy_of(const std::optional<Tensor>& copy, const Launch& on) {
  if (!copy) return {};
  return {on.data<void>(*copy), copy->dtype == DType::kBfloat16};
}

}  // namespace alexnet::cuda
