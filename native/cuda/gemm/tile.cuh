// A step's part of an operand in shared memory, and how it is copied there.
//
// A tile consists of lines of packs of 16 bytes, as in global memory; nothing is transposed. A warp reads one
// pack of 8 lines at a time, and writes with 8 threads at a time. The packs of a line are permuted (exclusive
// or with bits of the line's index) so that both touch all 32 banks once.
//
// A thread copies the same places of the tile in every step, and all of them have the same index along k. So
// a thread does the index arithmetic of k once a step, and that of the other index once a kernel.
#pragma once

#include <type_traits>

#include "cuda/gemm/operand.cuh"
#include "cuda/primitives/ptx.h"

namespace alexnet::cuda {

// Which index runs along an operand's lines of packs: k, or the product's rows or columns (across k).
enum class Layout { kAlong, kAcross };

template <int kLines_, int kPacks_, bool kPadded>
struct SharedTile {
  static constexpr int kLines = kLines_, kPacks = kPacks_;
  static constexpr int kPitch = kPadded ? kPacks + 2 : kPacks;  // padded for reading by words, as in mma.cuh
  static constexpr int kLineBytes = kPitch * 16;
  static constexpr int kBytes = kLines * kLineBytes;

  __device__ static constexpr int swizzle(int line) {
    if (kPadded) return 0;
    if (kPitch % 8 == 0) return (line & 1) << 2 | ((line >> 1) & 3);
    if (kPitch % 4 == 0) return (line >> 1) & 3;
    return kPitch % 2 == 0 ? (line >> 2) & 1 : 0;
  }
  // Offset in bytes from the tile's start.
  __device__ static constexpr int offset(int line, int pack) {
    return line * kLineBytes + ((pack ^ swizzle(line)) << 4);
  }
};

// The order of a product's rows or columns in a tile: unchanged.
struct InOrder {
  __device__ static int line(int slot) { return slot; }
};

// Copies tiles whose lines are rows (or columns) of the product and whose packs run along k.
template <class Operand, class Tile, class Order, int kThreads, bool kScalar>
class AlongCopier {
  using T = typename Operand::Value;
  static constexpr int kNumbers = Pack<T>::kCount;
  static constexpr int kStride = kThreads / Tile::kPacks;  // lines that the block covers at a time
  static constexpr int kCount = (Tile::kLines + kStride - 1) / kStride;
  static_assert(kThreads % Tile::kPacks == 0 && kStride % 8 == 0);

 public:
  __device__ __forceinline__ AlongCopier(const Operand& operand, int first, int k_end, int thread)
      : operand_(operand), slot_(thread / Tile::kPacks), pack_(thread % Tile::kPacks) {
    operand_.places = k_end < operand.places ? k_end : operand.places;
#pragma unroll
    for (int i = 0; i < kCount; ++i) lines_[i] = operand.line(first + Order::line(slot_ + i * kStride));
  }

  __device__ __forceinline__ void copy(unsigned char* tile, int k) const {
    unsigned char* to = tile + Tile::offset(slot_, pack_);
    if constexpr (kScalar) {
#pragma unroll
      for (int e = 0; e < kNumbers; ++e) {
        const auto place = operand_.place(k + pack_ * kNumbers + e);
#pragma unroll
        for (int i = 0; i < kCount; ++i)
          if (holds(i))
            copy_number(reinterpret_cast<T*>(to + i * kStride * Tile::kLineBytes) + e,
                        operand_.address(lines_[i], place), operand_.inside(lines_[i], place));
      }
    } else {
      const auto place = operand_.place(k + pack_ * kNumbers);
#pragma unroll
      for (int i = 0; i < kCount; ++i)
        if (holds(i))
          copy_pack(to + i * kStride * Tile::kLineBytes, operand_.address(lines_[i], place),
                    operand_.inside(lines_[i], place));
    }
  }

 private:
  __device__ __forceinline__ bool holds(int i) const {
    return (i + 1) * kStride <= Tile::kLines || slot_ + i * kStride < Tile::kLines;
  }

  Operand operand_;
  int slot_, pack_;
  typename Operand::Line lines_[kCount];
};

// Copies tiles whose lines run along k and whose packs are rows (or columns) of the product.
template <class Operand, class Tile, int kThreads, bool kScalar>
class AcrossCopier {
  using T = typename Operand::Value;
  static constexpr int kNumbers = Pack<T>::kCount;
  static constexpr int kStride = kThreads / Tile::kLines;  // threads a line
  static constexpr int kCount = (Tile::kPacks + kStride - 1) / kStride;
  static_assert(kThreads % Tile::kLines == 0);
  static_assert(kStride >= 4);

 public:
  __device__ __forceinline__ AcrossCopier(const Operand& operand, int first, int k_end, int thread)
      : operand_(operand), first_(first), line_(thread / kStride), pack_(thread % kStride) {
    operand_.lines = k_end < operand.lines ? k_end : operand.lines;
    if constexpr (!kScalar) {
#pragma unroll
      for (int i = 0; i < kCount; ++i) places_[i] = operand.place(first + (pack_ + i * kStride) * kNumbers);
    }
  }

  __device__ __forceinline__ void copy(unsigned char* tile, int k) const {
    const auto line = operand_.line(k + line_);
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      if (pack_ + i * kStride >= Tile::kPacks) continue;
      unsigned char* to = tile + offset(i);
      if constexpr (kScalar) {
#pragma unroll
        for (int e = 0; e < kNumbers; ++e) {
          const auto place = operand_.place(first_ + (pack_ + i * kStride) * kNumbers + e);
          copy_number(reinterpret_cast<T*>(to) + e, operand_.address(line, place),
                      operand_.inside(line, place));
        }
      } else {
        copy_pack(to, operand_.address(line, places_[i]), operand_.inside(line, places_[i]));
      }
    }
  }

 private:
  // Tile::offset(line_, pack_ + i * kStride), written so that it is the first offset plus a constant.
  __device__ __forceinline__ int offset(int i) const {
    const int first = Tile::offset(line_, pack_);
    if constexpr (kStride == 4 && Tile::swizzle(1) == 4) return (first ^ (i % 2 * 64)) + i / 2 * 128;
    return first + i * kStride * 16;
  }

  Operand operand_;
  int first_, line_, pack_;
  typename Operand::Place places_[kScalar ? 1 : kCount];
};

template <class Core, class Operand, class Tile, class Order, Layout kLayout, bool kScalar>
using CopierOf =
    std::conditional_t<kLayout == Layout::kAlong, AlongCopier<Operand, Tile, Order, Core::kThreads, kScalar>,
                       AcrossCopier<Operand, Tile, Core::kThreads, kScalar>>;

}  // namespace alexnet::cuda
