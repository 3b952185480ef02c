// How a bfloat16 product (kernels.h) is divided: into units of a few blocks of rows by a few panels of
// columns. A thread computes one unit at a time, along k in pieces of kBf16Depth. A piece of rows then stays
// in the first-level cache while the panels stream from the second, and each sum is computed in the same
// order, whatever the units are.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/bf16/kernels.h"

namespace alexnet::cpu {

inline int64_t bf16_blocks(int64_t numbers) { return bf16_padded(numbers) / kBf16Block; }

struct Bf16Unit {
  int64_t row, rows, column, columns;
};

// Divides a product into even pieces of whole blocks.
struct Bf16Units {
  int64_t rows, columns;              // of the whole product
  int64_t row_blocks, column_blocks;  // of a unit
  int64_t row_pieces, column_pieces;

  int64_t count() const { return row_pieces * column_pieces; }
  // Columns vary fastest, so that a thread's next unit has the same rows.
  Bf16Unit at(int64_t index) const {
    const int64_t row = index / column_pieces * row_blocks * kBf16Block;
    const int64_t column = index % column_pieces * column_blocks * kBf16Block;
    return {row, std::min(row_blocks * kBf16Block, rows - row), column,
            std::min(column_blocks * kBf16Block, columns - column)};
  }
  size_t sum_floats() const {
    return static_cast<size_t>(row_blocks * column_blocks * kBf16Block * kBf16Block);
  }
};

// At most most_rows blocks by most_columns panels a unit, fewer where threads would be idle; `others`
// products of this shape are divided among the threads together.
inline Bf16Units bf16_units(int64_t rows, int64_t columns, int64_t most_rows, int64_t most_columns,
                            int64_t others, int64_t threads) {
  constexpr int64_t kUnitsOfThread = 4;  // so the last units take at most a fifth of the time
  const auto pieces = [](int64_t blocks, int64_t most) { return (blocks + most - 1) / most; };
  const int64_t row_blocks = bf16_blocks(rows), column_blocks = bf16_blocks(columns);
  while (most_rows * most_columns > 1 &&
         others * pieces(row_blocks, most_rows) * pieces(column_blocks, most_columns) <
             kUnitsOfThread * threads)
    (most_rows >= most_columns ? most_rows : most_columns) /= 2;
  const auto even = [&](int64_t blocks, int64_t most) { return pieces(blocks, pieces(blocks, most)); };
  const int64_t own_rows = even(row_blocks, most_rows), own_columns = even(column_blocks, most_columns);
  return {
      rows, columns, own_rows, own_columns, pieces(row_blocks, own_rows), pieces(column_blocks, own_columns)};
}

// Sizes of operands that are packed as a whole, one piece of k after another.
inline int64_t bf16_rows_halves(int64_t rows, int64_t depth) {
  return (depth + kBf16Depth - 1) / kBf16Depth * bf16_padded(rows) * bf16_pitch(kBf16Depth);
}
inline int64_t bf16_columns_halves(int64_t columns, int64_t depth) {
  return bf16_padded(depth) * bf16_padded(columns);
}
// Offsets in them of the elements from k on.
inline int64_t bf16_rows_at(int64_t rows, int64_t row, int64_t k, int64_t depth) {
  return k / kBf16Depth * bf16_padded(rows) * bf16_pitch(kBf16Depth) + row * bf16_pitch(depth);
}
inline int64_t bf16_columns_at(int64_t columns, int64_t column, int64_t k, int64_t depth) {
  return k * bf16_padded(columns) + column * bf16_padded(depth);
}

// Calls piece(k, depth) for each piece of k, in order.
template <class Piece>
void each_bf16_piece(int64_t depth, const Piece& piece) {
  for (int64_t k = 0; k < depth; k += kBf16Depth) piece(k, std::min(kBf16Depth, depth - k));
}

// rows_of(k, depth) and columns_of(k, depth) return the unit's packed operands; finish(row, rows, column,
// columns, sums) is called with each block.
template <class Rows, class Columns, class Finish>
void multiply_unit(const Bf16Kernels& kernels, const Bf16Unit& unit, int64_t depth, float* sums,
                   const Rows& rows_of, const Columns& columns_of, const Finish& finish) {
  const int64_t panels = bf16_blocks(unit.columns);
  const auto each_block = [&](const auto& visit) {
    for (int64_t m = 0; m < unit.rows; m += kBf16Block)
      for (int64_t n = 0; n < unit.columns; n += kBf16Block)
        visit(m, std::min(kBf16Block, unit.rows - m), n, std::min(kBf16Block, unit.columns - n),
              sums + (m / kBf16Block * panels + n / kBf16Block) * kBf16Block * kBf16Block);
  };
  each_bf16_piece(depth, [&](int64_t k, int64_t piece) {
    const uint16_t* rows = rows_of(k, piece);
    const uint16_t* columns = columns_of(k, piece);
    const int64_t pitch = bf16_pitch(piece), padded = bf16_padded(piece);
    kernels.enter();
    each_block([&](int64_t m, int64_t row_count, int64_t n, int64_t column_count, float* block) {
      kernels.multiply(rows + m * pitch, pitch, columns + n * padded, padded / kBf16Block, row_count,
                       column_count, k == 0, block);
    });
    kernels.leave();
  });
  each_block([&](int64_t m, int64_t rows, int64_t n, int64_t columns, const float* block) {
    finish(unit.row + m, rows, unit.column + n, columns, block);
  });
}

}  // namespace alexnet::cpu
