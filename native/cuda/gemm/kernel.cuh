// The kernel of all matrix products except Hopper's (wgmma.cuh): operands (operand.cuh) x arithmetic core
// (mma.cuh, simt.cuh) x output (output.cuh). Each pass of a convolution is an instance; groups and parts of k
// are blocks of one launch.
#pragma once

#include "cuda/device/launch.h"
#include "cuda/gemm/output.cuh"
#include "cuda/gemm/plan.h"
#include "cuda/gemm/tile.cuh"

namespace alexnet::cuda {

// Which tile a block computes: columns vary fastest, so that neighbouring blocks read the same rows of A, the
// convolutions' larger operand, while these are in the second-level cache.
struct GemmGrid {
  int m_tiles = 1, n_tiles = 1, groups = 1, splits = 1;
  int k = 0, k_a_split = 0;  // a multiple of the core's step
};

template <class Core>
inline constexpr int kStagingPitch = Core::kN + 8;  // in floats; rows of a warp's stores begin 8 banks apart

template <class Core>
constexpr int shared_bytes() {
  constexpr int staging = Core::kPassRows * kStagingPitch<Core> * 4;
  return Core::kPipelineBytes > staging ? Core::kPipelineBytes : staging;
}

// Writes the block's sums through shared memory, one pass of rows at a time, so that the output is written in
// whole cache lines, and the code that writes it exists only once. A thread has four columns, and every
// kRowsAtATime-th row of a pass.
template <class Core, int kAhead>
__device__ __forceinline__ void write_sums(const Core& core, const typename Core::Sums& sums, float* staging,
                                           const Output& output, int split, int group, int m0, int n0) {
  constexpr int kPitch = kStagingPitch<Core>, kFours = Core::kN / 4, kRowsAtATime = Core::kThreads / kFours;
  const int thread = static_cast<int>(threadIdx.x);
  const int first = thread / kFours, column = thread % kFours * 4;
  const bool works = first < kRowsAtATime && n0 + column < output.columns;
  const Output::Columns columns =
      works && output.parts == nullptr ? output.columns_at(group, n0 + column) : Output::Columns{};
#pragma unroll 1
  for (int pass = 0; pass < Core::kPasses; ++pass) {
    if (core.in_pass(pass))
      core.each(sums, [&](int row, int at, auto numbers) {
        *reinterpret_cast<decltype(numbers)*>(staging + row * kPitch + at) = numbers;
      });
    __syncthreads();
    const int m = m0 + pass * Core::kPassRows;
    const int rows = output.rows - m < Core::kPassRows ? output.rows - m : Core::kPassRows;
    write_rows<kAhead>(
        output, columns, split, group, m, n0 + column, first, kRowsAtATime, works ? rows : 0,
        [&](int row) { return *reinterpret_cast<const float4*>(staging + row * kPitch + column); });
    __syncthreads();
  }
}

// Below 9.0 ptxas cannot fit ordinary arithmetic with 64 sums a thread into 128 registers; with two of its
// blocks on a multiprocessor it would spill.
template <class Core>
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 900
inline constexpr int kLeastBlocks = Core::kTensorCores ? Core::kBlocks : 1;
#else
inline constexpr int kLeastBlocks = Core::kBlocks;
#endif

// The core of ordinary arithmetic has registers left for only one row's weights.
template <class Core, class A>
inline constexpr int kUpdatedAhead = !kMayUpdate<A>       ? 0
                                     : Core::kTensorCores ? 4
                                                          : 1;

template <class Core, class A, class B, bool kScalar>
__global__ void __launch_bounds__(Core::kThreads, kLeastBlocks<Core>)
    gemm(A a, B b, GemmGrid grid, Output output) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
  if constexpr (Core::kTensorCores)
    return __trap();
  else
#endif
  {
    ALEXNET_DYNAMIC_SHARED(shared);
    int block = static_cast<int>(blockIdx.x);
    const int n0 = block % grid.n_tiles * Core::kN;
    block /= grid.n_tiles;
    const int m0 = block % grid.m_tiles * Core::kM;
    block /= grid.m_tiles;
    const int group = block % grid.groups, split = block / grid.groups;
    const int k = split * grid.k_a_split;
    const int k_end = grid.k - k < grid.k_a_split ? grid.k : k + grid.k_a_split;
    a.data += group * a.group_step;
    b.data += group * b.group_step;

    const int thread = static_cast<int>(threadIdx.x);
    const CopierOf<Core, A, typename Core::TileA, typename Core::OrderA, Core::kLayoutA, kScalar> copy_a(
        a, m0, k_end, thread);
    const CopierOf<Core, B, typename Core::TileB, typename Core::OrderB, Core::kLayoutB, kScalar> copy_b(
        b, n0, k_end, thread);
    const Core core(thread);
    typename Core::Sums sums = {};
    core.run(copy_a, copy_b, k, (k_end - k + Core::kK - 1) / Core::kK, shared, sums);
    write_sums<Core, kUpdatedAhead<Core, A>>(core, sums, reinterpret_cast<float*>(shared), output, split,
                                             group, m0, n0);
  }
}

template <class Core, class A, class B, bool kScalar>
void launch_gemm(const GemmPlan& plan, const A& a, const B& b, const Output& output, cudaStream_t stream) {
  constexpr int kBytes = shared_bytes<Core>();
  const auto kernel = gemm<Core, A, B, kScalar>;
  if constexpr (kBytes > 48 * 1024)
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes),
          "giving a kernel its shared memory");
  GemmGrid grid;
  grid.m_tiles = (output.rows + Core::kM - 1) / Core::kM;
  grid.n_tiles = (output.columns + Core::kN - 1) / Core::kN;
  grid.groups = output.groups, grid.splits = plan.splits;
  grid.k = plan.k, grid.k_a_split = plan.steps_a_split * Core::kK;
  const int64_t blocks = int64_t{grid.m_tiles} * grid.n_tiles * grid.groups * grid.splits;
  launch(kernel, dim3(static_cast<unsigned>(blocks)), dim3(Core::kThreads), kBytes, stream, a, b, grid,
         output);
}

}  // namespace alexnet::cuda
