// Local response normalisation (lrn.h) and the overlapping max-pool behind it (paper, section 3.4) in one
// pass over x; and the max-pool alone.
//
// Normalised rows live in a ring of pool_size rows, in the cache, never in memory; the backward pass computes
// them again, finds each window's first maximum, scatters dy into a ring of gradient rows, and takes a row
// through the normalisation as soon as no later window can touch it.
// Bound by memory: x once and y (forward); x, dy and dx once (backward).

static size_t lrn_pool_scratch(const LrnPool& p) {
  const int64_t row = p.x.width * p.x.channels;
  return static_cast<size_t>((2 * p.pool_size + 1) * row) + lrn_scratch(p.lrn, p.x.channels) + 64;
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
          lrn_backward(op.lrn, row, from, to, op.x.width, channels, op.activation, more);
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
