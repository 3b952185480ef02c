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

// Window sums of `from` (length count) into `to`; padded holds count + size floats, zeros at both ends.
static void window_sums(const float* from, int64_t count, int64_t size, float* padded, float* to) {
  const int64_t before = size / 2;
  for (int64_t i = 0; i < before; ++i) padded[i] = 0, padded[before + count + i] = 0;
  __builtin_memcpy(padded + before, from, sizeof(float) * count);
  if (size / 2 == 2) {
    for (int64_t i = 0; i < count; ++i)
      to[i] = padded[i] + padded[i + 1] + padded[i + 2] + padded[i + 3] + padded[i + 4];
    return;
  }
  for (int64_t i = 0; i < count; ++i) to[i] = padded[i];
  for (int64_t j = 1; j <= 2 * before; ++j)
    for (int64_t i = 0; i < count; ++i) to[i] += padded[i + j];
}

// normaliser[i] = s_i^-beta; if scale is given, scale[i] = s_i. Scratch: 2 * channels + 2 * size.
static void normaliser_of(const Lrn& lrn, const float* x, int64_t channels, float* normaliser, float* scale,
                          float* scratch) {
  const int64_t own = channels / lrn.groups;
  float* squares = scratch;
  float* padded = scratch + own;
  for (int64_t g = 0; g < lrn.groups; ++g, x += own, normaliser += own) {
    for (int64_t i = 0; i < own; ++i) squares[i] = x[i] * x[i];
    window_sums(squares, own, lrn.size, padded, normaliser);
    const float k = lrn.k, alpha = lrn.alpha, beta = lrn.beta;
    if (scale) {
      for (int64_t i = 0; i < own; ++i) scale[i] = k + alpha * normaliser[i];
      scale += own;
    }
    if (beta == 0.75f) {
      for (int64_t i = 0; i < own; ++i) {
        const float root = __builtin_sqrtf(k + alpha * normaliser[i]);
        normaliser[i] = 1.0f / (root * __builtin_sqrtf(root));
      }
    } else {
      for (int64_t i = 0; i < own; ++i) normaliser[i] = power(k + alpha * normaliser[i], beta);
    }
  }
}

// Scratch: 3 * channels + 2 * size.
static void lrn_forward(const Lrn& lrn, const float* x, float* y, int64_t pixels, int64_t channels,
                        float* scratch) {
  for (int64_t p = 0; p < pixels; ++p, x += channels, y += channels) {
    normaliser_of(lrn, x, channels, scratch, nullptr, scratch + channels);
    for (int64_t i = 0; i < channels; ++i) y[i] = x[i] * scratch[i];
  }
}

static inline float derivative(int activation, float y) {
  return activation == 1 ? (y > 0 ? 1.0f : 0.0f) : activation == 2 ? 1.0f - y * y : 1.0f;
}

// Scratch: 6 * channels + 4 * size.
static void lrn_backward(const Lrn& lrn, const float* x, const float* dy, float* dx, int64_t pixels,
                         int64_t channels, int activation, float* scratch) {
  float* normaliser = scratch;
  float* scale = normaliser + channels;
  float* terms = scale + channels;
  float* sums = terms + channels;
  float* more = sums + channels;
  const int64_t own = channels / lrn.groups;
  const float factor = 2 * lrn.alpha * lrn.beta;
  for (int64_t p = 0; p < pixels; ++p, x += channels, dy += channels, dx += channels) {
    normaliser_of(lrn, x, channels, normaliser, scale, more);
    for (int64_t i = 0; i < channels; ++i) terms[i] = dy[i] * x[i] * normaliser[i] / scale[i];
    for (int64_t g = 0; g < lrn.groups; ++g)
      window_sums(terms + g * own, own, lrn.size, more, sums + g * own);
    for (int64_t i = 0; i < channels; ++i) dx[i] = dy[i] * normaliser[i] - factor * x[i] * sums[i];
    if (activation == 1) {
      for (int64_t i = 0; i < channels; ++i) dx[i] = x[i] > 0 ? dx[i] : 0;
    } else if (activation == 2) {
      for (int64_t i = 0; i < channels; ++i) dx[i] *= 1 - x[i] * x[i];
    }
  }
}

static size_t lrn_pool_scratch(const LrnPool& p) {
  const int64_t row = p.x.width * p.x.channels;
  return static_cast<size_t>(2 * p.pool_size * row + 8 * p.x.channels + 4 * p.lrn.size + 64);
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

static void lrn_pool_forward(const LrnPool& op, const float* x, float* y, int64_t image_begin,
                             int64_t image_end, int64_t row_begin, int64_t row_end, float* scratch) {
  const int64_t channels = op.x.channels, line = op.x.width * channels;
  float* ring = scratch;
  float* more = scratch + op.pool_size * line;
  for (int64_t n = image_begin; n < image_end; ++n) {
    Rows rows{op, x + n * op.x.height * line, ring, more, row_begin * op.pool_stride};
    for (int64_t oh = row_begin; oh < row_end; ++oh) {
      float* out = y + (n * op.out_height + oh) * op.out_width * channels;
      const int64_t h0 = oh * op.pool_stride;
      const int64_t h1 = h0 + op.pool_size < op.x.height ? h0 + op.pool_size : op.x.height;
      if (rows.ready < h0) rows.ready = h0;
      for (int64_t h = h0; h < h1; ++h) {
        const float* row = rows.row(h);
        for (int64_t ow = 0; ow < op.out_width; ++ow) {
          float* to = out + ow * channels;
          const int64_t w0 = ow * op.pool_stride;
          const int64_t w1 = w0 + op.pool_size < op.x.width ? w0 + op.pool_size : op.x.width;
          for (int64_t w = w0; w < w1; ++w) {
            const float* from = row + w * channels;
            if (h == h0 && w == w0) {
              __builtin_memcpy(to, from, sizeof(float) * channels);
            } else {
              for (int64_t c = 0; c < channels; ++c) to[c] = from[c] > to[c] ? from[c] : to[c];
            }
          }
        }
      }
    }
  }
}

// best[c], place[c]: the window's first maximum in row-major order. Lines: pointers to the window's rows at
// column 0.
static void first_maximum(const float* const* lines, int64_t height, int64_t w0, int64_t width,
                          int64_t channels, float* best, int32_t* place) {
  const float* first = lines[0] + w0 * channels;
  for (int64_t c = 0; c < channels; ++c) best[c] = first[c], place[c] = 0;
  for (int64_t h = 0; h < height; ++h)
    for (int64_t w = 0; w < width; ++w) {
      const float* from = lines[h] + (w0 + w) * channels;
      const int32_t here = static_cast<int32_t>(h * width + w);
      for (int64_t c = 0; c < channels; ++c) {
        const bool better = from[c] > best[c];
        best[c] = better ? from[c] : best[c];
        place[c] = better ? here : place[c];
      }
    }
}

static constexpr int64_t kMostPoolRows = 64;

static void lrn_pool_backward(const LrnPool& op, const float* x, const float* dy, float* dx,
                              int64_t image_begin, int64_t image_end, float* scratch) {
  const int64_t channels = op.x.channels, line = op.x.width * channels, height = op.x.height;
  float* ring = scratch;
  float* gradients = ring + op.pool_size * line;
  float* best = gradients + op.pool_size * line;
  auto* place = reinterpret_cast<int32_t*>(best + channels);
  float* more = best + 2 * channels;
  for (int64_t n = image_begin; n < image_end; ++n) {
    const float* image = x + n * height * line;
    Rows rows{op, image, ring, more, 0};
    int64_t cleared = 0, done = 0;  // gradient rows [done, cleared) are in the ring
    const auto finish_rows = [&](int64_t until) {
      for (; done < until; ++done) {
        float* to = dx + (n * height + done) * line;
        const float* row = image + done * line;
        if (done >= cleared) {
          __builtin_memset(to, 0, sizeof(float) * line);
          continue;
        }
        const float* from = gradients + done % op.pool_size * line;
        if (op.normalise) {
          lrn_backward(op.lrn, row, from, to, op.x.width, channels, op.activation, more);
        } else if (op.activation == 0) {
          __builtin_memcpy(to, from, sizeof(float) * line);
        } else {
          for (int64_t i = 0; i < line; ++i) to[i] = from[i] * derivative(op.activation, row[i]);
        }
      }
    };
    for (int64_t oh = 0; oh < op.out_height; ++oh) {
      const int64_t h0 = oh * op.pool_stride;
      const int64_t h1 = h0 + op.pool_size < height ? h0 + op.pool_size : height;
      finish_rows(h0);
      if (rows.ready < h0) rows.ready = h0;
      const float* lines[kMostPoolRows];
      for (int64_t h = h0; h < h1; ++h) lines[h - h0] = rows.row(h);
      if (cleared < h0) cleared = h0;
      for (; cleared < h1; ++cleared)
        __builtin_memset(gradients + cleared % op.pool_size * line, 0, sizeof(float) * line);
      for (int64_t ow = 0; ow < op.out_width; ++ow) {
        const int64_t w0 = ow * op.pool_stride;
        const int64_t width = w0 + op.pool_size < op.x.width ? op.pool_size : op.x.width - w0;
        first_maximum(lines, h1 - h0, w0, width, channels, best, place);
        const float* from = dy + ((n * op.out_height + oh) * op.out_width + ow) * channels;
        for (int64_t h = h0; h < h1; ++h)
          for (int64_t w = 0; w < width; ++w) {
            float* to = gradients + h % op.pool_size * line + (w0 + w) * channels;
            const int32_t here = static_cast<int32_t>((h - h0) * width + w);
            for (int64_t c = 0; c < channels; ++c) to[c] += place[c] == here ? from[c] : 0.0f;
          }
      }
    }
    finish_rows(height);
  }
}
