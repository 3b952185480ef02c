// Activation, dropout's mask (paper, section 4.2) and scale, element by element. The result may overwrite x
// or dy.
// Memory traffic: each operand once. Operands are dense and begin at multiples of 64 bytes. So an operand of
// any shape is one row of packs of 16 bytes and a few last elements. A thread has kPacks packs in flight at
// once.
#include "cuda/device/dispatch.h"
#include "cuda/device/ops.h"
#include "cuda/elementwise/activation.h"
#include "cuda/primitives/access.h"
#include "cuda/primitives/philox.h"

namespace alexnet::cuda {
namespace {

template <class T, int kInputs>
struct Inputs {
  const T* at[kInputs];
};

// For each element: out = f(in...). f(v, i) takes kCount elements of every input, from element i on, and
// writes its results to v[0].
template <class T, int kInputs, class F>
__global__ void __launch_bounds__(kThreads) each_kernel(Inputs<T, kInputs> in, T* out, int64_t count, F f) {
  constexpr int kCount = Pack<T>::kCount, kPacks = 4 / kInputs;
  const int64_t packs = count / kCount, step = int64_t{gridDim.x} * kThreads;
  const int64_t first = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  f.prepare();
  for (int64_t i = first; i < packs; i += kPacks * step) {
    float v[kPacks][kInputs][kCount];
#pragma unroll
    for (int p = 0; p < kPacks; ++p)
#pragma unroll
      for (int k = 0; k < kInputs; ++k)
        if (i + p * step < packs) load(in.at[k] + (i + p * step) * kCount, v[p][k]);
#pragma unroll
    for (int p = 0; p < kPacks; ++p)
      if (i + p * step < packs) {
        f(v[p], (i + p * step) * kCount);
        store(out + (i + p * step) * kCount, v[p][0]);
      }
  }
  if (const int64_t i = packs * kCount + first; i < count) {
    float v[kInputs][1];
#pragma unroll
    for (int k = 0; k < kInputs; ++k) v[k][0] = to_float(in.at[k][i]);
    f(v, i);
    out[i] = from_float<T>(v[0][0]);
  }
}

template <Activation kActivation>
struct Activate {
  __device__ __forceinline__ void prepare() {}
  template <int kCount>
  __device__ __forceinline__ void operator()(float (&v)[1][kCount], int64_t) const {
#pragma unroll
    for (int i = 0; i < kCount; ++i) v[0][i] = activate<kActivation>(v[0][i]);
  }
};

struct Multiply {
  float factor;
  __device__ __forceinline__ void prepare() {}
  template <int kCount>
  __device__ __forceinline__ void operator()(float (&v)[1][kCount], int64_t) const {
#pragma unroll
    for (int i = 0; i < kCount; ++i) v[0][i] *= factor;
  }
};

// The mask of a tensor that may be a part of a layer: maps the tensor's elements to the layer's units.
// kFours: every four elements begin at a multiple of four units and lie in one pixel, so that one block of
// Philox covers them.
template <bool kFours>
struct Mask {
  DropoutKey key;
  int64_t channels;  // the tensor's own
  const uint32_t* number;
  uint32_t step;

  __device__ __forceinline__ void prepare() { step = *number; }

  __device__ __forceinline__ uint64_t unit(int64_t i) const {
    if (channels == key.channels) return static_cast<uint64_t>(i);
    const int64_t pixel = i / channels;
    return key.index(pixel, i - pixel * channels);
  }

  template <int kCount>
  __device__ __forceinline__ void operator()(float (&v)[1][kCount], int64_t first) const {
    apply(v[0], first);
  }
  template <int kCount>
  __device__ __forceinline__ void apply(float (&v)[kCount], int64_t first) const {
    if constexpr (kFours && kCount % 4 == 0) {
      const uint64_t block = unit(first) / 4;
#pragma unroll
      for (int b = 0; b < kCount / 4; ++b) {
        uint32_t words[4];
        random_block(key.seed, key.stream, step, block + b, words);
#pragma unroll
        for (int i = 0; i < 4; ++i) v[4 * b + i] = words[i] < key.threshold ? 0 : v[4 * b + i];
      }
    } else {
#pragma unroll
      for (int i = 0; i < kCount; ++i)
        if (random_word(key.seed, key.stream, step, unit(first + i)) < key.threshold) v[i] = 0;
    }
  }
};

// v[0]: dy; v[1]: y.
template <Activation kActivation>
struct Back {
  __device__ __forceinline__ void prepare() {}
  template <int kCount>
  __device__ __forceinline__ void operator()(float (&v)[2][kCount], int64_t) const {
#pragma unroll
    for (int i = 0; i < kCount; ++i) v[0][i] = through<kActivation>(v[1][i], v[0][i]);
  }
};

template <Activation kActivation, bool kFours>
struct MaskedBack {
  Back<kActivation> back;
  Mask<kFours> mask;
  __device__ __forceinline__ void prepare() { mask.prepare(); }
  template <int kCount>
  __device__ __forceinline__ void operator()(float (&v)[2][kCount], int64_t first) const {
    back(v, first);
    mask.apply(v[0], first);
  }
};

template <int kInputs, class F>
void each(const std::array<const Tensor*, kInputs>& inputs, const Tensor& out, const Launch& on, const F& f) {
  with_type(out.dtype, [&](auto zero) {
    using T = decltype(zero);
    Inputs<T, kInputs> in;
    for (int k = 0; k < kInputs; ++k) in.at[k] = on.data<const T>(*inputs[static_cast<size_t>(k)]);
    launch(each_kernel<T, kInputs, F>, grid_for(out.count() / Pack<T>::kCount, on.card), kThreads, 0,
           on.stream, in, on.data<T>(out), out.count(), f);
  });
}

// Calls f with the mask of `dropout` for a tensor.
template <class F>
void with_mask(const Dropout& dropout, const Tensor& tensor, const Launch& on, F&& f) {
  const DropoutKey key = dropout_key(dropout);
  const int64_t channels = tensor.c(), pack = tensor.dtype == DType::kBfloat16 ? 8 : 4;
  const bool fours = channels == dropout.channels ||
                     (channels % pack == 0 && dropout.channels % 4 == 0 && dropout.channel_offset % 4 == 0);
  if (fours)
    f(Mask<true>{key, channels, on.step.number, 0});
  else
    f(Mask<false>{key, channels, on.step.number, 0});
}

}  // namespace

void run(const ActivationForward& op, const Launch& on) {
  with_activation(op.activation,
                  [&]<Activation kActivation>() { each<1>({&op.x}, op.y, on, Activate<kActivation>{}); });
}

void run(const ActivationBackward& op, const Launch& on) {
  const std::array<const Tensor*, 2> inputs{&op.dy, &op.y};
  with_activation(op.activation, [&]<Activation kActivation>() {
    // relu's output is positive only where the mask kept it.
    if constexpr (kActivation != Activation::kRelu)
      if (op.dropout) {
        with_mask(*op.dropout, op.dx, on, [&]<bool kFours>(const Mask<kFours>& mask) {
          each<2>(inputs, op.dx, on, MaskedBack<kActivation, kFours>{{}, mask});
        });
        return;
      }
    each<2>(inputs, op.dx, on, Back<kActivation>{});
  });
}

void run(const DropoutMask& op, const Launch& on) {
  with_mask(op.dropout, op.y, on, [&](const auto& mask) { each<1>({&op.x}, op.y, on, mask); });
}

void run(const Scale& op, const Launch& on) {
  each<1>({&op.x}, op.y, on, Multiply{static_cast<float>(op.factor)});
}

}  // namespace alexnet::cuda
