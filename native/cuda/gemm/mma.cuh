// The arithmetic core for tensor cores: mma.sync on bfloat16 or tf32, with float32 sums. It needs compute
// capability 8.0 or later.
//
// A step is 64 bytes of k (32 bfloat16, 16 float32) of both operands: two substeps of one mma's depth, two
// packs. Shared memory holds kStages tiles of each operand; the copies of kStages - 1 are in flight while one
// is multiplied. A warp holds B's fragments of two substeps and A's of two of its lines of 16 rows: while the
// tensor cores process one, the next is read, also across the step's single barrier.
//
// 128 x 128 by 4 warps of 64 x 64: in a step the warps read 32 KB of shared memory and 16 KB arrive there; it
// could move 68 KB while the tensor cores compute the step (1000 multiply-adds a cycle). 4 stages take 64 KB,
// so that two blocks fit on a multiprocessor: one multiplies while the other waits at its barrier or writes
// its results. 128 x 256 by 8 warps fetches a quarter less from the second-level cache, with one block on a
// multiprocessor.
//
// Fragments of operands that run along k are loaded by ldmatrix, for both types: 4 bytes are two bfloat16 or
// one float32. Across k, bfloat16 is loaded by ldmatrix.trans. ldmatrix cannot transpose 32-bit words: these
// are read one by one, from lines padded by 32 bytes, so that 4 lines x 8 words touch all banks.
#pragma once

#include "cuda/gemm/tile.cuh"

namespace alexnet::cuda {

template <class T_, int kM_, int kN_, int kWarpM_, int kWarpN_, Layout kLayoutA_, Layout kLayoutB_,
          int kStages, int kBlocks_>
struct MmaCore {
  using T = T_;
  static constexpr bool kTensorCores = true;
  static constexpr Layout kLayoutA = kLayoutA_, kLayoutB = kLayoutB_;
  static constexpr int kM = kM_, kN = kN_, kK = 64 / static_cast<int>(sizeof(T));
  static constexpr int kWarpM = kWarpM_, kWarpN = kWarpN_, kBlocks = kBlocks_;
  static constexpr int kWarpsN = kN / kWarpN, kThreads = kM / kWarpM * kWarpsN * 32;

 private:
  static constexpr int kNumbers = Pack<T>::kCount, kSubsteps = 2, kDepth = kK / kSubsteps;
  static constexpr int kTilesM = kWarpM / 16;
  static constexpr bool kWords = sizeof(T) == 4;
  template <int kSize, Layout kLayout>
  using TileOf =
      SharedTile<kLayout == Layout::kAlong ? kSize : kK, (kLayout == Layout::kAlong ? kK : kSize) / kNumbers,
                 kWords && kLayout == Layout::kAcross>;

 public:
  using TileA = TileOf<kM, kLayoutA>;
  using TileB = TileOf<kN, kLayoutB>;
  using OrderA = InOrder;
  using OrderB = InOrder;
  static constexpr int kStageBytes = TileA::kBytes + TileB::kBytes;

  static constexpr int kPipelineBytes = kStages * kStageBytes;
  // The rows that write_sums (kernel.cuh) processes at a time: those of one line of warps.
  static constexpr int kPasses = kM / kWarpM, kPassRows = kWarpM;

  using Sums = float[kWarpM / 16][kWarpN / 8][4];

  __device__ __forceinline__ explicit MmaCore(int thread)
      : lane_(thread % 32), warp_m_(thread / 32 / kWarpsN), warp_n_(thread / 32 % kWarpsN) {}

  // sums += the product of steps [0, steps) from k on. Copies past the last step fill with zeros.
  template <class CopyA, class CopyB>
  __device__ __forceinline__ void run(const CopyA& copy_a, const CopyB& copy_b, int k, int steps,
                                      unsigned char* shared, Sums& sums) const {
#pragma unroll 1
    for (int stage = 0; stage < kStages - 1; ++stage) {
      copy_a.copy(shared + stage * kStageBytes, k + stage * kK);
      copy_b.copy(shared + stage * kStageBytes + TileA::kBytes, k + stage * kK);
      commit_copies();
    }
    wait_for_copies<kStages - 2>();
    __syncthreads();

    uint32_t a[2][4], b[kSubsteps][kWarpN / 8][2];
    const unsigned char* stage = shared;
    unsigned char* target = shared + (kStages - 1) * kStageBytes;
    unsigned char* const end = shared + kStages * kStageBytes;
    k += (kStages - 1) * kK;
    read_b(stage, 0, b[0]);
    read_a(stage, 0, 0, a[0]);
#pragma unroll 1
    for (int step = 0; step < steps; ++step, k += kK) {
      read_b(stage, 1, b[1]);
#pragma unroll
      for (int substep = 0; substep < kSubsteps; ++substep)
#pragma unroll
        for (int i = 0; i < kTilesM; ++i) {
          const int now = (substep * kTilesM + i) % 2;
          if (i + 1 < kTilesM) {
            read_a(stage, substep, i + 1, a[1 - now]);
          } else if (substep == 0) {
            read_a(stage, 1, 0, a[1 - now]);
          } else {
            // The next step's tiles have arrived, and all warps have read this one's.
            wait_for_copies<kStages - 2>();
            __syncthreads();
            stage = stage + kStageBytes == end ? shared : stage + kStageBytes;
            read_b(stage, 0, b[0]);
            read_a(stage, 0, 0, a[1 - now]);
          }
          multiply(a[now], b[substep], sums[i]);
          // Index arithmetic and copies are interleaved with the products.
          if (substep == 0 && i == 0) copy_a.copy(target, k);
          if (substep == 0 && i == 1) {
            copy_b.copy(target + TileA::kBytes, k);
            commit_copies();
            target = target + kStageBytes == end ? shared : target + kStageBytes;
          }
        }
    }
    wait_for_copies<0>();
    __syncthreads();
  }

  __device__ __forceinline__ bool in_pass(int pass) const { return warp_m_ == pass; }

  // put(row in the pass, column, two adjacent sums)
  template <class Put>
  __device__ __forceinline__ void each(const Sums& sums, Put&& put) const {
#pragma unroll
    for (int i = 0; i < kWarpM / 16; ++i)
#pragma unroll
      for (int j = 0; j < kWarpN / 8; ++j)
#pragma unroll
        for (int half = 0; half < 2; ++half)
          put(i * 16 + half * 8 + lane_ / 4, warp_n_ * kWarpN + j * 8 + lane_ % 4 * 2,
              float2{sums[i][j][half * 2], sums[i][j][half * 2 + 1]});
  }

 private:
  // Rows 0-7 and 8-15 of the first pack (or half) of k, then of the second.
  __device__ __forceinline__ void read_a(const unsigned char* tile, int substep, int i,
                                         uint32_t (&a)[4]) const {
    const int first = warp_m_ * kWarpM + i * 16;
    if constexpr (kLayoutA == Layout::kAlong) {
      const int line = lane_ % 16, pack = substep * 2 + lane_ / 16;
      load_matrices<false>(a, tile + first * TileA::kLineBytes + TileA::offset(line, pack));
    } else if constexpr (!kWords) {
      const int line = substep * kDepth + lane_ / 16 * 8 + lane_ % 8;
      load_matrices<true>(a, tile + TileA::offset(line, first / kNumbers + lane_ / 8 % 2));
    } else {
      const auto* word = reinterpret_cast<const uint32_t*>(
          tile + (substep * kDepth + lane_ % 4) * TileA::kLineBytes + (first + lane_ / 4) * 4);
      a[0] = word[0], a[1] = word[8];
      a[2] = word[TileA::kLineBytes], a[3] = word[TileA::kLineBytes + 8];  // 4 lines on
    }
  }

  // b[j]: columns 0-7 of the first pack (or half) of k, then of the second.
  __device__ __forceinline__ void read_b(const unsigned char* stage, int substep,
                                         uint32_t (&b)[kWarpN / 8][2]) const {
    const unsigned char* tile = stage + TileA::kBytes;
#pragma unroll
    for (int j = 0; j < kWarpN / 8; j += 2) {
      const int first = warp_n_ * kWarpN + j * 8;
      if constexpr (kLayoutB == Layout::kAcross && kWords) {
        const auto* word = reinterpret_cast<const uint32_t*>(
            tile + (substep * kDepth + lane_ % 4) * TileB::kLineBytes + (first + lane_ / 4) * 4);
        b[j][0] = word[0], b[j][1] = word[TileB::kLineBytes];
        b[j + 1][0] = word[8], b[j + 1][1] = word[TileB::kLineBytes + 8];
      } else {
        uint32_t r[4];
        if constexpr (kLayoutB == Layout::kAlong) {
          const int line = lane_ / 16 * 8 + lane_ % 8, pack = substep * 2 + lane_ / 8 % 2;
          load_matrices<false>(r, tile + first * TileB::kLineBytes + TileB::offset(line, pack));
        } else {
          const int line = substep * kDepth + lane_ % 16;
          load_matrices<true>(r, tile + TileB::offset(line, first / kNumbers + lane_ / 16));
        }
        b[j][0] = r[0], b[j][1] = r[1], b[j + 1][0] = r[2], b[j + 1][1] = r[3];
      }
      if constexpr (kWords) {
#pragma unroll
        for (int e = 0; e < 4; ++e) b[j + e / 2][e % 2] = rounded_to_tf32(b[j + e / 2][e % 2]);
      }
    }
  }

  __device__ __forceinline__ static void multiply(uint32_t (&a)[4], uint32_t (&b)[kWarpN / 8][2],
                                                  float (&sums)[kWarpN / 8][4]) {
    if constexpr (kWords) {
#pragma unroll
      for (uint32_t& bits : a) bits = rounded_to_tf32(bits);
    }
#pragma unroll
    for (int j = 0; j < kWarpN / 8; ++j) multiply_add(sums[j], a, b[j], T{});
  }

  int lane_, warp_m_, warp_n_;
};

}  // namespace alexnet::cuda
