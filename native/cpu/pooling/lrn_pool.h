// Local response normalisation (lrn.h) and the overlapping max-pool behind it (paper, section 3.4) in one
// pass over x; and the max-pool alone.
//
// Normalised rows live in a ring of pool_size rows, in the cache, never in memory. The backward pass computes
// them again, keeps of every output the place of its window's first maximum, and collects each input's
// gradient from the few windows it lies in as its row goes through the normalisation.
// Bound by memory: x once and y (forward); x, dy and dx once (backward).

// Rings of rows: row h lies at h % count.
struct Ring {
  float* rows;
  int64_t count, length;

  float* row(int64_t h) const { return rows + h % count * length; }
};

// Rows of results an input row can lie in the windows of.
static int64_t rows_of_windows(const LrnPool& op) {
  return (op.pool_size + op.pool_stride - 1) / op.pool_stride;
}

// Of normalised rows, and in the backward pass also of their normalisers and slopes.
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

// Rows or columns that output `out` sees.
static inline Range window_of(int64_t out, const LrnPool& op, int64_t extent) {
  const int64_t begin = out * op.pool_stride, end = begin + op.pool_size;
  return {begin, end < extent ? end : extent};
}

// Whether a row may hold NaN: false only where all its numbers are finite. Four sums, for an addition waits
// for the one before it.
static bool may_hold_nan(const float* row, int64_t count) {
  vec zeros[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes)
    for (int k = 0; k < 4; ++k) zeros[k] += load(row + i + k * kLanes) * 0.0f;
  const vec sums = (zeros[0] + zeros[1]) + (zeros[2] + zeros[3]);
  float zero = 0;
  for (int lane = 0; lane < kLanes; ++lane) zero += sums[lane];
  for (; i < count; ++i) zero += row[i] * 0.0f;
  return zero != 0;
}

// Whether `value` takes the place of the maximum so far: the first of equal ones stays, and NaN is greater
// than every number, the last one of them, as in PyTorch. Rows without NaN need one comparison only.
template <bool Nan, class V>
static inline auto exceeds(V value, V best) {
  if constexpr (Nan)
    return (value > best) | (value != value);
  else
    return value > best;
}

// The rows of numbers of a row of windows.
struct Lines {
  const float* row[kMostPoolSize];
  int64_t count;
};

static Lines lines_of(const LrnPool& op, const Range& high, const float* image, const Ring& normalised) {
  Lines lines{{}, high.end - high.begin};
  for (int64_t h = high.begin; h < high.end; ++h)
    lines.row[h - high.begin] = op.normalise ? normalised.row(h) : image + h * op.x.width * op.x.channels;
  return lines;
}

// Whether NaN may be in windows over rows `high`; `nan` is by row, as in a ring. Rows from `fresh` on are
// looked at only now where nothing was normalised: the windows have fetched them.
static bool may_meet_nan(const LrnPool& op, const Range& high, int64_t fresh, const float* image, bool* nan) {
  const int64_t line = op.x.width * op.x.channels;
  if (!op.normalise)
    for (int64_t h = fresh; h < high.end; ++h) nan[h % op.pool_size] = may_hold_nan(image + h * line, line);
  bool any = false;
  for (int64_t h = high.begin; h < high.end; ++h) any |= nan[h % op.pool_size];
  return any;
}

// Calls f(size, rows, columns, first column, output) for the windows of a row; the paper's size is known to
// the compiler.
template <class F>
static inline __attribute__((always_inline)) void each_window(const LrnPool& op, const Lines& lines,
                                                              const F& f) {
  for (int64_t ow = 0; ow < op.out_width; ++ow) {
    const Range wide = window_of(ow, op, op.x.width);
    const int64_t columns = wide.end - wide.begin;
    if (lines.count == 3 && columns == 3 && op.pool_size == 3) {
      f(3, 3, 3, wide.begin, ow);
    } else {
      f(op.pool_size, lines.count, columns, wide.begin, ow);
    }
  }
}

// Maxima over `rows` x `columns` pixels, of which the first is `from` in each line.
template <bool Nan>
static inline __attribute__((always_inline)) void maxima(const Lines& lines, int64_t rows, int64_t columns,
                                                         int64_t channels, int64_t from, float* to) {
  each_vector(
      channels, [&](auto zero, int64_t c) __attribute__((always_inline)) {
        using V = decltype(zero);
        V best = load_as<V>(lines.row[0] + from + c);
        for (int64_t r = 0; r < rows; ++r)
          for (int64_t w = 0; w < columns; ++w) {
            const V value = load_as<V>(lines.row[r] + from + w * channels + c);
            best = exceeds<Nan>(value, best) ? value : best;
          }
        put(to + c, best);
      });
}

template <bool Nan>
static void maxima_of_row(const LrnPool& op, const Lines lines, float* to) {
  const int64_t channels = op.x.channels;
  each_window(
      op, lines,
      [=](int64_t, int64_t rows, int64_t columns, int64_t first, int64_t ow) __attribute__((always_inline)) {
        maxima<Nan>(lines, rows, columns, channels, first * channels, to + ow * channels);
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
    bool nan[kMostPoolSize] = {};
    int64_t ready = 0;  // rows before this one have been looked at, and normalised
    for (int64_t oh = row_begin; oh < row_end; ++oh) {
      const Range high = window_of(oh, op, op.x.height);
      if (ready < high.begin) ready = high.begin;
      const int64_t fresh = ready;
      for (; ready < high.end; ++ready)
        if (op.normalise)
          nan[ready % op.pool_size] =
              !lrn_rows(op.lrn, image + ready * line, normalised.row(ready), op.x.width, channels, copy);
      const Lines lines = lines_of(op, high, image, normalised);
      float* out = y + (n * op.out_height + oh) * op.out_width * channels;
      maxima_of_row<false>(op, lines, out);
      if (may_meet_nan(op, high, fresh, image, nan)) maxima_of_row<true>(op, lines, out);
    }
  }
}

// Where in its window, counted in row-major order over pool_size x pool_size, an output's first maximum is.
template <bool Nan>
static inline __attribute__((always_inline)) void first_maxima(const Lines& lines, int64_t rows,
                                                               int64_t columns, int64_t size,
                                                               int64_t channels, int64_t from, float* to) {
  each_vector(
      channels, [&](auto zero, int64_t c) __attribute__((always_inline)) {
        using V = decltype(zero);
        using Places = decltype(zero > zero);
        V best = load_as<V>(lines.row[0] + from + c);
        Places place{};
        for (int64_t r = 0; r < rows; ++r)
          for (int64_t w = 0; w < columns; ++w) {
            const V value = load_as<V>(lines.row[r] + from + w * channels + c);
            const Places better = exceeds<Nan>(value, best);
            best = better ? value : best;
            place = better ? Places{} + static_cast<int32_t>(r * size + w) : place;
          }
        put(to + c, (V)place);
      });
}

template <bool Nan>
static void places_of_row(const LrnPool& op, const Lines lines, float* to) {
  const int64_t channels = op.x.channels;
  each_window(
      op, lines,
      [=](int64_t size, int64_t rows, int64_t columns, int64_t first, int64_t ow)
          __attribute__((always_inline)) {
            first_maxima<Nan>(lines, rows, columns, size, channels, first * channels, to + ow * channels);
          });
}

// A window a pixel lies in: where its outputs' places and gradients are, and which place is the pixel's.
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
  bool* nan;  // of the rows in the ring: whether they may hold it

  void prepare_row(int64_t h) const {
    bool& risky = nan[h % op.pool_size];
    risky = false;
    each_block(op.lrn, op.x.width, channels, [&](int64_t p, int64_t pixels) {
      const int64_t first = p * channels;
      float* y = normalised.row(h) + first;
      float* n = normaliser.row(h) + first;
      float* s = slope.row(h) + first;
      risky |= !normalise_block(op.lrn, image + h * line + first, pixels, channels, copy,
                                [=](auto x, auto powers, int64_t i) {
                                  const auto value = x * powers.normaliser;
                                  put(y + i, value);
                                  put(n + i, powers.normaliser);
                                  put(s + i, value * powers.inverse);
                                });
    });
  }

  void find_places(int64_t oh, int64_t fresh) const {
    const Range high = window_of(oh, op, op.x.height);
    const Lines lines = lines_of(op, high, image, normalised);
    float* to = places.row(oh);
    places_of_row<false>(op, lines, to);
    if (may_meet_nan(op, high, fresh, image, nan)) places_of_row<true>(op, lines, to);
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
        const int64_t fresh = ready;
        for (; ready < rows.end; ++ready)
          if (op.normalise) prepare_row(ready);
        find_places(found, fresh);
      }
      // A row that no window holds has a gradient of zeros, which goes through normalisation and activation
      // too.
      if (op.normalise && ready <= h) {
        prepare_row(h);
        ready = h + 1;
      }
      finish_row(h);
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
  bool nan[kMostPoolSize];
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
                 line,
                 nan}
        .run();
  }
}
