// The block of products by AMX: 32 x 32 sums in four tiles of 16 x 16, 32 elements of k a step; two tiles of
// rows and two of columns are loaded for four products, which take 64 cycles.

// The instructions. Tiles 0 to 3 hold sums, 4 and 5 rows, 6 and 7 columns. Without AMX the tiles are arrays
// in memory.
static constexpr int64_t kSide = 16;  // rows of a tile, and its columns of 4 bytes

#if defined(__AMX_BF16__)
struct Tiles {};

static inline void enter() {
  struct {
    uint8_t palette = 1, start = 0, reserved[14] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {kSide, kSide, kSide, kSide, kSide, kSide, kSide, kSide};
  } configuration;
  __asm__ volatile("ldtilecfg %0" ::"m"(configuration));
}
static inline void leave() { __asm__ volatile("tilerelease"); }

template <int T>
static inline void tile_zero(Tiles&) {
  __asm__ volatile("tilezero %%tmm%c0" ::"i"(T));
}
template <int T>
static inline void tile_load(Tiles&, const void* from, int64_t pitch) {
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(pitch), "i"(T) : "memory");
}
template <int T>
static inline void tile_store(Tiles&, void* to, int64_t pitch) {
  __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(pitch), "i"(T) : "memory");
}
template <int Sums, int Rows, int Columns>
static inline void tile_multiply(Tiles&) {
  __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(Sums), "i"(Rows), "i"(Columns));
}
#else
struct Tiles {
  uint32_t tile[8][kSide][kSide];
};

static inline void enter() {}
static inline void leave() {}

template <int T>
static inline void tile_zero(Tiles& tiles) {
  __builtin_memset(tiles.tile[T], 0, sizeof tiles.tile[T]);
}
template <int T>
static inline void tile_load(Tiles& tiles, const void* from, int64_t pitch) {
  for (int64_t i = 0; i < kSide; ++i)
    __builtin_memcpy(tiles.tile[T][i], static_cast<const char*>(from) + i * pitch, sizeof tiles.tile[T][i]);
}
template <int T>
static inline void tile_store(Tiles& tiles, void* to, int64_t pitch) {
  for (int64_t i = 0; i < kSide; ++i)
    __builtin_memcpy(static_cast<char*>(to) + i * pitch, tiles.tile[T][i], sizeof tiles.tile[T][i]);
}
// The instruction sums a step's even and odd products apart, then both, then adds them to the tile.
template <int Sums, int Rows, int Columns>
static inline void tile_multiply(Tiles& tiles) {
  const auto low = [](uint32_t pair) { return __builtin_bit_cast(float, pair << 16); };
  const auto high = [](uint32_t pair) { return __builtin_bit_cast(float, pair & 0xffff0000u); };
  for (int64_t m = 0; m < kSide; ++m) {
    float even[kSide] = {}, odd[kSide] = {};
    for (int64_t k = 0; k < kSide; ++k) {
      const float a0 = low(tiles.tile[Rows][m][k]), a1 = high(tiles.tile[Rows][m][k]);
      for (int64_t n = 0; n < kSide; ++n) {
        even[n] += a0 * low(tiles.tile[Columns][k][n]);
        odd[n] += a1 * high(tiles.tile[Columns][k][n]);
      }
    }
    for (int64_t n = 0; n < kSide; ++n)
      tiles.tile[Sums][m][n] = __builtin_bit_cast(
          uint32_t, __builtin_bit_cast(float, tiles.tile[Sums][m][n]) + (even[n] + odd[n]));
  }
}
#endif

// One or two tiles of rows by one or two of columns.
template <int M, int N>
static void multiply_tiles(const uint16_t* rows, int64_t pitch, const uint16_t* panel, int64_t steps,
                           bool fresh, float* sums) {
  constexpr int64_t kLine = kBf16Block * sizeof(float);
  Tiles tiles;
  float* below = sums + kSide * kBf16Block;
  if (fresh) {
    tile_zero<0>(tiles);
    if constexpr (N > 1) tile_zero<1>(tiles);
    if constexpr (M > 1) tile_zero<2>(tiles);
    if constexpr (M > 1 && N > 1) tile_zero<3>(tiles);
  } else {
    tile_load<0>(tiles, sums, kLine);
    if constexpr (N > 1) tile_load<1>(tiles, sums + kSide, kLine);
    if constexpr (M > 1) tile_load<2>(tiles, below, kLine);
    if constexpr (M > 1 && N > 1) tile_load<3>(tiles, below + kSide, kLine);
  }
  const int64_t row_bytes = pitch * static_cast<int64_t>(sizeof(uint16_t));
  for (int64_t step = 0; step < steps; ++step, rows += kBf16Block, panel += kBf16Block * kBf16Block) {
    tile_load<4>(tiles, rows, row_bytes);
    tile_load<6>(tiles, panel, kLine);
    tile_multiply<0, 4, 6>(tiles);
    if constexpr (N > 1) tile_load<7>(tiles, panel + 2 * kSide, kLine), tile_multiply<1, 4, 7>(tiles);
    if constexpr (M > 1) tile_load<5>(tiles, rows + kSide * pitch, row_bytes), tile_multiply<2, 5, 6>(tiles);
    if constexpr (M > 1 && N > 1) tile_multiply<3, 5, 7>(tiles);
  }
  tile_store<0>(tiles, sums, kLine);
  if constexpr (N > 1) tile_store<1>(tiles, sums + kSide, kLine);
  if constexpr (M > 1) tile_store<2>(tiles, below, kLine);
  if constexpr (M > 1 && N > 1) tile_store<3>(tiles, below + kSide, kLine);
}

static void multiply(const uint16_t* rows, int64_t pitch, const uint16_t* panel, int64_t steps,
                     int64_t row_count, int64_t column_count, bool fresh, float* sums) {
  if (row_count > kSide && column_count > kSide)
    multiply_tiles<2, 2>(rows, pitch, panel, steps, fresh, sums);
  else if (row_count > kSide)
    multiply_tiles<2, 1>(rows, pitch, panel, steps, fresh, sums);
  else if (column_count > kSide)
    multiply_tiles<1, 2>(rows, pitch, panel, steps, fresh, sums);
  else
    multiply_tiles<1, 1>(rows, pitch, panel, steps, fresh, sums);
}
