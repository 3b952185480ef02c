// The sum over pixels of each channel of dy, a part of the bias's gradient. It is memory-bound: a plain loop
// that the compiler vectorizes.

static void column_sums(const float* rows, int64_t pixels, int64_t pitch, int64_t channels, float* sums) {
  for (int64_t p = 0; p < pixels; ++p, rows += pitch)
    for (int64_t c = 0; c < channels; ++c) sums[c] += rows[c];
}
