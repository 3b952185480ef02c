// The register tile that all matrix products use: up to `rows` sources x two vectors of outputs, summed in
// registers over runs of elements. A source is broadcast element by element directly from memory, through its
// own pointer; the other operand is a packed panel, two vectors a step. Two loads and `rows` broadcasts feed
// 2 * rows multiply-adds, so the multipliers are the limit, not the loads.

// `rows` is chosen so that the sums, two vectors a row, take 12 of 16 vector registers, or 20 of 32; the
// others hold two vectors of the panel and a broadcast. (The rows' pointers have to fit the general
// registers, too.)
#if defined(__AVX512F__) || defined(__aarch64__)
#define ALEXNET_ROWS 10
#else
#define ALEXNET_ROWS 6
#endif

struct Tile {
  const float* const* sources;  // taps x rows pointers, for the taps used
  const float* const* panels;   // the packed panel of each tap
  int64_t taps, inner;          // runs, and their length
};

template <int M>
static void multiply(const Tile& tile, vec (&sum)[ALEXNET_ROWS][2]) {
  vec acc[M][2];
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m) acc[m][0] = acc[m][1] = vec{};
  for (int64_t t = 0; t < tile.taps; ++t) {
    const float* source[M];
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m) source[m] = tile.sources[t * ALEXNET_ROWS + m];
    const float* b = tile.panels[t];
#pragma GCC unroll 2
    for (int64_t i = 0; i < tile.inner; ++i, b += 2 * kLanes) {
      const vec b0 = load(b), b1 = load(b + kLanes);
#pragma GCC unroll 16
      for (int m = 0; m < M; ++m) {
        const vec a = broadcast(source[m][i]);
        acc[m][0] += a * b0;
        acc[m][1] += a * b1;
      }
    }
  }
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m) sum[m][0] = acc[m][0], sum[m][1] = acc[m][1];
}

static void multiply_rows(int rows, const Tile& tile, vec (&sum)[ALEXNET_ROWS][2]) {
  switch (rows) {
    case 1:
      return multiply<1>(tile, sum);
    case 2:
      return multiply<2>(tile, sum);
    case 3:
      return multiply<3>(tile, sum);
    case 4:
      return multiply<4>(tile, sum);
    case 5:
      return multiply<5>(tile, sum);
    case 6:
      return multiply<6>(tile, sum);
#if ALEXNET_ROWS > 6
    case 7:
      return multiply<7>(tile, sum);
    case 8:
      return multiply<8>(tile, sum);
    case 9:
      return multiply<9>(tile, sum);
    case 10:
      return multiply<10>(tile, sum);
#endif
  }
}

// Writes up to 2 * kLanes outputs of one pixel to memory.
static inline void finish(const GatherGemm& g, vec s0, vec s1, int64_t j, float* to, const float* bias) {
  const int64_t left = g.outputs - j;
  float row[2 * kLanes];
  const bool whole = left >= 2 * kLanes;
  float* out = to + j;
  if (!whole) {
    for (int i = 0; i < 2 * kLanes; ++i) row[i] = i < left ? out[i] : 0;
    out = row;
  }
  if (g.accumulate) s0 += load(out), s1 += load(out + kLanes);
  if (bias) s0 += load(bias), s1 += load(bias + kLanes);
  if (g.activation == 1) s0 = s0 < 0 ? vec{} : s0, s1 = s1 < 0 ? vec{} : s1;
  store(out, s0);
  store(out + kLanes, s1);
  if (g.activation == 2) activation_forward(2, out, out, 2 * kLanes);
  if (g.scale != 1) scale(g.scale, out, out, 2 * kLanes);
  if (!whole)
    for (int64_t i = 0; i < left; ++i) to[j + i] = row[i];
}

// The same for a single sum; `old` is the target's previous value.
static inline float finished(const GatherGemm& g, float sum, float old, int64_t j) {
  if (g.accumulate) sum += old;
  if (g.bias) sum += g.bias[j];
  if (g.activation == 1) sum = sum < 0 ? 0 : sum;
  if (g.activation == 2) sum = tanh_of(sum);
  return sum * g.scale;
}

// Allocates pieces of a thread's scratch, in whole cache lines.
struct Scratch {
  float* next;
  float* take(int64_t floats) {
    float* got = next;
    next += (floats + 15) / 16 * 16;
    return got;
  }
};

// Weights are prefetched, a few cache lines for every tile computed: otherwise the multipliers would wait for
// memory, and the memory for the multipliers.
static constexpr int64_t kLine = 64;  // bytes

template <class Number>
static void ask_for(const Number* from, int64_t pitch, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; c += kLine / static_cast<int64_t>(sizeof(Number)))
      __builtin_prefetch(from + r * pitch + c, 0, 2);
}
