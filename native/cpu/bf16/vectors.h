// The block of products by AVX512_BF16: 8 rows x 32 columns of sums stay in 16 registers; a pair of a row's
// elements is broadcast from memory and multiplied by two vectors of pairs of the panel.

typedef float sums16 __attribute__((vector_size(64)));
typedef float unaligned_sums16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t words16 __attribute__((vector_size(64)));
typedef uint32_t unaligned_words16 __attribute__((vector_size(64), aligned(2), may_alias));

// sums += high * high + low * low of each pair; the product of two bfloat16 is exact in float32.
static inline void add_pairs(sums16& sums, uint32_t pair, const words16& pairs) {
#if defined(__AVX512BF16__)
  sums = reinterpret_cast<sums16>(_mm512_dpbf16_ps(
      reinterpret_cast<__m512>(sums), reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(pair))),
      reinterpret_cast<__m512bh>(pairs)));
#else
  const words16 both = pair - words16{};
  sums += reinterpret_cast<sums16>(both & 0xffff0000u) * reinterpret_cast<sums16>(pairs & 0xffff0000u);
  sums += reinterpret_cast<sums16>(both << 16) * reinterpret_cast<sums16>(pairs << 16);
#endif
}

static inline void enter() {}
static inline void leave() {}

static constexpr int kRows = 8;

static void multiply_rows(const uint16_t* rows, int64_t pitch, const uint16_t* panel, int64_t pairs,
                          bool fresh, float* to) {
  auto* memory = reinterpret_cast<unaligned_sums16*>(to);
  sums16 sums[kRows][2];
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m) {
    sums[m][0] = fresh ? sums16{} : memory[2 * m];
    sums[m][1] = fresh ? sums16{} : memory[2 * m + 1];
  }
  for (int64_t k = 0; k < pairs; ++k) {
    const auto* columns = reinterpret_cast<const unaligned_words16*>(panel + k * 2 * kBf16Block);
    const words16 left = columns[0], right = columns[1];
#pragma GCC unroll 8
    for (int m = 0; m < kRows; ++m) {
      uint32_t pair;
      __builtin_memcpy(&pair, rows + m * pitch + 2 * k, sizeof pair);
      add_pairs(sums[m][0], pair, left);
      add_pairs(sums[m][1], pair, right);
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m) memory[2 * m] = sums[m][0], memory[2 * m + 1] = sums[m][1];
}

static void multiply(const uint16_t* rows, int64_t pitch, const uint16_t* panel, int64_t steps,
                     int64_t row_count, int64_t, bool fresh, float* sums) {
  for (int64_t m = 0; m < row_count; m += kRows)
    multiply_rows(rows + m * pitch, pitch, panel, steps * kBf16Block / 2, fresh, sums + m * kBf16Block);
}
