// Which kernels there are: for each pass of a convolution its operands, for each math its tiles. The .cu
// files that end in a math instantiate them, so that they compile side by side.
//
// Tiles are chosen for the paper's shapes. 128 x 128 and 128 x 256 for most; 96 columns are conv1's maps and
// half of conv4's and conv5's, 48 the maps of conv1 on one of two devices and of conv2's gradient. The
// gradient of the weights has kernels as rows and taps as columns: 96 and 48 rows there. 64 x 64 serves what
// is small. Operands that 16-byte accesses cannot read (channels or strides no multiples of 16 bytes) go
// number by number into the same tiles.
#pragma once

#include <algorithm>
#include <array>

#include "cuda/gemm/kernel.cuh"
#include "cuda/gemm/mma.cuh"
#include "cuda/gemm/simt.cuh"

namespace alexnet::cuda {

enum class Math { kSimt, kSimtBfloat16, kTf32, kBfloat16 };

// One image's pixel a row, one channel a column; k is (tap, channel).
template <class T>
struct ForwardPass {
  using A = Windows<T>;
  using B = Kernels<T>;
  static constexpr Layout kLayoutA = Layout::kAlong, kLayoutB = Layout::kAlong;
};

// The same from dy to dx. bfloat16 fragments of w come transposed out of shared memory by ldmatrix and tf32's
// word by word: w is read as it is.
template <class T>
struct DataPass {
  using A = Windows<T>;
  using B = TurnedKernels<T>;
  static constexpr Layout kLayoutA = Layout::kAlong, kLayoutB = Layout::kAcross;
};
// Where the stride is not 1: right, not fast, for no network here asks for it.
template <class T>
struct SpreadDataPass {
  using A = SpreadWindows<T>;
  using B = TurnedKernels<T>;
  static constexpr Layout kLayoutA = Layout::kAlong, kLayoutB = Layout::kAcross;
};

// A kernel a row, a number of it a column; k is a pixel of dy.
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

// A step's time is that of the slowest: products (mma.sync does about 1000 bfloat16 or 500 tf32 multiply-adds
// a cycle on H200, ordinary arithmetic 128), what the second-level cache delivers (32 bytes a cycle), what
// shared memory does (128: each tile is written once and read by every warp that needs it). Estimates, good
// enough to compare tiles; to be measured on a card.
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

// Queues the product of `Pass` in kMath. The .cu files that end in a math hold what they instantiate of it.
template <Math kMath, template <class> class Pass>
void launch_pass(const GemmPlan& plan, bool scalar, const typename Pass<NumberOf<kMath>>::A& a,
                 const typename Pass<NumberOf<kMath>>::B& b, const Output& output, cudaStream_t stream);

}  // namespace alexnet::cuda
