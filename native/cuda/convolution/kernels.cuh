// The kernels that exist: the operands of each pass of a convolution, and the tiles of each kind of
// arithmetic (Math). The .cu files named after an arithmetic instantiate them, so that they compile in
// parallel.
//
// The tiles are chosen for the paper's shapes. 128 x 128 and 128 x 256 fit most; 96 columns fit conv1's maps
// and half of conv4's and conv5's, 48 columns the maps of conv1 on one of two devices and of conv2's
// gradient. The gradient with respect to the weights has kernels as rows and taps as columns: 96 and 48 rows
// there. 64 x 64 is for small shapes. Operands that 16-byte accesses cannot read (channels or strides are no
// multiples of 16 bytes) are copied element by element into the same tiles.
#pragma once

#include <algorithm>
#include <array>

#include "cuda/gemm/kernel.cuh"
#include "cuda/gemm/mma.cuh"
#include "cuda/gemm/simt.cuh"

namespace alexnet::cuda {

enum class Math { kSimt, kSimtBfloat16, kTf32, kBfloat16 };

// A row is a pixel of an image, a column a channel; k is (tap, channel).
template <class T>
struct ForwardPass {
  using A = Windows<T>;
  using B = Kernels<T>;
  static constexpr Layout kLayoutA = Layout::kAlong, kLayoutB = Layout::kAlong;
};

// The same from dy to dx. ldmatrix transposes bfloat16 fragments of w as it loads them from shared memory;
// tf32 fragments are loaded word by word. So w is read in its own order.
template <class T>
struct DataPass {
  using A = Windows<T>;
  using B = TurnedKernels<T>;
  static constexpr Layout kLayoutA = Layout::kAlong, kLayoutB = Layout::kAcross;
};
// For strides other than 1: correct, but not fast, because no network here needs it.
template <class T>
struct SpreadDataPass {
  using A = SpreadWindows<T>;
  using B = TurnedKernels<T>;
  static constexpr Layout kLayoutA = Layout::kAlong, kLayoutB = Layout::kAcross;
};

// A row is a kernel, a column an element of it; k is a pixel of dy.
template <class T>
struct WeightsPass {
  using A = Pixels<T>;
  using B = Windows<T>;
  static constexpr Layout kLayoutA = Layout::kAcross, kLayoutB = Layout::kAcross;
};

template <class... Core>
struct Cores {
  static constexpr int kCount = sizeof...(Core);
};

template <Math kMath, template <class> class Pass, bool kScalar>
struct CoresOf;

template <class T, Layout kA, Layout kB>
struct TensorCores {
  using Small = MmaCore<T, 64, 64, 32, 32, kA, kB, 4, 4>;
  using Scalar = MmaCore<T, 64, 64, 32, 32, kA, kB, 4, 2>;  // more registers, for more index arithmetic
  using Pixels =
      Cores<MmaCore<T, 128, 256, 64, 64, kA, kB, 4, 1>, MmaCore<T, 128, 128, 64, 64, kA, kB, 4, 2>,
            MmaCore<T, 128, 96, 64, 48, kA, kB, 4, 2>, MmaCore<T, 256, 48, 64, 48, kA, kB, 4, 2>, Small>;
  using Weights =
      Cores<MmaCore<T, 128, 256, 64, 64, kA, kB, 4, 1>, MmaCore<T, 128, 128, 64, 64, kA, kB, 4, 2>,
            MmaCore<T, 96, 128, 48, 64, kA, kB, 4, 2>, MmaCore<T, 48, 256, 48, 64, kA, kB, 4, 2>, Small>;
};

template <class T, template <class> class Pass>
struct TensorCoresOf {
  using List = TensorCores<T, Pass<T>::kLayoutA, Pass<T>::kLayoutB>;
  using Type =
      std::conditional_t<Pass<T>::kLayoutA == Layout::kAlong, typename List::Pixels, typename List::Weights>;
};

template <template <class> class Pass>
struct CoresOf<Math::kBfloat16, Pass, false> : TensorCoresOf<Bfloat16, Pass> {};
template <template <class> class Pass>
struct CoresOf<Math::kTf32, Pass, false> : TensorCoresOf<float, Pass> {};
template <template <class> class Pass>
struct CoresOf<Math::kBfloat16, Pass, true> {
  using Type =
      Cores<typename TensorCores<Bfloat16, Pass<Bfloat16>::kLayoutA, Pass<Bfloat16>::kLayoutB>::Scalar>;
};
template <template <class> class Pass>
struct CoresOf<Math::kTf32, Pass, true> {
  using Type = Cores<typename TensorCores<float, Pass<float>::kLayoutA, Pass<float>::kLayoutB>::Scalar>;
};
template <template <class> class Pass>
struct CoresOf<Math::kSimt, Pass, false> {
  static constexpr Layout kA = Pass<float>::kLayoutA, kB = Pass<float>::kLayoutB;
  using Type = Cores<SimtCore<float, 128, 128, kA, kB>, SimtCore<float, 64, 64, kA, kB>>;
};
template <template <class> class Pass>
struct CoresOf<Math::kSimt, Pass, true> {
  using Type = Cores<SimtCore<float, 64, 64, Pass<float>::kLayoutA, Pass<float>::kLayoutB>>;
};
template <template <class> class Pass, bool kScalar>
struct CoresOf<Math::kSimtBfloat16, Pass, kScalar> {
  using Type = Cores<SimtCore<Bfloat16, 64, 64, Pass<Bfloat16>::kLayoutA, Pass<Bfloat16>::kLayoutB>>;
};

template <Math kMath>
using NumberOf =
    std::conditional_t<kMath == Math::kBfloat16 || kMath == Math::kSimtBfloat16, Bfloat16, float>;

// A step takes as long as the slowest of three: the products (mma.sync does about 1000 bfloat16 or 500 tf32
// multiply-adds a cycle on an H200, ordinary arithmetic 128), the second-level cache (32 bytes a cycle), and
// shared memory (128 bytes a cycle: each tile is written once and read by every warp that needs it). These
// are estimates, good enough to compare tiles; they have to be measured on a GPU.
template <class Core>
constexpr GemmTile tile_of() {
  constexpr double kArea = double{Core::kM} * Core::kN, kSides = Core::kM + Core::kN;
  constexpr double kWarps = kArea / (Core::kWarpM * Core::kWarpN), kWarpSides = Core::kWarpM + Core::kWarpN;
  constexpr double kProducts = Core::kTensorCores ? kArea / 30 : kArea * Core::kK / 128;
  constexpr double kFetch = kSides * 64 / 32, kShared = (kSides + kWarps * kWarpSides) * 64 / 128;
  return {Core::kM,
          Core::kN,
          Core::kK,
          Core::kBlocks,
          shared_bytes<Core>(),
          std::max({kProducts, kFetch, kShared})};
}

template <class... Core>
constexpr std::array<GemmTile, sizeof...(Core)> tiles_of(Cores<Core...>) {
  return {tile_of<Core>()...};
}

// Queues the product of `Pass` in kMath. The .cu files named after an arithmetic instantiate it.
template <Math kMath, template <class> class Pass>
void launch_pass(const GemmPlan& plan, bool scalar, const typename Pass<NumberOf<kMath>>::A& a,
                 const typename Pass<NumberOf<kMath>>::B& b, const Output& output, cudaStream_t stream);

}  // namespace alexnet::cuda
