// Rounds float32 to bfloat16: to nearest, ties to even, as in every backend.

static constexpr int64_t kBlock = kBf16Block;

// 32 values.
static inline void round_block(const float* from, uint16_t* to) {
#if defined(__AVX512BF16__)
  const __m512bh both = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16), _mm512_loadu_ps(from));
  __builtin_memcpy(to, &both, sizeof both);
#else
  for (int64_t i = 0; i < kBlock; ++i) to[i] = static_cast<uint16_t>(to_bfloat16(from[i]));
#endif
}

static void round_run(const float* from, int64_t count, uint16_t* to) {
  int64_t i = 0;
  for (; i + kBlock <= count; i += kBlock) round_block(from + i, to + i);
  if (i == count) return;
  float rest[kBlock] = {};
  uint16_t halves[kBlock];
  for (int64_t r = 0; r < count - i; ++r) rest[r] = from[i + r];
  round_block(rest, halves);
  for (int64_t r = 0; r < count - i; ++r) to[i + r] = halves[r];
}

// 32 pairs, each of one value of `low` and one of `high`.
static inline void round_pairs(const float* low, const float* high, uint32_t* to) {
#if defined(__AVX512BF16__)
  alignas(64) static constexpr uint16_t kMixed[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                      21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                      11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i order = _mm512_load_si512(kMixed);
  for (int64_t i = 0; i < kBlock; i += 16) {
    const __m512bh both = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(high + i), _mm512_loadu_ps(low + i));
    _mm512_storeu_si512(to + i, _mm512_permutexvar_epi16(order, reinterpret_cast<__m512i>(both)));
  }
#else
  for (int64_t i = 0; i < kBlock; ++i) to[i] = to_bfloat16(low[i]) | to_bfloat16(high[i]) << 16;
#endif
}

static void round_plane(const Plane& p, const float* image, const Strides& strides, int64_t begin,
                        int64_t end, uint16_t* plane) {
  const int64_t line = p.width * p.channels;
  const bool adjacent = p.spread == 1 && strides.pixel == p.channels;
  for (int64_t row = begin; row < end; ++row) {
    uint16_t* to = plane + row * line;
    __builtin_memset(to, 0, sizeof(uint16_t) * line);
    const int64_t at = row - p.top;
    if (at < 0 || at % p.spread != 0 || at / p.spread >= p.source_height) continue;
    const float* from = image + at / p.spread * strides.row;
    if (adjacent) {
      const int64_t first = p.left < 0 ? -p.left : 0;
      const int64_t room = p.width - p.left, last = room < p.source_width ? room : p.source_width;
      if (first < last)
        round_run(from + first * p.channels, (last - first) * p.channels, to + (p.left + first) * p.channels);
      continue;
    }
    for (int64_t x = 0; x < p.source_width; ++x) {
      const int64_t column = p.left + x * p.spread;
      if (column < 0 || column >= p.width) continue;
      round_run(from + x * strides.pixel, p.channels, to + column * p.channels);
    }
  }
}
