// The arithmetic core without tensor cores: float32 products and sums on any GPU. `fp32` uses it, and so do
// bfloat16 networks on GPUs below compute capability 8.0, where bfloat16 is only a storage format.
//
// 16 x 16 threads, each kM/16 x kN/16 sums. A warp is 4 x 8 threads: its 4 different reads of A and 8 of B,
// 16 bytes each, are free of bank conflicts. For every 4 of k, a thread with 8 x 8 sums reads 16 bytes 24
// times for 256 products. Two tiles are in shared memory, 32 KB, so that two blocks fit on any GPU.
#pragma once

#include "cuda/gemm/tile.cuh"

namespace alexnet::cuda {

template <class T>
struct alignas(4 * sizeof(T)) Four {
  T at[4];
};

// Thread row y sums product rows [y * kRows, (y + 1) * kRows); its i-th lies in slot i * 16 + y.
template <int kRows>
struct RowsOfThreads {
  __device__ static int line(int slot) { return slot % 16 * kRows + slot / 16; }
};

// Thread column x sums product columns 4x to 4x + 3, and the same 64, 128, ... on; the j-th of each four lies
// in slot j * 16 + x.
struct FoursOfThreads {
  __device__ static int line(int slot) { return slot % 16 * 4 + slot / 16 % 4 + slot / 64 * 64; }
};

template <class T_, int kM_, int kN_, Layout kLayoutA_, Layout kLayoutB_>
struct SimtCore {
  using T = T_;
  static constexpr bool kTensorCores = false;
  static constexpr Layout kLayoutA = kLayoutA_, kLayoutB = kLayoutB_;
  static constexpr int kM = kM_, kN = kN_, kK = 64 / static_cast<int>(sizeof(T));
  static constexpr int kThreads = 256, kBlocks = 2;
  static constexpr int kWarpM = kM / 4, kWarpN = kN / 2;

 private:
  static constexpr int kNumbers = Pack<T>::kCount, kStages = 2;
  static constexpr int kRows = kM / 16, kFours = kN / 64;
  template <int kSize, Layout kLayout>
  using TileOf = SharedTile<kLayout == Layout::kAlong ? kSize : kK,
                            (kLayout == Layout::kAlong ? kK : kSize) / kNumbers, false>;

 public:
  using TileA = TileOf<kM, kLayoutA>;
  using TileB = TileOf<kN, kLayoutB>;
  using OrderA = RowsOfThreads<kRows>;
  using OrderB = FoursOfThreads;
  static constexpr int kStageBytes = TileA::kBytes + TileB::kBytes;
  static constexpr int kPasses = 4, kPassRows = kM / 4;
  static constexpr int kPipelineBytes = kStages * kStageBytes;

  using Sums = float[kRows][kFours * 4];

  __device__ __forceinline__ explicit SimtCore(int thread)
      : x_(thread / 32 % 2 * 8 + thread % 8), y_(thread / 64 * 4 + thread / 8 % 4) {}

  template <class CopyA, class CopyB>
  __device__ __forceinline__ void run(const CopyA& copy_a, const CopyB& copy_b, int k, int steps,
                                      unsigned char* shared, Sums& sums) const {
    const auto copy = [&](int slot, int step) {
      copy_a.copy(shared + slot * kStageBytes, k + step * kK);
      copy_b.copy(shared + slot * kStageBytes + TileA::kBytes, k + step * kK);
      commit_copies();
    };
    copy(0, 0);
#pragma unroll 1
    for (int step = 0; step < steps; ++step) {
      wait_for_copies<0>();
      __syncthreads();
      if (step + 1 < steps) copy((step + 1) % kStages, step + 1);
      multiply(shared + step % kStages * kStageBytes, sums);
    }
    __syncthreads();
  }

  __device__ __forceinline__ bool in_pass(int pass) const { return y_ / 4 == pass; }

  // put(row in the pass, column, four adjacent sums)
  template <class Put>
  __device__ __forceinline__ void each(const Sums& sums, Put&& put) const {
#pragma unroll
    for (int i = 0; i < kRows; ++i)
#pragma unroll
      for (int h = 0; h < kFours; ++h)
        put(y_ % 4 * kRows + i, (h * 16 + x_) * 4,
            float4{sums[i][h * 4], sums[i][h * 4 + 1], sums[i][h * 4 + 2], sums[i][h * 4 + 3]});
  }

 private:
  // Four rows at a time, to save registers.
  __device__ __forceinline__ void multiply(const unsigned char* stage, Sums& sums) const {
    const unsigned char* tile_b = stage + TileA::kBytes;
#pragma unroll 1
    for (int k = 0; k < kK; k += 4) {
#pragma unroll
      for (int first = 0; first < kRows; first += 4) {
        float a[4][4];
        read_a(stage, k, first, a);
#pragma unroll
        for (int h = 0; h < kFours; ++h)
#pragma unroll
          for (int q = 0; q < 4; ++q) {
            // Along k: four of k of column q. Across: four columns at q-th k.
            const Four<T> b = kLayoutB == Layout::kAlong ? four<TileB>(tile_b, (h * 4 + q) * 16 + x_, k)
                                                         : four<TileB>(tile_b, k + q, (h * 16 + x_) * 4);
#pragma unroll
            for (int r = 0; r < 4; ++r) {
              const int column = h * 4 + (kLayoutB == Layout::kAlong ? q : r),
                        kk = kLayoutB == Layout::kAlong ? r : q;
#pragma unroll
              for (int i = 0; i < 4; ++i) sums[first + i][column] += a[i][kk] * to_float(b.at[r]);
            }
          }
      }
    }
  }

  // a[i][kk]: row y * kRows + first + i at k + kk.
  __device__ __forceinline__ void read_a(const unsigned char* tile, int k, int first,
                                         float (&a)[4][4]) const {
#pragma unroll
    for (int q = 0; q < 4; ++q) {
      const Four<T> f = kLayoutA == Layout::kAlong ? four<TileA>(tile, (first + q) * 16 + y_, k)
                                                   : four<TileA>(tile, k + q, y_ * kRows + first);
#pragma unroll
      for (int r = 0; r < 4; ++r) (kLayoutA == Layout::kAlong ? a[q][r] : a[r][q]) = to_float(f.at[r]);
    }
  }

  template <class Tile>
  __device__ __forceinline__ static Four<T> four(const unsigned char* tile, int line, int number) {
    return *reinterpret_cast<const Four<T>*>(tile + Tile::offset(line, number / kNumbers) +
                                             number % kNumbers * sizeof(T));
  }

  int x_, y_;
};

}  // namespace alexnet::cuda
