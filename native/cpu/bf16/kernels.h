// Products of operands rounded to bfloat16, summed in float32. There is one table of functions for each
// instruction that multiplies pairs of bfloat16. Each function does a part of an op that one thread can
// compute alone.
//
// All products have one form: 32 rows times 32 columns, over at most kBf16Depth elements of k at a time. Rows
// are packed with k adjacent, `bf16_pitch` apart; columns are packed in panels of 32, [pair of k][column][2].
// Both are padded with zeros to a multiple of 32 along k; rows and columns past the last may hold anything.
#pragma once

#include "core/bfloat16.h"
#include "cpu/isa/kernels.h"

namespace alexnet::cpu {

inline constexpr int64_t kBf16Block = 32;  // rows and columns of a block of sums
inline constexpr int64_t kBf16Depth =
    512;  // 32 KB for 32 rows or columns: one side stays in the first-level cache

static inline constexpr int64_t bf16_padded(int64_t numbers) {
  return (numbers + kBf16Block - 1) / kBf16Block * kBf16Block;
}
// An odd number of cache lines, so that 16 rows do not compete for the same cache sets.
static inline constexpr int64_t bf16_pitch(int64_t depth) {
  const int64_t padded = bf16_padded(depth);
  return padded / kBf16Block % 2 == 0 ? padded + kBf16Block : padded;
}

// A plane: one group's channels of an image in bfloat16, with the padding around it and, for gradients of
// strided convolutions, zeros between the pixels. So every window lies inside, and each of its rows is one
// run.
struct Plane {
  int64_t height, width, channels;
  int64_t source_height, source_width;
  int64_t spread, top, left;  // source row r lies in row top + r * spread, if that row exists
};

// The rows of a window in a plane.
struct WindowRows {
  int64_t pitch, run;  // distance from one row to the next; elements of each row
};

// What is applied to finished sums.
struct Epilogue {
  const float* bias;  // by target column, or null
  bool accumulate;
  int activation;  // 0 none, 1 relu, 2 tanh
  float scale;
};

struct Bf16Kernels {
  const char* name;
  double rate;  // bfloat16 multiply-adds in the time of one float32 multiply-add

  // Called by a thread before and after its calls of `multiply`.
  void (*enter)();
  void (*leave)();

  // Rows [begin, end) of a plane.
  void (*round_plane)(const Plane&, const float* image, const Strides&, int64_t begin, int64_t end,
                      uint16_t* plane);

  // to(row, k) = from[row][at + k]; the second function's input is bfloat16 already.
  void (*pack_rows)(const float* const* from, int64_t at, int64_t rows, int64_t depth, uint16_t* to);
  void (*pack_short_rows)(const uint16_t* const* from, int64_t at, int64_t rows, int64_t depth, uint16_t* to);
  // to(row, k) = from[k][at + row]
  void (*turn_rows)(const float* const* from, int64_t at, int64_t rows, int64_t depth, uint16_t* to);
  // to(row, k) = element at + k of the window at windows[row]; to has room for 32 more elements.
  void (*pack_window_rows)(const uint16_t* const* windows, const WindowRows&, int64_t at, int64_t rows,
                           int64_t depth, uint16_t* to);
  // One panel of columns. to(k, column) = from[k][at + column]
  void (*pack_columns)(const float* const* from, int64_t at, int64_t columns, int64_t depth, uint16_t* to);
  // to(k, column) = from[column][at + k]
  void (*turn_columns)(const float* const* from, int64_t at, int64_t columns, int64_t depth, uint16_t* to);
  // to(k, column) = element at + column of the window at windows[k]
  void (*pack_window_columns)(const uint16_t* const* windows, const WindowRows&, int64_t at, int64_t columns,
                              int64_t depth, uint16_t* to);

  // sums(row, column) = (fresh ? 0 : sums) + rows times a panel, over 32 * steps elements of k; sums are 32 x
  // 32.
  void (*multiply)(const uint16_t* rows, int64_t pitch, const uint16_t* panel, int64_t steps,
                   int64_t row_count, int64_t column_count, bool fresh, float* sums);

  // to[row][at + column] from the sums.
  void (*finish)(const Epilogue&, const float* sums, int64_t rows, int64_t columns, float* const* to,
                 int64_t at);
  // to[column][at + row] from the sums.
  void (*finish_turned)(const Epilogue&, const float* sums, int64_t rows, int64_t columns, float* const* to,
                        int64_t at);
};

// The fastest table that the processor and the operating system support, or null.
// ALEXNET_NATIVE_BF16=amx|avx512bf16|none lowers the choice; emulated-amx and emulated-avx512bf16 compute the
// same without the instructions, slowly, for tests.
const Bf16Kernels* best_bf16_kernels();

const Bf16Kernels* bf16_kernels_amx();
const Bf16Kernels* bf16_kernels_avx512bf16();
const Bf16Kernels* bf16_kernels_emulated_amx();
const Bf16Kernels* bf16_kernels_emulated_avx512bf16();

}  // namespace alexnet::cpu
