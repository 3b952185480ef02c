// Local response normalisation (paper, section 3.3):
//   s_i = k + alpha * sum_{|j - i| <= size/2, same group} x_j^2,  y_i = x_i * s_i^-beta
//   dx_i = dy_i s_i^-beta - 2 alpha beta x_i * sum_{|j - i| <= size/2} dy_j x_j s_j^{-beta-1}.
//
// A few pixels at a time are normalised as one long vector that stays in the first-level cache: each pixel's
// groups lie behind one another with size/2 zeros on both sides, so that a window's sum is size shifted
// additions over all of it, whatever the number of channels. s^-0.75 is the cube of s^-1/4, which Newton's
// method finds from the number's bits in fewer cycles than the square roots and the division would take.

static inline float power(float s, float beta) {
  if (beta == 0.75f) {
    const float root = __builtin_sqrtf(s);
    return 1.0f / (root * __builtin_sqrtf(root));
  }
  if (beta == 0.5f) return 1.0f / __builtin_sqrtf(s);
  return __builtin_powf(s, -beta);
}

// The numbers inverse_fourth_root is good for: from 2^-100 to 2^100, as bits.
static constexpr uint32_t kLeastBits = 27u << 23, kMostBits = 227u << 23;

// s^-1/4. A quarter of the bits is nearly a quarter of the logarithm: 3 % off, and each step takes the error
// e to about 7 e^3.
static inline float inverse_fourth_root(float s) {
  float t = __builtin_bit_cast(float, 0x4f586000 - (__builtin_bit_cast(int32_t, s) >> 2));
  for (int i = 0; i < 2; ++i) {
    const float square = t * t, miss = 1.0f - s * square * square;
    t += t * miss * (0.25f + 0.15625f * miss);
  }
  return t;
}

// normaliser = s^-beta; if steeper is given, also s^{-beta-1}.
static void powers(const Lrn& lrn, const float* __restrict sums, float* __restrict normaliser,
                   float* __restrict steeper, int64_t length) {
  const float k = lrn.k, alpha = lrn.alpha, beta = lrn.beta;
  uint32_t odd = beta == 0.75f ? 0 : 1;
  for (int64_t i = 0; beta == 0.75f && i < length; ++i) {
    const float s = k + alpha * sums[i], t = inverse_fourth_root(s), square = t * t;
    odd |= __builtin_bit_cast(uint32_t, s) - kLeastBits > kMostBits - kLeastBits ? 1u : 0u;
    normaliser[i] = square * t;
    if (steeper) steeper[i] = square * t * (square * square);
  }
  for (int64_t i = 0; i < length && odd; ++i) {
    const float s = k + alpha * sums[i];
    normaliser[i] = power(s, beta);
    if (steeper) steeper[i] = normaliser[i] / s;
  }
}

// The layout of a few pixels with their zeros.
struct PaddedRow {
  int64_t own, padded, count;  // channels of a group, with its zeros, and groups in the row
  int64_t length() const { return count * padded; }
};

static PaddedRow padded_row(const Lrn& lrn, int64_t pixels, int64_t channels) {
  const int64_t own = channels / lrn.groups;
  return {own, own + 2 * (lrn.size / 2), pixels * lrn.groups};
}

// Floats of one padded row and the zeros behind it.
static int64_t padded_floats(const Lrn& lrn, int64_t pixels, int64_t channels) {
  return padded_row(lrn, pixels, channels).length() + 2 * (lrn.size / 2) + 16;
}

// to[i] = sum of from[i ... i + size/2 * 2]; lengths of a padded row. Zeros behind the last group are the
// caller's.
static void window_sums(const float* __restrict from, int64_t length, int64_t size, float* __restrict to) {
  const int64_t reach = size / 2 * 2;
  if (reach == 4) {
    for (int64_t i = 0; i < length; ++i)
      to[i] = from[i] + from[i + 1] + from[i + 2] + from[i + 3] + from[i + 4];
    return;
  }
  for (int64_t i = 0; i < length; ++i) to[i] = from[i];
  for (int64_t j = 1; j <= reach; ++j)
    for (int64_t i = 0; i < length; ++i) to[i] += from[i + j];
}

static void squares_of(const PaddedRow& row, int64_t half, const float* __restrict x, float* __restrict to) {
  for (int64_t g = 0; g < row.count; ++g, x += row.own, to += row.padded) {
    for (int64_t i = 0; i < half; ++i) to[i] = to[half + row.own + i] = 0;
    for (int64_t i = 0; i < row.own; ++i) to[half + i] = x[i] * x[i];
  }
  for (int64_t i = 0; i < 2 * half; ++i) to[i] = 0;
}

// Scratch: two padded rows.
static void lrn_forward_block(const Lrn& lrn, const float* __restrict x, float* __restrict y, int64_t pixels,
                              int64_t channels, float* __restrict scratch) {
  const PaddedRow row = padded_row(lrn, pixels, channels);
  const int64_t half = lrn.size / 2;
  float* sums = scratch + padded_floats(lrn, pixels, channels);
  squares_of(row, half, x, scratch);
  window_sums(scratch, row.length(), lrn.size, sums);
  powers(lrn, sums, scratch, nullptr, row.length());
  for (int64_t g = 0; g < row.count; ++g, x += row.own, y += row.own) {
    const float* normaliser = scratch + g * row.padded;
    for (int64_t i = 0; i < row.own; ++i) y[i] = x[i] * normaliser[i];
  }
}

// Pixels at a time: the four rows of the backward pass lie in the first-level cache.
static int64_t block_pixels(const Lrn& lrn, int64_t channels) {
  const int64_t pixels = 1024 / (channels + 2 * lrn.groups * (lrn.size / 2));
  return pixels > 1 ? pixels : 1;
}

static void lrn_forward(const Lrn& lrn, const float* x, float* y, int64_t pixels, int64_t channels,
                        float* scratch) {
  const int64_t block = block_pixels(lrn, channels), step = block * channels;
  for (int64_t p = 0; p < pixels; p += block, x += step, y += step) {
    const int64_t count = pixels - p < block ? pixels - p : block;
    lrn_forward_block(lrn, x, y, count, channels, scratch);
  }
}

// Scratch: four padded rows.
static void lrn_backward_block(const Lrn& lrn, const float* __restrict x, const float* __restrict dy,
                               float* __restrict dx, int64_t pixels, int64_t channels, int activation,
                               float* __restrict scratch) {
  const PaddedRow row = padded_row(lrn, pixels, channels);
  const int64_t half = lrn.size / 2, floats = padded_floats(lrn, pixels, channels);
  float* sums = scratch + floats;
  float* normaliser = sums + floats;
  float* terms = normaliser + floats;
  float* steeper = scratch;  // the squares are done with by then
  const float factor = 2 * lrn.alpha * lrn.beta;
  squares_of(row, half, x, scratch);
  window_sums(scratch, row.length(), lrn.size, sums);
  powers(lrn, sums, normaliser, steeper, row.length());
  for (int64_t g = 0; g < row.count; ++g) {
    const float* xs = x + g * row.own;
    const float* dys = dy + g * row.own;
    const float* factors = steeper + g * row.padded;
    float* t = terms + g * row.padded;
    for (int64_t i = 0; i < half; ++i) t[i] = t[half + row.own + i] = 0;
    for (int64_t i = 0; i < row.own; ++i) t[half + i] = dys[i] * xs[i] * factors[i];
  }
  for (int64_t i = 0; i < 2 * half; ++i) terms[row.length() + i] = 0;
  window_sums(terms, row.length(), lrn.size, sums);
  for (int64_t g = 0; g < row.count; ++g, x += row.own, dy += row.own, dx += row.own) {
    const float* n = normaliser + g * row.padded;
    const float* sum = sums + g * row.padded;
    for (int64_t i = 0; i < row.own; ++i) dx[i] = dy[i] * n[i] - factor * x[i] * sum[i];
    if (activation == 1) {
      for (int64_t i = 0; i < row.own; ++i) dx[i] = x[i] > 0 ? dx[i] : 0;
    } else if (activation == 2) {
      for (int64_t i = 0; i < row.own; ++i) dx[i] *= 1 - x[i] * x[i];
    }
  }
}

static void lrn_backward(const Lrn& lrn, const float* x, const float* dy, float* dx, int64_t pixels,
                         int64_t channels, int activation, float* scratch) {
  const int64_t block = block_pixels(lrn, channels), step = block * channels;
  for (int64_t p = 0; p < pixels; p += block, x += step, dy += step, dx += step) {
    const int64_t count = pixels - p < block ? pixels - p : block;
    lrn_backward_block(lrn, x, dy, dx, count, channels, activation, scratch);
  }
}

static size_t lrn_scratch(const Lrn& lrn, int64_t channels) {
  return static_cast<size_t>(4 * padded_floats(lrn, block_pixels(lrn, channels), channels));
}
