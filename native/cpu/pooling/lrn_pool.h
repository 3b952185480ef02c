// Local response normalisation (lrn.h) and the overlapping max-pool after it (paper, section 3.4) in one pass
// over x; and the max-pool alone.
//
// Normalised rows are held in a ring of pool_size rows, in the cache, never in memory. The backward pass
// recomputes them and keeps, for every output, the place of its window's first maximum. It then collects each
// input's gradient from the few windows that the input lies in, while the input's row is normalised. Both
// passes are memory-bound: x and y once (forward); x, dy and dx once (backward).

// Rings of rows: row h lies at h % count.
struct Ring {
  float* rows;
  int64_t count, length;

  float* row(int64_t h) const { return rows + h % count * length; }
};

// How many rows of outputs have windows that contain a given input row, at most.
static int64_t rows_of_windows(const LrnPool& op) {
  return (op.pool_size + op.pool_stride - 1) / op.pool_stride;
}

// Floats of the ring of normalised rows; in the backward pass also of the rings of normalisers and of slopes.
static int64_t ring_floats(const LrnPool& op) {
  return op.normalise ? op.pool_size * op.x.width * op.x.channels : 0;
}

static size_t lrn_pool_scratch(const LrnPool& op) {
  const int64_t channels = op.x.channels;
  return static_cast<size_t>(3 * ring_floats(op) + rows_of_windows(op) * op.out_width * channels +
                             block_pixels(op.lrn, channels) * channels) +
         lrn_scratch(op.lrn, channels);
}

struct Range {
  int64_t begin, end;
};

// Input rows or columns in the window of output `out`.
static inline Range window_of(int64_t out, const LrnPool& op, int64_t extent) {
  const int64_t begin = out * op.pool_stride, end = begin + op.pool_size;
  return {begin, end < extent ? end : extent};
}

// Maxima over `rows` x `columns` pixels; `lines`: the rows, in which the window begins at `from`.
static inline __attribute__((always_inline)) void maxima(const float* const* lines, int64_t rows,
                                                         int64_t columns, int64_t channels, int64_t from,
                                                         float* to) {
  each_vector(
      channels, [&](auto zero, int64_t c) __attribute__((always_inline)) {
        using V = decltype(zero);
        V best = load_as<V>(lines[0] + from + c);
        for (int64_t r = 0; r < rows; ++r)
          for (int64_t w = 0; w < columns; ++w) {
            const V value = load_as<V>(lines[r] + from + w * channels + c);
            best = value > best ? value : best;
          }
        put(to + c, best);
      });
}

static void lrn_pool_forward(const LrnPool& op, const float* x, float* y, int64_t image_begin,
                             int64_t image_end, int64_t row_begin, int64_t row_end, float* scratch) {
  const int64_t channels = op.x.channels, line = op.x.width * channels;
  const Ring normalised{scratch, op.pool_size, line};
  float* copy = scratch + ring_floats(op);
  if (op.normalise) __builtin_memset(copy, 0, sizeof(float) * padded_floats(op.lrn, channels));
  for (int64_t n = image_begin; n < image_end; ++n) {
    const float* image = x + n * op.x.height * line;
    int64_t ready = 0;  // rows before this one have been normalised
    for (int64_t oh = row_begin; oh < row_end; ++oh) {
      const Range high = window_of(oh, op, op.x.height);
      const float* lines[kMostPoolSize];
      if (ready < high.begin) ready = high.begin;
      for (; op.normalise && ready < high.end; ++ready)
        lrn_rows(op.lrn, image + ready * line, normalised.row(ready), op.x.width, channels, copy);
      for (int64_t h = high.begin; h < high.end; ++h)
        lines[h - high.begin] = op.normalise ? normalised.row(h) : image + h * line;
      float* out = y + (n * op.out_height + oh) * op.out_width * channels;
      for (int64_t ow = 0; ow < op.out_width; ++ow, out += channels) {
        const Range wide = window_of(ow, op, op.x.width);
        const int64_t rows = high.end - high.begin, columns = wide.end - wide.begin;
        if (rows == 3 && columns == 3) {
          maxima(lines, 3, 3, channels, wide.begin * channels, out);
        } else {
          maxima(lines, rows, columns, channels, wide.begin * channels, out);
        }
      }
    }
  }
}

// The place of an output's first maximum in its window, in row-major order over pool_size x pool_size.
static inline __attribute__((always_inline)) void first_maxima(const float* const* lines, int64_t rows,
                                                               int64_t columns, int64_t size,
                                                               int64_t channels, int64_t from, float* to) {
  each_vector(
      channels, [&](auto zero, int64_t c) __attribute__((always_inline)) {
        using V = decltype(zero);
        using Places = decltype(zero > zero);
        V best = load_as<V>(lines[0] + from + c);
        Places place{};
        for (int64_t r = 0; r < rows; ++r)
          for (int64_t w = 0; w < columns; ++w) {
            const V value = load_as<V>(lines[r] + from + w * channels + c);
            const Places better = value > best;
            best = better ? value : best;
            place = better ? Places{} + static_cast<int32_t>(r * size + w) : place;
          }
        put(to + c, (V)place);
      });
}

// A window that a pixel lies in: the places of its maxima, its gradients, and the pixel's place in it.
struct Seen {
  const float* places;
  const float* dy;
  int32_t place;
};

// to = the gradients of the `count` windows whose maximum the pixel is.
static inline __attribute__((always_inline)) void collect(const Seen* seen, int64_t count, int64_t channels,
                                                          float* to) {
  each_vector(
      channels, [&](auto zero, int64_t c) __attribute__((always_inline)) {
        using V = decltype(zero);
        using Places = decltype(zero > zero);
        V sum{};
        for (int64_t i = 0; i < count; ++i) {
          const Places place = (Places)load_as<V>(seen[i].places + c);
          const V dy = load_as<V>(seen[i].dy + c);
          sum += place == Places{} + seen[i].place ? dy : V{};
        }
        put(to + c, sum);
      });
}

// Outputs whose windows hold input row or column `at`.
static inline Range windows_over(int64_t at, const LrnPool& op, int64_t outputs) {
  const int64_t first = at < op.pool_size ? 0 : (at - op.pool_size) / op.pool_stride + 1;
  const int64_t last = at / op.pool_stride;
  return {first, last < outputs ? last + 1 : outputs};
}

// One image's backward pass. dy: the image's.
struct PoolBackward {
  const LrnPool& op;
  const float* image;
  const float* dy;
  float* dx;
  Ring normalised, normaliser, slope, places;
  float* gradient;  // of a block of pixels
  float* copy;      // two of lrn.h's
  int64_t channels, line;

  void prepare_row(int64_t h) const {
    each_block(op.lrn, op.x.width, channels, [&](int64_t p, int64_t pixels) {
      const int64_t first = p * channels;
      float* y = normalised.row(h) + first;
      float* n = normaliser.row(h) + first;
      float* s = slope.row(h) + first;
      normalise_block(op.lrn, image + h * line + first, pixels, channels, copy,
                      [=](auto x, auto powers, int64_t i) {
                        const auto value = x * powers.normaliser;
                        put(y + i, value);
                        put(n + i, powers.normaliser);
                        put(s + i, value * powers.inverse);
                      });
    });
  }

  void find_places(int64_t oh) const {
    const Range high = window_of(oh, op, op.x.height);
    const float* lines[kMostPoolSize];
    for (int64_t h = high.begin; h < high.end; ++h)
      lines[h - high.begin] = op.normalise ? normalised.row(h) : image + h * line;
    for (int64_t ow = 0; ow < op.out_width; ++ow) {
      const Range wide = window_of(ow, op, op.x.width);
      const int64_t rows = high.end - high.begin, columns = wide.end - wide.begin;
      float* to = places.row(oh) + ow * channels;
      if (rows == 3 && columns == 3 && op.pool_size == 3) {
        first_maxima(lines, 3, 3, 3, channels, wide.begin * channels, to);
      } else {
        first_maxima(lines, rows, columns, op.pool_size, channels, wide.begin * channels, to);
      }
    }
  }

  void collect_pixel(int64_t h, int64_t w, float* to) const {
    const Range high = windows_over(h, op, op.out_height), wide = windows_over(w, op, op.out_width);
    Seen seen[kMostPoolSize * kMostPoolSize];
    int64_t count = 0;
    for (int64_t oh = high.begin; oh < high.end; ++oh)
      for (int64_t ow = wide.begin; ow < wide.end; ++ow)
        seen[count++] = {
            places.row(oh) + ow * channels, dy + (oh * op.out_width + ow) * channels,
            static_cast<int32_t>((h - oh * op.pool_stride) * op.pool_size + w - ow * op.pool_stride)};
    switch (count) {
      case 1:
        return collect(seen, 1, channels, to);
      case 2:
        return collect(seen, 2, channels, to);
      case 4:
        return collect(seen, 4, channels, to);
      default:
        return collect(seen, count, channels, to);
    }
  }

  void finish_row(int64_t h) const {
    each_block(op.lrn, op.x.width, channels, [&](int64_t p, int64_t pixels) {
      for (int64_t w = p; w < p + pixels; ++w) collect_pixel(h, w, gradient + (w - p) * channels);
      const int64_t first = p * channels, at = h * line + first;
      if (op.normalise) {
        lrn_gradient(op.lrn, image + at, gradient, normaliser.row(h) + first, slope.row(h) + first, dx + at,
                     pixels, channels, op.activation, copy + padded_floats(op.lrn, channels));
      } else {
        activation_backward(op.activation, image + at, gradient, dx + at, pixels * channels);
      }
    });
  }

  void run() const {
    int64_t ready = 0, found = 0;
    for (int64_t h = 0; h < op.x.height; ++h) {
      const Range high = windows_over(h, op, op.out_height);
      for (; found < high.end; ++found) {
        const Range rows = window_of(found, op, op.x.height);
        if (ready < rows.begin) ready = rows.begin;
        for (; op.normalise && ready < rows.end; ++ready) prepare_row(ready);
        find_places(found);
      }
      if (high.begin < high.end) {
        finish_row(h);
      } else {
        __builtin_memset(dx + h * line, 0, sizeof(float) * line);
      }
    }
  }
};

static void lrn_pool_backward(const LrnPool& op, const float* x, const float* dy, float* dx,
                              int64_t image_begin, int64_t image_end, float* scratch) {
  const int64_t channels = op.x.channels, line = op.x.width * channels, out = op.out_width * channels;
  const int64_t ring = ring_floats(op), windows = rows_of_windows(op);
  float* gradient = scratch + 3 * ring + windows * out;
  float* copy = gradient + block_pixels(op.lrn, channels) * channels;
  __builtin_memset(copy, 0, sizeof(float) * 2 * padded_floats(op.lrn, channels));
  for (int64_t n = image_begin; n < image_end; ++n) {
    const int64_t at = n * op.x.height * line;
    PoolBackward{op,
                 x + at,
                 dy + n * op.out_height * out,
                 dx + at,
                 {scratch, op.pool_size, line},
                 {scratch + ring, op.pool_size, line},
                 {scratch + 2 * ring, op.pool_size, line},
                 {scratch + 3 * ring, windows, out},
                 gradient,
                 copy,
                 channels,
                 line}
        .run();
  }
}
