// Local response normalisation (paper, section 3.3) and the overlapping max-pool behind it (3.4), in one pass
// over x:
//   s_i = k + alpha * sum_{|j - i| <= size/2, same group} x_j^2,  b_i = x_i * s_i^-beta,  y = max of b over
//   the window.
// Normalised rows live in a ring of pool_size rows, in the cache, never in memory; the backward pass computes
// them again, finds each window's first maximum, scatters dy into a ring of gradient rows, and takes a row
// through the normalisation as soon as no later window can touch it:
//   dx_i = dy_i s_i^-beta - 2 alpha beta x_i * sum_{|j - i| <= size/2} dy_j x_j s_j^{-beta-1}.
// Bound by memory: x once and y (forward); x, dy and dx once (backward).

// s^-beta; for the paper's 0.75 two square roots and a division.
static inline float power(float s, float beta) {
  if (beta == 0.75f) {
    const float root = __builtin_sqrtf(s);
    return 1.0f / (root * __builtin_sqrtf(root));
  }
  if (beta == 0.5f) return 1.0f / __builtin_sqrtf(s);
  return __builtin_powf(s, -beta);
}

// A row of pixels is normalised as one long vector: each pixel's groups lie behind one another with size/2
// zeros on both sides, so that a window's sum is size shifted additions over the whole row, whatever the
// number of channels.
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

static void powers(float k, float alpha, float beta, const float* __restrict sums, float* __restrict to,
                   int64_t length) {
  if (beta == 0.75f) {
    for (int64_t i = 0; i < length; ++i) {
      const float root = __builtin_sqrtf(k + alpha * sums[i]);
      to[i] = 1.0f / (root * __builtin_sqrtf(root));
    }
  } else {
    for (int64_t i = 0; i < length; ++i) to[i] = power(k + alpha * sums[i], beta);
  }
}

static void squares_of(const PaddedRow& row, int64_t half, const float* __restrict x, float* __restrict to) {
  for (int64_t g = 0; g < row.count; ++g, x += row.own, to += row.padded) {
    for (int64_t i = 0; i < half; ++i) to[i] = to[half + row.own + i] = 0;
    for (int64_t i = 0; i < row.own; ++i) to[half + i] = x[i] * x[i];
  }
  for (int64_t i = 0; i < 2 * half; ++i) to[i] = 0;
}

// One row; scratch: two padded rows.
static void lrn_row(const Lrn& lrn, const float* __restrict x, float* __restrict y, int64_t pixels,
                    int64_t channels, float* __restrict scratch) {
  const PaddedRow row = padded_row(lrn, pixels, channels);
  const int64_t half = lrn.size / 2;
  float* sums = scratch + padded_floats(lrn, pixels, channels);
  squares_of(row, half, x, scratch);
  window_sums(scratch, row.length(), lrn.size, sums);
  powers(lrn.k, lrn.alpha, lrn.beta, sums, scratch, row.length());
  for (int64_t g = 0; g < row.count; ++g, x += row.own, y += row.own) {
    const float* normaliser = scratch + g * row.padded;
    for (int64_t i = 0; i < row.own; ++i) y[i] = x[i] * normaliser[i];
  }
}

// Rows of this many pixels at a time where an op has no rows of its own.
static constexpr int64_t kRowPixels = 64;

static void lrn_forward(const Lrn& lrn, const float* x, float* y, int64_t pixels, int64_t channels,
                        float* scratch) {
  for (int64_t p = 0; p < pixels; p += kRowPixels) {
    const int64_t count = pixels - p < kRowPixels ? pixels - p : kRowPixels;
    lrn_row(lrn, x + p * channels, y + p * channels, count, channels, scratch);
  }
}

// One row; scratch: four padded rows.
static void lrn_backward_row(const Lrn& lrn, const float* __restrict x, const float* __restrict dy,
                             float* __restrict dx, int64_t pixels, int64_t channels, int activation,
                             float* __restrict scratch) {
  const PaddedRow row = padded_row(lrn, pixels, channels);
  const int64_t half = lrn.size / 2, floats = padded_floats(lrn, pixels, channels);
  float* sums = scratch + floats;
  float* normaliser = sums + floats;
  float* terms = normaliser + floats;
  const float factor = 2 * lrn.alpha * lrn.beta, k = lrn.k, alpha = lrn.alpha;
  squares_of(row, half, x, scratch);
  window_sums(scratch, row.length(), lrn.size, sums);
  powers(k, alpha, lrn.beta, sums, normaliser, row.length());
  for (int64_t g = 0; g < row.count; ++g) {
    const float* xs = x + g * row.own;
    const float* dys = dy + g * row.own;
    const float* n = normaliser + g * row.padded;
    const float* s = sums + g * row.padded;
    float* t = terms + g * row.padded;
    for (int64_t i = 0; i < half; ++i) t[i] = t[half + row.own + i] = 0;
    for (int64_t i = 0; i < row.own; ++i) t[half + i] = dys[i] * xs[i] * n[i] / (k + alpha * s[i]);
  }
  for (int64_t i = 0; i < 2 * half; ++i) terms[row.length() + i] = 0;
  window_sums(terms, row.length(), lrn.size, scratch);
  for (int64_t g = 0; g < row.count; ++g, x += row.own, dy += row.own, dx += row.own) {
    const float* n = normaliser + g * row.padded;
    const float* sum = scratch + g * row.padded;
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
  for (int64_t p = 0; p < pixels; p += kRowPixels) {
    const int64_t count = pixels - p < kRowPixels ? pixels - p : kRowPixels, at = p * channels;
    lrn_backward_row(lrn, x + at, dy + at, dx + at, count, channels, activation, scratch);
  }
}

static size_t lrn_scratch(const Lrn& lrn, int64_t channels) {
  return static_cast<size_t>(4 * padded_floats(lrn, kRowPixels, channels));
}

static size_t lrn_pool_scratch(const LrnPool& p) {
  const int64_t row = p.x.width * p.x.channels;
  return static_cast<size_t>((2 * p.pool_size + 1) * row + 4 * padded_floats(p.lrn, p.x.width, p.x.channels) +
                             64);
}

// Rows of the image as the pool sees them: a ring of normalised rows, or x itself.
struct Rows {
  const LrnPool& op;
  const float* image;
  float* ring;
  float* scratch;
  int64_t ready;  // rows before this one have been normalised

  const float* row(int64_t h) {
    const int64_t length = op.x.width * op.x.channels;
    if (!op.normalise) return image + h * length;
    for (; ready <= h; ++ready)
      lrn_forward(op.lrn, image + ready * length, ring + ready % op.pool_size * length, op.x.width,
                  op.x.channels, scratch);
    return ring + h % op.pool_size * length;
  }
};

static inline void maximum(const float* __restrict from, float* __restrict to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i] > to[i] ? from[i] : to[i];
}

static void lrn_pool_forward(const LrnPool& op, const float* x, float* y, int64_t image_begin,
                             int64_t image_end, int64_t row_begin, int64_t row_end, float* scratch) {
  const int64_t channels = op.x.channels, line = op.x.width * channels;
  float* ring = scratch;
  float* tallest = ring + op.pool_size * line;  // the maximum over the window's rows, of every column
  float* more = tallest + line;
  for (int64_t n = image_begin; n < image_end; ++n) {
    Rows rows{op, x + n * op.x.height * line, ring, more, row_begin * op.pool_stride};
    for (int64_t oh = row_begin; oh < row_end; ++oh) {
      float* out = y + (n * op.out_height + oh) * op.out_width * channels;
      const int64_t h0 = oh * op.pool_stride;
      const int64_t h1 = h0 + op.pool_size < op.x.height ? h0 + op.pool_size : op.x.height;
      if (rows.ready < h0) rows.ready = h0;
      __builtin_memcpy(tallest, rows.row(h0), sizeof(float) * line);
      for (int64_t h = h0 + 1; h < h1; ++h) maximum(rows.row(h), tallest, line);
      for (int64_t ow = 0; ow < op.out_width; ++ow) {
        const int64_t w0 = ow * op.pool_stride;
        const int64_t w1 = w0 + op.pool_size < op.x.width ? w0 + op.pool_size : op.x.width;
        __builtin_memcpy(out + ow * channels, tallest + w0 * channels, sizeof(float) * channels);
        for (int64_t w = w0 + 1; w < w1; ++w) maximum(tallest + w * channels, out + ow * channels, channels);
      }
    }
  }
}

// One window: dy goes to the first maximum in row-major order. values and gradients: pointers to the window's
// pixels.
static void scatter_window(const float* const* values, float* const* gradients, int64_t count,
                           int64_t channels, const float* dy) {
  typedef int32_t ivec __attribute__((vector_size(4 * ALEXNET_LANES)));
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) {
    vec best = load(values[0] + c);
    ivec place = {};
    for (int64_t t = 1; t < count; ++t) {
      const vec value = load(values[t] + c);
      const ivec better = value > best;
      best = better ? value : best;
      place = better ? ivec{} + static_cast<int32_t>(t) : place;
    }
    const vec g = load(dy + c);
    for (int64_t t = 0; t < count; ++t) {
      const ivec here = place == ivec{} + static_cast<int32_t>(t);
      store(gradients[t] + c, load(gradients[t] + c) + (here ? g : vec{}));
    }
  }
  for (; c < channels; ++c) {
    int64_t place = 0;
    for (int64_t t = 1; t < count; ++t)
      if (values[t][c] > values[place][c]) place = t;
    gradients[place][c] += dy[c];
  }
}

// The largest pool window the backward pass takes, in pixels a side (CpuBackend::check).
static constexpr int64_t kMostPoolSize = 16;

static void lrn_pool_backward(const LrnPool& op, const float* x, const float* dy, float* dx,
                              int64_t image_begin, int64_t image_end, float* scratch) {
  const int64_t channels = op.x.channels, line = op.x.width * channels, height = op.x.height;
  float* ring = scratch;
  float* gradients = ring + op.pool_size * line;
  float* more = gradients + op.pool_size * line;
  for (int64_t n = image_begin; n < image_end; ++n) {
    const float* image = x + n * height * line;
    Rows rows{op, image, ring, more, 0};
    int64_t cleared = 0, done = 0;  // gradient rows [done, cleared) are in the ring
    const auto finish_rows = [&](int64_t until) {
      for (; done < until; ++done) {
        float* to = dx + (n * height + done) * line;
        const float* row = image + done * line;
        const float* from = gradients + done % op.pool_size * line;
        if (done >= cleared) {
          __builtin_memset(to, 0, sizeof(float) * line);
        } else if (op.normalise) {
          lrn_backward_row(op.lrn, row, from, to, op.x.width, channels, op.activation, more);
        } else {
          activation_backward(op.activation, row, from, to, line);
        }
      }
    };
    for (int64_t oh = 0; oh < op.out_height; ++oh) {
      const int64_t h0 = oh * op.pool_stride;
      const int64_t h1 = h0 + op.pool_size < height ? h0 + op.pool_size : height;
      finish_rows(h0);
      if (rows.ready < h0) rows.ready = h0;
      const float* lines[kMostPoolSize];
      for (int64_t h = h0; h < h1; ++h) lines[h - h0] = rows.row(h);
      if (cleared < h0) cleared = h0;
      for (; cleared < h1; ++cleared)
        __builtin_memset(gradients + cleared % op.pool_size * line, 0, sizeof(float) * line);
      for (int64_t ow = 0; ow < op.out_width; ++ow) {
        const int64_t w0 = ow * op.pool_stride;
        const int64_t w1 = w0 + op.pool_size < op.x.width ? w0 + op.pool_size : op.x.width;
        const float* values[kMostPoolSize * kMostPoolSize];
        float* targets[kMostPoolSize * kMostPoolSize];
        int64_t count = 0;
        for (int64_t h = h0; h < h1; ++h)
          for (int64_t w = w0; w < w1; ++w, ++count) {
            values[count] = lines[h - h0] + w * channels;
            targets[count] = gradients + h % op.pool_size * line + w * channels;
          }
        scatter_window(values, targets, count, channels,
                       dy + ((n * op.out_height + oh) * op.out_width + ow) * channels);
      }
    }
    finish_rows(height);
  }
}
