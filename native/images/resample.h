// Resamples lines of RGB bytes by weights that are computed beforehand: first down each column of the
// source, whose rows are whole vectors, then along the resulting line. It uses integers only, so that an
// image becomes the same bytes with every instruction set. Products are taken two at a time, as x86
// multiplies 16 bits.

typedef int32_t ints __attribute__((vector_size(4 * ALEXNET_LANES)));
typedef int16_t shorts __attribute__((vector_size(2 * ALEXNET_LANES), aligned(2), may_alias));
typedef int32_t pixel __attribute__((vector_size(16)));
typedef int16_t short_pixel __attribute__((vector_size(8), aligned(2), may_alias));

// Two weights, the first in the lower half.
typedef int32_t two_weights;
static inline two_weights two(const int16_t* weights) {
  two_weights both;
  __builtin_memcpy(&both, weights, sizeof both);
  return both;
}

// first[i] * one weight + second[i] * the other
static inline ints products(const uint8_t* first, const uint8_t* second, two_weights weights) {
#if defined(__AVX512F__)
  const __m128i one = _mm_loadu_si128(reinterpret_cast<const __m128i*>(first));
  const __m128i other = _mm_loadu_si128(reinterpret_cast<const __m128i*>(second));
  const __m256i both = _mm256_set_m128i(_mm_unpackhi_epi8(one, other), _mm_unpacklo_epi8(one, other));
  return reinterpret_cast<ints>(
      _mm512_madd_epi16(_mm512_maskz_cvtepu8_epi16(~__mmask32{}, both), _mm512_set1_epi32(weights)));
#elif defined(__AVX2__)
  const __m128i both = _mm_unpacklo_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(first)),
                                         _mm_loadl_epi64(reinterpret_cast<const __m128i*>(second)));
  return reinterpret_cast<ints>(_mm256_madd_epi16(_mm256_cvtepu8_epi16(both), _mm256_set1_epi32(weights)));
#elif defined(__x86_64__)
  int32_t one, other;
  __builtin_memcpy(&one, first, sizeof one);
  __builtin_memcpy(&other, second, sizeof other);
  const __m128i both = _mm_unpacklo_epi8(_mm_cvtsi32_si128(one), _mm_cvtsi32_si128(other));
  return reinterpret_cast<ints>(
      _mm_madd_epi16(_mm_unpacklo_epi8(both, _mm_setzero_si128()), _mm_set1_epi32(weights)));
#else
  typedef uint8_t bytes __attribute__((vector_size(ALEXNET_LANES), aligned(1), may_alias));
  return __builtin_convertvector(*reinterpret_cast<const bytes*>(first), ints) * int16_t(weights) +
         __builtin_convertvector(*reinterpret_cast<const bytes*>(second), ints) * (weights >> 16);
#endif
}

// What is kept between the passes has 6 bits of fraction: with the overshoot at edges that fills 16 bits.
static constexpr int kKeptBits = 6;
static constexpr int32_t kHalfDown = 1 << (kWeightBits - kKeptBits - 1);
static constexpr int32_t kHalfAcross = 1 << (kWeightBits + kKeptBits - 1);

// line[i] = sum over rows of weight * source[row][i], `numbers` of them.
static void resample_down(const Resample& r, int64_t y, const uint8_t* source, int64_t numbers,
                          int16_t* line) {
  constexpr int kVectors = 4, kRun = kVectors * kLanes;
  const int64_t first = r.rows.first[y], pitch = r.source_pitch;
  const int16_t* weights = r.rows.weights + r.rows.begin[y];
  const int64_t taps = r.rows.begin[y + 1] - r.rows.begin[y];
  const auto row = [&](int64_t k) {
    return source + (first + k < r.source_rows ? first + k : r.source_rows - 1) * pitch;
  };
  int64_t i = 0;
  for (; i + kRun <= numbers; i += kRun) {
    ints sums[kVectors];
    for (ints& sum : sums) sum = ints{} + kHalfDown;
    for (int64_t k = 0; k < taps; k += 2) {
      const uint8_t *one = row(k) + i, *other = row(k + 1) + i;
      for (int v = 0; v < kVectors; ++v)
        sums[v] += products(one + v * kLanes, other + v * kLanes, two(weights + k));
    }
    for (int v = 0; v < kVectors; ++v)
      *reinterpret_cast<shorts*>(line + i + v * kLanes) =
          __builtin_convertvector(sums[v] >> (kWeightBits - kKeptBits), shorts);
  }
  for (; i < numbers; ++i) {
    int32_t sum = kHalfDown;
    for (int64_t k = 0; k < taps; ++k) sum += row(k)[i] * int32_t{weights[k]};
    line[i] = static_cast<int16_t>(sum >> (kWeightBits - kKeptBits));
  }
}

// Between 0 and 255, a byte each.
static inline uint32_t clamped(pixel numbers) {
#if defined(__x86_64__)
  const __m128i words = _mm_packs_epi32(reinterpret_cast<__m128i>(numbers), _mm_setzero_si128());
  return static_cast<uint32_t>(_mm_cvtsi128_si32(_mm_packus_epi16(words, words)));
#else
  typedef uint8_t bytes __attribute__((vector_size(4)));
  const pixel within = numbers < 0 ? pixel{} : numbers > 255 ? pixel{} + 255 : numbers;
  return __builtin_bit_cast(uint32_t, __builtin_convertvector(within, bytes));
#endif
}

// Sums of two lines' pixels.
struct Sums {
  pixel one, other;
};

// Over the pixels from `one` and `other` on.
static inline Sums sums_across(const int16_t* one, const int16_t* other, const int16_t* weights,
                               const int16_t* end) {
#if defined(__AVX2__)
  // Of each line's next two pixels the reds side by side, the greens, the blues.
  const __m256i order = _mm256_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, 4, 5, 10, 11, 0, 1, 6, 7, 2, 3,
                                         8, 9, 4, 5, 10, 11, 4, 5, 10, 11);
  __m256i sum = _mm256_set1_epi32(kHalfAcross);
  for (; weights < end; weights += 2, one += 6, other += 6) {
    const __m256i both = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(one))),
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(other)), 1);
    sum = _mm256_add_epi32(
        sum, _mm256_madd_epi16(_mm256_shuffle_epi8(both, order), _mm256_set1_epi32(two(weights))));
  }
  return {reinterpret_cast<pixel>(_mm256_castsi256_si128(sum)),
          reinterpret_cast<pixel>(_mm256_extracti128_si256(sum, 1))};
#else
  const auto product = [](const int16_t* from, two_weights weights) {
#if defined(__x86_64__)
    const __m128i both = _mm_unpacklo_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)),
                                            _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + 3)));
    return reinterpret_cast<pixel>(_mm_madd_epi16(both, _mm_set1_epi32(weights)));
#else
    return __builtin_convertvector(*reinterpret_cast<const short_pixel*>(from), pixel) * int16_t(weights) +
           __builtin_convertvector(*reinterpret_cast<const short_pixel*>(from + 3), pixel) * (weights >> 16);
#endif
  };
  Sums sums{pixel{} + kHalfAcross, pixel{} + kHalfAcross};
  for (; weights < end; weights += 2, one += 6, other += 6) {
    sums.one += product(one, two(weights));
    sums.other += product(other, two(weights));
  }
  return sums;
#endif
}

// The fourth byte is written over by the next pixel; the last pixel has none.
static inline void put(pixel sum, bool last, uint8_t* target) {
  const uint32_t bytes = clamped(sum >> (kWeightBits + kKeptBits));
  if (last)
    __builtin_memcpy(target, &bytes, 3);
  else
    __builtin_memcpy(target, &bytes, 4);
}

// Two lines, which begin at column `left`, into two rows.
static void resample_across(const Resample& r, int64_t left, const int16_t* one, const int16_t* other,
                            uint8_t* target, uint8_t* other_target) {
  const Weights columns = r.columns;
  for (int64_t x = 0; x < r.size; ++x) {
    const int64_t from = (columns.first[x] - left) * 3;
    const Sums sums = sums_across(one + from, other + from, columns.weights + columns.begin[x],
                                  columns.weights + columns.begin[x + 1]);
    const bool last = x + 1 == r.size;
    put(sums.one, last, target + 3 * x);
    put(sums.other, last, other_target + 3 * x);
  }
}

static void resample(const Resample& r, int16_t* lines) {
  const int64_t last = r.size - 1;
  const int64_t left = r.columns.first[0];
  const int64_t end = r.columns.first[last] + r.columns.begin[last + 1] - r.columns.begin[last];
  const int64_t numbers = ((end < r.source_columns ? end : r.source_columns) - left) * 3;
  int16_t *one = lines, *other = lines + numbers + 6;
  __builtin_memset(one + numbers, 0, 6 * sizeof *one);
  __builtin_memset(other + numbers, 0, 6 * sizeof *other);
  for (int64_t y = 0; y < r.size; y += 2) {
    // The last of an odd number of rows is computed twice.
    const int64_t next = y < last ? y + 1 : y;
    resample_down(r, y, r.source + left * 3, numbers, one);
    resample_down(r, next, r.source + left * 3, numbers, other);
    resample_across(r, left, one, other, r.target + y * r.size * 3, r.target + next * r.size * 3);
  }
}
