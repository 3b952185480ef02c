// Matrix products on Hopper GPUs: TMA (Tensor Memory Accelerator) fills stages of shared memory, and
// warpgroups multiply from there (wgmma). The products are those of kernel.cuh.
//
// A block is three warpgroups and stays on its multiprocessor for many tiles of the output (persistent). In
// the first warpgroup one thread issues the loads, as many stages ahead as there is room, also across tiles,
// so that loads continue while results are written. The other two multiply, half of the tile's rows each, and
// keep one step's products in flight while they issue the next one's. Barriers are in shared memory: a stage
// is full when its bytes have arrived, and empty when both warpgroups have multiplied it.
//
// A step is 64 of k: 128 bytes, the width of the widest swizzle. If a tap has at most 48 channels, only three
// of a step's four products of 16 are computed. Operands are read in place: pixels under a tap by TMA's
// im2col mode, kernels as a tensor (channel, tap, kernel). Operands whose k runs across their rows in memory
// keep that layout in shared memory: wgmma reads bfloat16 either way.
//
//   pass     rows     columns        k                 A along k  B along k
//   forward  outputs  kernels        tap, channel      yes        yes
//   data     inputs   channels       tap, kernel       yes        no
//   weights  kernels  tap, channel   outputs           no         no
#pragma once

#include "cuda/convolution/wgmma_operands.h"
#include "cuda/device/card.h"
#include "cuda/device/launch.h"
#include "cuda/gemm/output.cuh"
#include "cuda/gemm/plan.h"
#include "cuda/primitives/divisor.h"
#include "cuda/primitives/wgmma.h"

namespace alexnet::cuda {

enum class WgmmaPass { kForward, kData, kWeights };

inline constexpr int kWgmmaStep = 64, kStepRowBytes = 128;
inline constexpr int kBoxBytes = 64 * kStepRowBytes;  // 64 of k across 64 rows or columns
inline constexpr int kWarpgroup = 128, kMultipliers = 2;

// A tile of kMultipliers * kRowTiles * 64 rows and kN columns; kProducts products of 16 of k are computed in
// a step.
template <WgmmaPass kPass_, int kRowTiles_, int kN_, int kProducts_ = 4>
struct WgmmaTile {
  static constexpr WgmmaPass kPass = kPass_;
  static constexpr int kRowTiles = kRowTiles_, kN = kN_, kProducts = kProducts_;
  static constexpr int kM = kMultipliers * kRowTiles * 64;
  static constexpr bool kAcrossA = kPass == WgmmaPass::kWeights, kAcrossB = kPass != WgmmaPass::kForward;
  // Columns of the gradient with respect to the weights are loaded in boxes, each of one tap's channels.
  static constexpr int kBoxColumns = kPass == WgmmaPass::kWeights && kN % 64 != 0 ? 48 : 64;
  static constexpr int kBoxes = (kN + kBoxColumns - 1) / kBoxColumns;
  static constexpr int kInstructionColumns = kBoxColumns == 64 ? kN : kBoxColumns;
  static constexpr int kInstructions = kN / kInstructionColumns;
  static_assert(kInstructions * kInstructionColumns == kN);

  static constexpr int kBytesOfA = kM * kStepRowBytes;
  static constexpr int kBytesOfB = kAcrossB ? kBoxes * kBoxBytes : kN * kStepRowBytes;
  static constexpr int kStageBytes = kBytesOfA + kBytesOfB;
  static_assert(kStageBytes % 1024 == 0);

  // Results are written through shared memory, 16 rows x kChunk columns of a warp at a time.
  static constexpr int kChunk = kN % 64 == 0 ? 64 : 48, kChunks = kN / kChunk, kStagingPitch = 64;
  static constexpr int kStagingFloats = 16 * kStagingPitch;
  static constexpr int kStagingBytes = kMultipliers * 4 * kStagingFloats * 4;

  static constexpr int kSharedMost = 227 * 1024, kAlignment = 1024, kBarrierBytes = 256;
  static constexpr int kRoom = (kSharedMost - kAlignment - kStagingBytes - kBarrierBytes) / kStageBytes;
  static constexpr int kStages = kRoom < 8 ? kRoom : 8;
  static_assert(kStages >= 3);
  static constexpr int kSharedBytes = kAlignment + kStages * kStageBytes + kStagingBytes + kBarrierBytes;

  using Sums = float[kRowTiles][kInstructions][kInstructionColumns / 2];
};

struct WgmmaOperands {
  CUtensorMap a[kMostWgmmaGroups], b[kMostWgmmaGroups];  // of each group
  // The windows that number the rows (in the gradient with respect to the weights: k), and where the first
  // one begins.
  Divisor windows_an_image, windows_a_row;
  int stride = 1, top = 0, left = 0;
  Divisor window_columns, blocks_a_tap;  // blocks of 64 of k; in the weights' gradient: boxes of columns
  int taps = 1;
};

struct WgmmaGrid {
  Divisor n_tiles, m_tiles, groups;
  int tiles = 0;  // in total, including the parts of k
  int steps = 0, steps_a_split = 0;
};

namespace wgmma {

struct TileAt {
  int m0, n0, group, split, first, end;  // steps [first, end)
};

// Columns vary fastest, as in kernel.cuh.
template <class Tile>
__device__ __forceinline__ TileAt tile_at(const WgmmaGrid& grid, int number) {
  TileAt at;
  int rest = number;
  const int above = grid.n_tiles.split(rest);
  at.n0 = rest * Tile::kN;
  rest = above;
  const int above_rows = grid.m_tiles.split(rest);
  at.m0 = rest * Tile::kM;
  rest = above_rows;
  at.split = grid.groups.split(rest);
  at.group = rest;
  at.first = at.split * grid.steps_a_split;
  at.end = grid.steps - at.first < grid.steps_a_split ? grid.steps : at.first + grid.steps_a_split;
  return at;
}

// Which stage is next, and the parity of how often all stages have been used.
template <int kStages>
struct StageCounter {
  int stage = 0, parity = 0;
  __device__ __forceinline__ void next() {
    if (++stage < kStages) return;
    stage = 0, parity ^= 1;
  }
};

__device__ __forceinline__ Place window(const WgmmaOperands& operands, int number) {
  Place place;
  place.image = operands.windows_an_image.split(number);
  place.row = operands.windows_a_row.split(number), place.column = number;
  return place;
}

__device__ __forceinline__ Place first_pixel(const WgmmaOperands& operands, const Place& window) {
  return {window.image, window.row * operands.stride - operands.top,
          window.column * operands.stride - operands.left};
}

// Issues a step's loads; called by one thread.
template <class Tile>
struct Loader {
  const WgmmaOperands& operands;

  __device__ __forceinline__ void load(const TileAt& at, const Place& row, int step, unsigned char* stage,
                                       Barrier* full) const {
    unsigned char* const to_b = stage + Tile::kBytesOfA;
    const CUtensorMap &a = operands.a[at.group], &b = operands.b[at.group];
    if constexpr (Tile::kPass == WgmmaPass::kWeights) {
      const Place output = window(operands, step * kWgmmaStep);
#pragma unroll
      for (int i = 0; i < Tile::kM / 64; ++i)
        load_pixels(stage + i * kBoxBytes, a, full, at.m0 + i * 64, output, 0, 0);
      const Place pixel = first_pixel(operands, output);
#pragma unroll
      for (int i = 0; i < Tile::kBoxes; ++i) {
        int block = at.n0 / Tile::kBoxColumns + i;
        const int tap = operands.blocks_a_tap.split(block);
        const int channel = block * Tile::kBoxColumns;
        if (tap < operands.taps)
          load_tap(to_b + i * kBoxBytes, b, full, channel, pixel, tap);
        else  // past the last: the barrier waits for a whole stage, so load zeros before the first channel
          load_tap(to_b + i * kBoxBytes, b, full, -64, pixel, 0);
      }
    } else {
      int block = step;
      const int tap = operands.blocks_a_tap.split(block);
      // The gradient's windows begin at the last tap.
      load_tap(stage, a, full, block * kWgmmaStep, row,
               Tile::kPass == WgmmaPass::kData ? operands.taps - 1 - tap : tap);
      if constexpr (Tile::kPass == WgmmaPass::kForward) {
        load_box(to_b, b, full, block * kWgmmaStep, tap, at.n0);
      } else {
#pragma unroll
        for (int i = 0; i < Tile::kBoxes; ++i)
          load_box(to_b + i * kBoxBytes, b, full, at.n0 + i * 64, tap, block * kWgmmaStep);
      }
    }
  }

 private:
  __device__ __forceinline__ void load_tap(void* to, const CUtensorMap& map, Barrier* full, int channel,
                                           const Place& pixel, int tap) const {
    const int tap_row = operands.window_columns.split(tap);
    load_pixels(to, map, full, channel, pixel, tap_row, tap);
  }
};

template <class Tile>
__device__ __forceinline__ void multiply_stage(const unsigned char* stage, int multiplier, bool first_step,
                                               typename Tile::Sums& sums) {
  const unsigned char* const b = stage + Tile::kBytesOfA;
#pragma unroll
  for (int product = 0; product < Tile::kProducts; ++product) {
    const bool adds = product > 0 || !first_step;
    // 16 of k are 32 bytes of every row, or 16 rows.
    const int along = product * 32, across = product * 16 * kStepRowBytes;
#pragma unroll
    for (int i = 0; i < Tile::kRowTiles; ++i) {
      const int rows = (multiplier * Tile::kRowTiles + i) * kBoxBytes;
      const uint64_t of_a = operand_at(stage + rows + (Tile::kAcrossA ? across : along), kBoxBytes);
#pragma unroll
      for (int j = 0; j < Tile::kInstructions; ++j)
        multiply_add<Tile::kInstructionColumns, Tile::kAcrossA, Tile::kAcrossB>(
            sums[i][j], of_a, operand_at(b + j * kBoxBytes + (Tile::kAcrossB ? across : along), kBoxBytes),
            adds);
    }
  }
}

// Writes a warp's sums, one chunk at a time, through its part of shared memory, so that whole cache lines are
// written and the code exists only once. Rows of the chunk are 64 floats apart; the groups of eight floats in
// a row are permuted so that those of four rows lie in four different quarters of the banks.
template <class Tile>
__device__ __forceinline__ void write_tile(const typename Tile::Sums& sums, float* staging,
                                           const Output& output, const TileAt& at, int multiplier) {
  constexpr int kFours = Tile::kChunk / 4, kRowsAtATime = 32 / kFours, kEights = Tile::kChunk / 8;
  const int thread = static_cast<int>(threadIdx.x) % kWarpgroup, lane = thread % 32;
  const int first = lane / kFours, column = lane % kFours * 4;
  const auto place = [staging](int row, int c) {
    return staging + row * Tile::kStagingPitch + (c ^ (row & 3) << 3);
  };
#pragma unroll 1
  for (int pass = 0; pass < Tile::kRowTiles * Tile::kChunks; ++pass) {
#pragma unroll
    for (int p = 0; p < Tile::kRowTiles * Tile::kChunks; ++p) {
      if (p != pass) continue;
#pragma unroll
      for (int j = 0; j < kEights; ++j) {
        const int eight = p % Tile::kChunks * kEights + j;
        constexpr int kInInstruction = Tile::kInstructionColumns / 8;
        const auto& part = sums[p / Tile::kChunks][eight / kInInstruction];
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int i = eight % kInInstruction * 4 + half * 2;
          *reinterpret_cast<float2*>(place(half * 8 + lane / 4, j * 8 + lane % 4 * 2)) = {part[i],
                                                                                          part[i + 1]};
        }
      }
    }
    __syncwarp();
    const int m = at.m0 + (multiplier * Tile::kRowTiles + pass / Tile::kChunks) * 64 + thread / 32 * 16;
    const int n = at.n0 + pass % Tile::kChunks * Tile::kChunk + column;
    const int rows = output.rows - m < 16 ? output.rows - m : 16;
    const int end = first < kRowsAtATime && n < output.columns ? rows : 0;
    const Output::Columns columns =
        n < output.columns && output.parts == nullptr ? output.columns_at(at.group, n) : Output::Columns{};
    write_rows<Tile::kPass == WgmmaPass::kWeights ? 4 : 0>(
        output, columns, at.split, at.group, m, n, first, kRowsAtATime, end,
        [&](int row) { return *reinterpret_cast<const float4*>(place(row, column)); });
    __syncwarp();
  }
}

template <class Tile>
__device__ __forceinline__ void load_tiles(const WgmmaOperands& operands, const WgmmaGrid& grid,
                                           unsigned char* stages, Barrier* full, Barrier* empty) {
  const Loader<Tile> loader{operands};
  StageCounter<Tile::kStages> counter;
#pragma unroll 1
  for (int number = static_cast<int>(blockIdx.x); number < grid.tiles;
       number += static_cast<int>(gridDim.x)) {
    const TileAt at = tile_at<Tile>(grid, number);
    const Place row =
        Tile::kPass == WgmmaPass::kWeights ? Place{} : first_pixel(operands, window(operands, at.m0));
#pragma unroll 1
    for (int step = at.first; step < at.end; ++step, counter.next()) {
      wait(&empty[counter.stage], counter.parity ^ 1);
      arrive_expecting(&full[counter.stage], Tile::kStageBytes);
      loader.load(at, row, step, stages + counter.stage * Tile::kStageBytes, &full[counter.stage]);
    }
  }
}

template <class Tile>
__device__ __forceinline__ void multiply_tiles(const WgmmaGrid& grid, const Output& output, int multiplier,
                                               unsigned char* stages, Barrier* full, Barrier* empty) {
  const int thread = static_cast<int>(threadIdx.x) % kWarpgroup;
  float* const staging = reinterpret_cast<float*>(stages + Tile::kStages * Tile::kStageBytes) +
                         (multiplier * 4 + thread / 32) * Tile::kStagingFloats;
  StageCounter<Tile::kStages> counter;
#pragma unroll 1
  for (int number = static_cast<int>(blockIdx.x); number < grid.tiles;
       number += static_cast<int>(gridDim.x)) {
    const TileAt at = tile_at<Tile>(grid, number);
    typename Tile::Sums sums;
    int before = 0;
#pragma unroll 1
    for (int step = at.first; step < at.end; ++step, counter.next()) {
      wait(&full[counter.stage], counter.parity);
      begin_products();
      multiply_stage<Tile>(stages + counter.stage * Tile::kStageBytes, multiplier, step == at.first, sums);
      commit_products();
      wait_for_products<1>();
      if (step > at.first && thread == 0) arrive(&empty[before]);
      before = counter.stage;
    }
    wait_for_products<0>();
    if (thread == 0) arrive(&empty[before]);
    write_tile<Tile>(sums, staging, output, at, multiplier);
  }
}

template <class Tile>
__global__ void __launch_bounds__((1 + kMultipliers) * kWarpgroup, 1)
    product(const __grid_constant__ WgmmaOperands operands, const __grid_constant__ WgmmaGrid grid,
            const __grid_constant__ Output output) {
#if defined(__CUDA_ARCH__) && !defined(ALEXNET_HOPPER)
  __trap();
#else
  ALEXNET_DYNAMIC_SHARED(shared);
  unsigned char* const stages =
      shared + (Tile::kAlignment - __cvta_generic_to_shared(shared) % Tile::kAlignment) % Tile::kAlignment;
  Barrier* const full =
      reinterpret_cast<Barrier*>(stages + Tile::kStages * Tile::kStageBytes + Tile::kStagingBytes);
  Barrier* const empty = full + Tile::kStages;
  if (threadIdx.x == 0) {
    for (int i = 0; i < Tile::kStages; ++i) initialise(&full[i], 1), initialise(&empty[i], kMultipliers);
    publish_barriers();
  }
  __syncthreads();
  const int warpgroup = static_cast<int>(threadIdx.x) / kWarpgroup;
  if (warpgroup == 0) {
    give_up_registers<40>();
    if (threadIdx.x == 0) load_tiles<Tile>(operands, grid, stages, full, empty);
  } else {
    take_registers<232>();
    multiply_tiles<Tile>(grid, output, warpgroup - 1, stages, full, empty);
  }
#endif
}

}  // namespace wgmma

// Cycles of a step: the products (2048 multiply-adds a cycle), or the second-level cache's loads for one
// multiprocessor while all load (about 40 bytes a cycle). These are estimates, good enough to compare tiles;
// they have to be measured on a GPU.
template <class Tile>
constexpr GemmTile wgmma_tile() {
  constexpr double kMultiplyAdds = double{Tile::kM} * Tile::kN * Tile::kProducts * 16;
  constexpr double kProductCycles = kMultiplyAdds / 2048, kFetch = Tile::kStageBytes / 40.0;
  return {Tile::kM, Tile::kN,           kWgmmaStep,
          1,        Tile::kSharedBytes, kProductCycles > kFetch ? kProductCycles : kFetch};
}

template <class Tile>
void launch_wgmma(const GemmPlan& plan, const WgmmaOperands& operands, const Output& output, const Card& card,
                  cudaStream_t stream) {
  const auto kernel = wgmma::product<Tile>;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, Tile::kSharedBytes),
        "giving a kernel its shared memory");
  const int n_tiles = (output.columns + Tile::kN - 1) / Tile::kN,
            m_tiles = (output.rows + Tile::kM - 1) / Tile::kM;
  WgmmaGrid grid;
  grid.n_tiles = Divisor(n_tiles), grid.m_tiles = Divisor(m_tiles), grid.groups = Divisor(output.groups);
  grid.tiles = n_tiles * m_tiles * output.groups * plan.splits;
  grid.steps = plan.k / kWgmmaStep, grid.steps_a_split = plan.steps_a_split;
  const int blocks = grid.tiles < card.multiprocessors ? grid.tiles : card.multiprocessors;
  launch(kernel, dim3(static_cast<unsigned>(blocks)), dim3((1 + kMultipliers) * kWarpgroup),
         Tile::kSharedBytes, stream, operands, grid, output);
}

}  // namespace alexnet::cuda
