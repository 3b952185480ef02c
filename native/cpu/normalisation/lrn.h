// Local response normalisation (paper, section 3.3):
//   s_i = k + alpha * sum_{|j - i| <= size/2, same group} x_j^2,  y_i = x_i * s_i^-beta
//   dx_i = dy_i s_i^-beta - 2 alpha beta x_i * sum_{|j - i| <= size/2} dy_j x_j s_j^{-beta-1}.
//
// A few pixels are processed at a time. First the terms of the window sums (the squares, or the terms of dx's
// sum) are written to a copy in the first-level cache, with zeros around every group. Then each vector of
// results is computed entirely in registers; its window sum comes from shifted loads of the copy. By then the
// copy's stores have completed: a load that spans two pending stores would wait for both.

// The rest of a row after its last full vector goes through the same code, one element at a time.
typedef float lane __attribute__((vector_size(4)));

template <class V>
static inline V load_as(const float* from) {
  V value;
  __builtin_memcpy(&value, from, sizeof(V));
  return value;
}
template <class V>
static inline void put(float* to, V value) {
  __builtin_memcpy(to, &value, sizeof(V));
}

// Calls body(V{}, offset) over [0, count); V is the vector's type, offset where the vector begins.
template <class Body>
static inline void each_vector(int64_t count, const Body& body) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) body(vec{}, i);
  for (; i < count; ++i) body(lane{}, i);
}

static inline float power(float s, float beta) {
  if (beta == 0.75f) {
    const float root = __builtin_sqrtf(s);
    return 1.0f / (root * __builtin_sqrtf(root));
  }
  if (beta == 0.5f) return 1.0f / __builtin_sqrtf(s);
  return __builtin_powf(s, -beta);
}

// The range of s for which inverse_three_quarters is accurate.
static constexpr float kLeastQuick = 0x1p-100f, kMostQuick = 0x1p100f;

// s^-3/4. The bits of a float32, as an integer, are nearly its logarithm; a quarter of them gives t, which is
// s^-1/4 to within 3 %. With miss = 1 - s t^4, s^-3/4 = t^3 (1 - miss)^-3/4; the polynomial approximates the
// last factor to 6e-8 for all possible values of miss.
template <class V>
static inline V inverse_three_quarters(V s) {
  using Bits = decltype(s > s);
  const V t = (V)(0x4f581800 - ((Bits)s >> 2));
  const V square = t * t, miss = 1.0f - s * square * square;
  V sum = 0.54744135f * miss + 0.57592127f;
  sum = sum * miss + 0.60149395f;
  sum = sum * miss + 0.6561812f;
  sum = sum * miss + 0.75000006f;
  sum = sum * miss + 1.0f;
  return square * t * sum;
}

// 1 / s, given s^-3/4.
template <class V>
static inline V inverse_from(V s, V three_quarters) {
  const V root = three_quarters * (three_quarters * s);
  return root * root;
}

template <class V>
struct Powers {
  V normaliser, inverse;  // s^-beta, 1 / s
};

// Quick: beta is 0.75 and all of s lie between kLeastQuick and kMostQuick. Otherwise each element is handled
// separately, so that its powers never depend on the other elements of the vector.
template <bool Quick, class V>
static inline Powers<V> powers_of(V s, float beta) {
  if constexpr (Quick) {
    const V normaliser = inverse_three_quarters(s);
    return {normaliser, inverse_from(s, normaliser)};
  }
  Powers<V> all{};
  for (size_t i = 0; i < sizeof(V) / sizeof(float); ++i) {
    if (beta == 0.75f && s[i] >= kLeastQuick && s[i] <= kMostQuick) {
      const Powers<lane> one = powers_of<true>(lane{s[i]}, beta);
      all.normaliser[i] = one.normaliser[0], all.inverse[i] = one.inverse[0];
    } else {
      all.normaliser[i] = power(s[i], beta), all.inverse[i] = 1.0f / s[i];
    }
  }
  return all;
}

// A copy of a few pixels: every group with zeros before and after it.
struct PaddedRow {
  int64_t own, half, pitch;  // channels of a group, zeros on either side, floats from group to group

  float* group(float* copy, int64_t g) const { return copy + half + g * pitch; }
};

static PaddedRow padded_row(const Lrn& lrn, int64_t channels) {
  const int64_t own = channels / lrn.groups, half = lrn.size / 2;
  return {own, half, own + half};
}

// Pixels processed at a time: their copies fit in the first-level cache.
static int64_t block_pixels(const Lrn& lrn, int64_t channels) {
  const int64_t pixels = 1024 / (channels + lrn.groups * (lrn.size / 2));
  return pixels > 1 ? pixels : 1;
}

// Floats of one padded copy.
static int64_t padded_floats(const Lrn& lrn, int64_t channels) {
  const PaddedRow row = padded_row(lrn, channels);
  return (row.half + block_pixels(lrn, channels) * lrn.groups * row.pitch + kLanes) / kLanes * kLanes;
}

// The sum over the window around the element at `centre`.
template <class V>
static inline V window_sum(const float* centre, int64_t half) {
  if (half == 2) {
    return (load_as<V>(centre - 2) + load_as<V>(centre + 2)) +
           (load_as<V>(centre - 1) + load_as<V>(centre + 1)) + load_as<V>(centre);
  }
  V sum = load_as<V>(centre);
  for (int64_t j = 1; j <= half; ++j) sum += load_as<V>(centre - j) + load_as<V>(centre + j);
  return sum;
}

// Floats to prefetch, about a block: the other work between two rows stops the hardware prefetcher.
static constexpr int64_t kAhead = 1024;

// Squares of `count` groups to the copy; returns their sum, which no NaN is lost in.
static float squares_of(const PaddedRow& row, int64_t count, const float* x, float* copy) {
  vec sums{};
  float sum = 0;
  for (int64_t g = 0; g < count; ++g, x += row.own) {
    float* to = row.group(copy, g);
    each_vector(row.own, [&](auto zero, int64_t i) {
      using V = decltype(zero);
      __builtin_prefetch(x + i + kAhead);
      const V value = load_as<V>(x + i), square = value * value;
      put(to + i, square);
      if constexpr (sizeof(V) == sizeof(vec)) {
        sums += square;
      } else {
        sum += square[0];
      }
    });
  }
  for (int i = 0; i < kLanes; ++i) sum += sums[i];
  return sum;
}

// Calls emit(x, powers, where) for each vector of the groups whose squares are in the copy.
template <bool Quick, class Emit>
static inline void each_power(const Lrn lrn, const PaddedRow row, int64_t count, const float* x, float* copy,
                              const Emit emit) {
  for (int64_t g = 0; g < count; ++g) {
    const float* squares = row.group(copy, g);
    each_vector(row.own, [=](auto zero, int64_t i) {
      using V = decltype(zero);
      const V s = lrn.k + lrn.alpha * window_sum<V>(squares + i, row.half);
      const Powers<V> powers = powers_of<Quick>(s, lrn.beta);
      emit(load_as<V>(x + g * row.own + i), powers, g * row.own + i);
    });
  }
}

// The same for a block of pixels, squares and all; false where a NaN may be among the results. copy: zeros,
// but for what earlier blocks left.
template <class Emit>
static inline bool normalise_block(const Lrn& lrn, const float* x, int64_t pixels, int64_t channels,
                                   float* copy, const Emit& emit) {
  const PaddedRow row = padded_row(lrn, channels);
  const int64_t count = pixels * lrn.groups;
  // No window's sum of squares is greater than all squares'.
  const float most = lrn.k + lrn.alpha * squares_of(row, count, x, copy);
  if (lrn.beta == 0.75f && lrn.alpha >= 0 && lrn.k >= kLeastQuick && most <= kMostQuick) {
    each_power<true>(lrn, row, count, x, copy, emit);
    return true;
  }
  each_power<false>(lrn, row, count, x, copy, emit);
  return false;
}

// Calls work(first pixel, pixels) for each block.
template <class Work>
static inline void each_block(const Lrn& lrn, int64_t pixels, int64_t channels, const Work& work) {
  const int64_t block = block_pixels(lrn, channels);
  for (int64_t p = 0; p < pixels; p += block) work(p, pixels - p < block ? pixels - p : block);
}

// y = x * s^-beta; false where a NaN may be among the results. copy: zeros, padded_floats.
static bool lrn_rows(const Lrn& lrn, const float* x, float* y, int64_t pixels, int64_t channels,
                     float* copy) {
  bool numbers = true;
  each_block(lrn, pixels, channels, [&](int64_t p, int64_t count) {
    numbers &= normalise_block(
        lrn, x + p * channels, count, channels, copy,
        [=](auto value, auto powers, int64_t i) { put(y + p * channels + i, value * powers.normaliser); });
  });
  return numbers;
}

static void lrn_forward(const Lrn& lrn, const float* x, float* y, int64_t pixels, int64_t channels,
                        float* scratch) {
  __builtin_memset(scratch, 0, sizeof(float) * padded_floats(lrn, channels));
  lrn_rows(lrn, x, y, pixels, channels, scratch);
}

// One block's dx from its normalisers and slopes, x s^{-beta-1}.
static void lrn_gradient(const Lrn& lrn, const float* x, const float* dy, const float* normaliser,
                         const float* slope, float* dx, int64_t pixels, int64_t channels, int activation,
                         float* copy) {
  const PaddedRow row = padded_row(lrn, channels);
  const int64_t groups = pixels * lrn.groups;
  const float factor = 2 * lrn.alpha * lrn.beta;
  for (int64_t g = 0; g < groups; ++g)
    each_vector(row.own, [&](auto zero, int64_t i) {
      using V = decltype(zero);
      const int64_t at = g * row.own + i;
      put(row.group(copy, g) + i, load_as<V>(dy + at) * load_as<V>(slope + at));
    });
  for (int64_t g = 0; g < groups; ++g) {
    const float* terms = row.group(copy, g);
    each_vector(row.own, [&](auto zero, int64_t i) {
      using V = decltype(zero);
      const int64_t at = g * row.own + i;
      const V value = load_as<V>(x + at);
      V d = load_as<V>(dy + at) * load_as<V>(normaliser + at) -
            factor * value * window_sum<V>(terms + i, row.half);
      if (activation == 1) d = value <= V{} ? V{} : d;
      if (activation == 2) d *= 1 - value * value;
      put(dx + at, d);
    });
  }
}

static size_t lrn_scratch(const Lrn& lrn, int64_t channels) {
  return static_cast<size_t>(2 * padded_floats(lrn, channels) + 2 * block_pixels(lrn, channels) * channels);
}

static void lrn_backward(const Lrn& lrn, const float* x, const float* dy, float* dx, int64_t pixels,
                         int64_t channels, int activation, float* scratch) {
  float* terms = scratch + padded_floats(lrn, channels);
  float* normaliser = terms + padded_floats(lrn, channels);
  float* slope = normaliser + block_pixels(lrn, channels) * channels;
  __builtin_memset(scratch, 0, sizeof(float) * 2 * padded_floats(lrn, channels));
  each_block(lrn, pixels, channels, [&](int64_t p, int64_t count) {
    const int64_t at = p * channels;
    normalise_block(lrn, x + at, count, channels, scratch, [=](auto value, auto powers, int64_t i) {
      put(normaliser + i, powers.normaliser);
      put(slope + i, value * powers.normaliser * powers.inverse);
    });
    lrn_gradient(lrn, x + at, dy + at, normaliser, slope, dx + at, count, channels, activation, terms);
  });
}
