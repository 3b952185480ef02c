// Writes finished sums to memory, row by row, with bias, accumulation, activation and scale applied.

static void finish_row(const Epilogue& e, const float* sums, int64_t columns, float* to, int64_t at) {
  float row[kBf16Block];
  float* out = to + at;
  for (int64_t n = 0; n < kBf16Block; ++n) row[n] = sums[n];
  if (columns < kBf16Block) {
    if (e.accumulate)
      for (int64_t n = 0; n < columns; ++n) row[n] += out[n];
    if (e.bias)
      for (int64_t n = 0; n < columns; ++n) row[n] += e.bias[at + n];
  } else {
    if (e.accumulate)
      for (int64_t n = 0; n < kBf16Block; ++n) row[n] += out[n];
    if (e.bias)
      for (int64_t n = 0; n < kBf16Block; ++n) row[n] += e.bias[at + n];
  }
  if (e.activation != 0) activation_forward(e.activation, row, row, kBf16Block);
  if (e.scale != 1)
    for (int64_t n = 0; n < kBf16Block; ++n) row[n] *= e.scale;
  __builtin_memcpy(out, row, sizeof(float) * columns);
}

static void finish(const Epilogue& e, const float* sums, int64_t rows, int64_t columns, float* const* to,
                   int64_t at) {
  for (int64_t m = 0; m < rows; ++m) finish_row(e, sums + m * kBf16Block, columns, to[m], at);
}

static void finish_turned(const Epilogue& e, const float* sums, int64_t rows, int64_t columns,
                          float* const* to, int64_t at) {
  float turned[kBf16Block];
  for (int64_t n = 0; n < columns; ++n) {
    for (int64_t m = 0; m < kBf16Block; ++m) turned[m] = sums[m * kBf16Block + n];
    finish_row(e, turned, rows, to[n], at);
  }
}
