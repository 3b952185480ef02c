// Packs operands as kernels.h describes.

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static void pad_row(uint16_t* row, int64_t depth) {
  for (int64_t k = depth; k < bf16_padded(depth); ++k) row[k] = 0;
}

static void pack_rows(const float* const* from, int64_t at, int64_t rows, int64_t depth, uint16_t* to) {
  const int64_t pitch = bf16_pitch(depth);
  for (int64_t m = 0; m < rows; ++m, to += pitch) round_run(from[m] + at, depth, to), pad_row(to, depth);
}

static void pack_short_rows(const uint16_t* const* from, int64_t at, int64_t rows, int64_t depth,
                            uint16_t* to) {
  const int64_t pitch = bf16_pitch(depth);
  for (int64_t m = 0; m < rows; ++m, to += pitch) {
    __builtin_memcpy(to, from[m] + at, sizeof(uint16_t) * depth);
    pad_row(to, depth);
  }
}

// Copies 32 elements at a time. What it writes past the end is overwritten by the next copy; reads past the
// end of a plane are allowed for (windows.h).
static inline void copy_run(const uint16_t* from, int64_t count, uint16_t* to) {
  for (int64_t i = 0; i < count; i += kBlock) __builtin_memcpy(to + i, from + i, sizeof(uint16_t) * kBlock);
}

// Copies `count` elements of a window, from element `at` on.
static inline void copy_window(const uint16_t* window, const WindowRows& w, int64_t at, int64_t count,
                               uint16_t* to) {
  const uint16_t* row = window + at / w.run * w.pitch;
  for (int64_t from = at % w.run; count > 0; from = 0, row += w.pitch) {
    const int64_t piece = least(w.run - from, count);
    copy_run(row + from, piece, to);
    to += piece, count -= piece;
  }
}

static void pack_window_rows(const uint16_t* const* windows, const WindowRows& w, int64_t at, int64_t rows,
                             int64_t depth, uint16_t* to) {
  const int64_t pitch = bf16_pitch(depth);
  for (int64_t m = 0; m < rows; ++m, to += pitch) {
    copy_window(windows[m], w, at, depth, to);
    pad_row(to, depth);
  }
}

static void pack_window_columns(const uint16_t* const* windows, const WindowRows& w, int64_t at,
                                int64_t columns, int64_t depth, uint16_t* to) {
  // Elements from one row of the windows are read in place.
  const bool whole = at % w.run + kBlock <= w.run;
  const int64_t offset = at / w.run * w.pitch + at % w.run;
  const uint16_t zeros[kBlock] = {};
  uint16_t copies[2][2 * kBlock] = {};
  for (int64_t k = 0; k < bf16_padded(depth); k += 2, to += 2 * kBlock) {
    const uint16_t* pair[2];
    for (int64_t i = 0; i < 2; ++i) {
      pair[i] = zeros;
      if (k + i >= depth) continue;
      if (whole) {
        pair[i] = windows[k + i] + offset;
      } else {
        copy_window(windows[k + i], w, at, columns, copies[i]);
        pair[i] = copies[i];
      }
    }
    uint32_t words[kBlock];
    for (int64_t n = 0; n < kBlock; ++n) words[n] = pair[0][n] | uint32_t{pair[1][n]} << 16;
    __builtin_memcpy(to, words, sizeof words);
  }
}

// Elements k and k + 1 of up to 32 sources as pairs; zeros from `depth` on.
static inline void pairs_of(const float* const* from, int64_t k, int64_t depth, int64_t at, int64_t count,
                            uint32_t* to) {
  float copies[2][kBlock] = {};
  const float* pair[2] = {copies[0], copies[1]};
  for (int64_t i = 0; i < 2 && k + i < depth; ++i) {
    if (count == kBlock) {
      pair[i] = from[k + i] + at;
    } else {
      for (int64_t n = 0; n < count; ++n) copies[i][n] = from[k + i][at + n];
    }
  }
  round_pairs(pair[0], pair[1], to);
}

static void pack_columns(const float* const* from, int64_t at, int64_t columns, int64_t depth, uint16_t* to) {
  uint32_t words[kBlock];
  for (int64_t k = 0; k < bf16_padded(depth); k += 2, to += 2 * kBlock) {
    pairs_of(from, k, depth, at, columns, words);
    __builtin_memcpy(to, words, sizeof words);
  }
}

// Transposes 16 x 16 pairs.
static inline void turn(const uint32_t* from, int64_t from_pitch, uint32_t* to, int64_t to_pitch) {
#if defined(__AVX512F__)
  // Interleaving rows i and i + 8, four times, transposes the block.
  const __m512i low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const __m512i high = _mm512_set_epi32(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8);
  __m512i rows[2][16];
  for (int i = 0; i < 16; ++i) rows[0][i] = _mm512_loadu_si512(from + i * from_pitch);
#pragma GCC unroll 4
  for (int round = 0; round < 4; ++round) {
    const __m512i* a = rows[round % 2];
    __m512i* b = rows[1 - round % 2];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      b[2 * i] = _mm512_permutex2var_epi32(a[i], low, a[i + 8]);
      b[2 * i + 1] = _mm512_permutex2var_epi32(a[i], high, a[i + 8]);
    }
  }
  for (int i = 0; i < 16; ++i) _mm512_storeu_si512(to + i * to_pitch, rows[0][i]);
#else
  for (int64_t i = 0; i < 16; ++i)
    for (int64_t j = 0; j < 16; ++j) to[j * to_pitch + i] = from[i * from_pitch + j];
#endif
}

static void turn_rows(const float* const* from, int64_t at, int64_t rows, int64_t depth, uint16_t* to) {
  const int64_t pitch = bf16_pitch(depth);
  uint32_t pairs[16][kBlock], turned[kBlock][16];
  for (int64_t m = 0; m < rows; m += kBlock) {
    const int64_t count = least(rows - m, kBlock);
    for (int64_t k = 0; k < depth; k += kBlock) {
      for (int64_t p = 0; p < 16; ++p) pairs_of(from, k + 2 * p, depth, at + m, count, pairs[p]);
      turn(pairs[0], kBlock, turned[0], 16), turn(pairs[0] + 16, kBlock, turned[16], 16);
      for (int64_t i = 0; i < count; ++i)
        __builtin_memcpy(to + (m + i) * pitch + k, turned[i], sizeof turned[i]);
    }
  }
}

static void turn_columns(const float* const* from, int64_t at, int64_t columns, int64_t depth, uint16_t* to) {
  uint16_t rows[kBlock][kBlock] = {};
  uint32_t pairs[kBlock][16], turned[16][kBlock];
  for (int64_t k = 0; k < depth; k += kBlock, to += kBlock * kBlock) {
    const int64_t count = least(depth - k, kBlock);
    if (count < kBlock) __builtin_memset(rows, 0, sizeof rows);
    for (int64_t n = 0; n < columns; ++n) round_run(from[n] + at + k, count, rows[n]);
    __builtin_memcpy(pairs, rows, sizeof rows);
    turn(pairs[0], 16, turned[0], kBlock), turn(pairs[16], 16, turned[0] + 16, kBlock);
    __builtin_memcpy(to, turned, sizeof turned);
  }
}
