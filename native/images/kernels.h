// The kernels of images: plain structs of pointers and sizes, and one table of functions per instruction set.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace alexnet::images {

// The inputs and weights of each output of a line. Output i is the sum of inputs first[i], first[i] + 1, ...
// times weights begin[i] to begin[i + 1] - 1, in units of 2^-kWeightBits, which sum to 1. Their number is
// even: the last may be 0 and of an input behind the line's end.
inline constexpr int kWeightBits = 14;
struct Weights {
  const int32_t* first;
  const int32_t* begin;
  const int16_t* weights;
};

// RGB bytes, size x size of them from a source of any size.
struct Resample {
  const uint8_t* source;
  int64_t source_rows, source_columns, source_pitch;
  uint8_t* target;
  int64_t size;
  Weights rows, columns;
};

struct Kernels {
  // `lines` has room for two of the source's width and two pixels more each.
  void (*resample)(const Resample&, int16_t* lines);
  // means[i] += byte i; colours += r, g, b, rr, rg, rb, gg, gb, bb of `count` pixels.
  void (*accumulate_pixels)(const uint8_t* pixels, int64_t count, uint32_t* means, uint64_t* colours);
};

// The table of the widest instruction set that the processor has (isa/choice.h).
const Kernels& best_kernels();

const Kernels* kernels_avx512();
const Kernels* kernels_avx2();
const Kernels* kernels_baseline();

}  // namespace alexnet::images
