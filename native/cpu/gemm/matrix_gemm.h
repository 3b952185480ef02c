// Fully connected layers, a convolution whose window is its whole input: y(n, j) = sum_i x(n, i) w(j, i), and
// the gradient with respect to x, dx(n, i) = sum_j dy(n, j) w(j, i). The weights (fc6: 151 MB) are by far the
// largest operand, so each pass reads them only once, in pieces of a kilobyte, which suit the hardware
// prefetcher. Each pass has its own order of computation, so that the weights need not all be packed.

// Length of the runs that are summed in registers; the runs' sums are added in the cache. 256 x two vectors
// of the packed operand take half of a first-level cache or less.
static constexpr int64_t kRun = 256;

// ---- few images: bound by reading w from memory

// The sums run along i, so w (float32 or bfloat16) is read unpacked: a tile of four outputs x up to three
// images shares each load.
template <int Images, class Weight>
static void dot_tile(const GatherGemm& g, const Weight* const (&w)[4], int64_t image, int64_t j,
                     int64_t count) {
  const int64_t whole = g.inner / kLanes * kLanes;
  const float* x[Images];
  for (int m = 0; m < Images; ++m) x[m] = g.source + (image + m) * g.source_strides.image;
  vec acc[Images][4];
  for (int m = 0; m < Images; ++m)
    for (int q = 0; q < 4; ++q) acc[m][q] = vec{};
  for (int64_t i = 0; i < whole; i += kLanes) {
    vec b[4];
    for (int q = 0; q < 4; ++q) b[q] = load(w[q] + i);
    for (int m = 0; m < Images; ++m) {
      const vec a = load(x[m] + i);
      for (int q = 0; q < 4; ++q) acc[m][q] += a * b[q];
    }
  }
  for (int m = 0; m < Images; ++m) {
    float* y = g.target + (image + m) * g.target_strides.image;
    for (int64_t q = 0; q < count; ++q) {
      float sum = 0;
      for (int lane = 0; lane < kLanes; ++lane) sum += acc[m][q][lane];
      for (int64_t i = whole; i < g.inner; ++i) sum += x[m][i] * widened(w[q][i]);
      y[j + q] = finished(g, sum, y[j + q], j + q);
    }
  }
}

template <class Weight>
static void dot_rows(const GatherGemm& g, const Weight* weights, int64_t begin, int64_t end) {
  for (int64_t j = begin; j < end; j += 4) {
    const int64_t count = end - j < 4 ? end - j : 4;
    const Weight* w[4];
    for (int64_t q = 0; q < 4; ++q) w[q] = weights + (j + (q < count ? q : 0)) * g.w_output;
    for (int64_t m = 0; m < g.grid.images; m += 3) {
      const int64_t left = g.grid.images - m;
      left == 1   ? dot_tile<1>(g, w, m, j, count)
      : left == 2 ? dot_tile<2>(g, w, m, j, count)
                  : dot_tile<3>(g, w, m, j, count);
    }
  }
}

static void dot(const GatherGemm& g, int64_t begin, int64_t end) {
  g.short_weights ? dot_rows(g, g.short_weights, begin, end) : dot_rows(g, g.weights, begin, end);
}

// ---- forward: the tile is outputs x images

// The weights are the broadcast operand, so they need no packing; the images are packed instead, once for all
// threads: packed[run][panel of images][i in the run][image].
static int64_t image_panels(const GatherGemm& g) { return (g.grid.images + 2 * kLanes - 1) / (2 * kLanes); }
static int64_t matrix_runs(const GatherGemm& g) { return (g.inner + kRun - 1) / kRun; }

static size_t matrix_shared(const GatherGemm& g) {
  return static_cast<size_t>(image_panels(g) * 2 * kLanes * g.inner);
}

static void matrix_pack(const GatherGemm& g, int64_t run_begin, int64_t run_end, float* packed) {
  const int64_t nr = 2 * kLanes, width = image_panels(g) * nr;
  for (int64_t i0 = run_begin * kRun; i0 < run_end * kRun && i0 < g.inner; i0 += kRun) {
    const int64_t depth = g.inner - i0 < kRun ? g.inner - i0 : kRun;
    for (int64_t n = 0; n < width; ++n) {
      float* to = packed + i0 * width + n / nr * nr * depth + n % nr;
      const float* from = g.source + n * g.source_strides.image + i0;
      for (int64_t i = 0; i < depth; ++i) to[i * nr] = n < g.grid.images ? from[i] : 0;
    }
  }
}

// Outputs that share a packed run while it is in the cache.
static constexpr int64_t kOutputs = 8 * ALEXNET_ROWS;

// Their sums, and a run of their weights where bfloat16 has to be widened.
static size_t matrix_scratch(const GatherGemm& g) {
  return static_cast<size_t>(kOutputs * (image_panels(g) * 2 * kLanes + kRun));
}

static void widen_rows(const uint16_t* from, int64_t pitch, int64_t rows, int64_t depth, float* to) {
  for (int64_t r = 0; r < rows; ++r, from += pitch, to += kRun) {
    int64_t i = 0;
    for (; i + kLanes <= depth; i += kLanes) store(to + i, load(from + i));
    for (; i < depth; ++i) to[i] = widened(from[i]);
  }
}

static void matrix_finish(const GatherGemm& g, const float* sums, int64_t width, int64_t begin, int64_t end) {
  for (int64_t n = 0; n < g.grid.images; ++n) {
    float* y = g.target + n * g.target_strides.image;
    for (int64_t j = begin; j < end; ++j) y[j] = finished(g, sums[(j - begin) * width + n], y[j], j);
  }
}

// The next run of these rows, or the first one of the next outputs' rows.
static void ask_for_next(const GatherGemm& g, bool same_rows, int64_t j, int64_t i, int64_t rows,
                         int64_t end) {
  if (!same_rows && j + kOutputs + rows > end) return;
  const int64_t at = same_rows ? j * g.w_output + i + kRun : (j + kOutputs) * g.w_output;
  if (g.short_weights)
    ask_for(g.short_weights + at, g.w_output, rows, kRun);
  else
    ask_for(g.weights + at, g.w_output, rows, kRun);
}

static void matrix_forward(const GatherGemm& g, int64_t begin, int64_t end, const float* packed,
                           float* sums) {
  const int64_t nr = 2 * kLanes, panels = image_panels(g), width = panels * nr;
  float* const wide = sums + kOutputs * width;
  vec sum[ALEXNET_ROWS][2];
  for (int64_t j = begin; j < end; j += kOutputs) {
    const int64_t outputs = end - j < kOutputs ? end - j : kOutputs;
    __builtin_memset(sums, 0, sizeof(float) * outputs * width);
    for (int64_t i = 0; i < g.inner; i += kRun) {
      const int64_t depth = g.inner - i < kRun ? g.inner - i : kRun;
      const float* weights = g.weights + j * g.w_output + i;
      int64_t pitch = g.w_output;
      if (g.short_weights) {
        widen_rows(g.short_weights + j * pitch + i, pitch, outputs, depth, wide);
        weights = wide, pitch = kRun;
      }
      for (int64_t p = 0; p < panels; ++p)
        for (int64_t k = 0; k < outputs; k += ALEXNET_ROWS) {
          const int rows = static_cast<int>(outputs - k < ALEXNET_ROWS ? outputs - k : ALEXNET_ROWS);
          const float* sources[ALEXNET_ROWS];
          for (int m = 0; m < rows; ++m) sources[m] = weights + (k + m) * pitch;
          if (p == 0) ask_for_next(g, i + depth < g.inner, j + k, i, rows, end);
          const float* panel = packed + i * width + p * nr * depth;
          multiply_rows(rows, Tile{sources, &panel, 1, depth}, sum);
          for (int m = 0; m < rows; ++m) {
            float* to = sums + (k + m) * width + p * nr;
            store(to, load(to) + sum[m][0]), store(to + kLanes, load(to + kLanes) + sum[m][1]);
          }
        }
    }
    matrix_finish(g, sums, width, j, j + outputs);
  }
}

// ---- backward: the tile is images x columns of w

// Columns packed at a time: a piece of a row of w long enough to be read at the memory's speed.
static constexpr int64_t kColumns = 256;

// Distance from one packed panel to the next. It is not a power of two: otherwise a row's pieces, one a
// panel, would all compete for the same cache sets.
static int64_t panel_pitch(int64_t depth) { return depth * 2 * kLanes + 16; }

static size_t matrix_backward_scratch(const GatherGemm&) {
  return static_cast<size_t>((kColumns / (2 * kLanes) + 1) * panel_pitch(kRun));
}

static void pack_columns(const GatherGemm& g, int64_t j, int64_t columns, int64_t i, int64_t depth,
                         float* packed) {
  const int64_t nr = 2 * kLanes;
  for (int64_t k = 0; k < depth; ++k) {
    const float* from = g.weights + (i + k) * g.w_inner + j;
    float* to = packed + k * nr;
    int64_t c = 0;
    for (; c + nr <= columns; c += nr, to += panel_pitch(depth))
      store(to, load(from + c)), store(to + kLanes, load(from + c + kLanes));
    for (int64_t lane = 0; c < columns && lane < nr; ++lane)
      to[lane] = c + lane < columns ? from[c + lane] : 0;
  }
}

static void matrix_backward(const GatherGemm& g, int64_t begin, int64_t end, float* packed) {
  const int64_t nr = 2 * kLanes;
  vec sum[ALEXNET_ROWS][2];
  GatherGemm part = g;
  part.outputs = end;
  for (int64_t j = begin; j < end; j += kColumns) {
    const int64_t columns = end - j < kColumns ? end - j : kColumns;
    const int64_t tiles = (columns + nr - 1) / nr * ((g.grid.images + ALEXNET_ROWS - 1) / ALEXNET_ROWS);
    for (int64_t i = 0; i < g.inner; i += kRun) {
      const int64_t depth = g.inner - i < kRun ? g.inner - i : kRun;
      pack_columns(g, j, columns, i, depth, packed);
      part.accumulate = g.accumulate || i > 0;
      // The next rows of these columns, or the first ones of the next columns.
      const bool below = i + depth < g.inner;
      const float* next = g.weights + (below ? (i + depth) * g.w_inner + j : j + kColumns);
      const int64_t rows_ahead = below ? (g.inner - i - depth < kRun ? g.inner - i - depth : kRun)
                                       : (j + 2 * kColumns <= end ? (g.inner < kRun ? g.inner : kRun) : 0);
      const int64_t at_once = (rows_ahead + tiles - 1) / tiles;
      int64_t asked = 0;
      for (int64_t c = 0; c < columns; c += nr)
        for (int64_t n = 0; n < g.grid.images; n += ALEXNET_ROWS) {
          const int64_t asking = rows_ahead - asked < at_once ? rows_ahead - asked : at_once;
          ask_for(next + asked * g.w_inner, g.w_inner, asking, columns);
          asked += asking;
          const int64_t left = g.grid.images - n;
          const int rows = left < ALEXNET_ROWS ? static_cast<int>(left) : ALEXNET_ROWS;
          const float* sources[ALEXNET_ROWS];
          for (int m = 0; m < rows; ++m) sources[m] = g.source + (n + m) * g.source_strides.image + i;
          const float* panel = packed + c / nr * panel_pitch(depth);
          multiply_rows(rows, Tile{sources, &panel, 1, depth}, sum);
          for (int m = 0; m < rows; ++m)
            finish(part, sum[m][0], sum[m][1], j + c, g.target + (n + m) * g.target_strides.image, nullptr);
        }
    }
  }
}

// ---- the gradient with respect to w: the tile is outputs x columns of w

// dw(j, i) = sum over images of dy(n, j) x(n, i): as long as w and written once. dy is packed whole, x a
// block of columns at a time; rows of dw are written in pieces of two kilobytes.
static constexpr int64_t kBlock = 512;

static int64_t matrix_weights_units(const OuterGemm& g) { return (g.inner + 2 * kLanes - 1) / (2 * kLanes); }

static size_t matrix_weights_scratch(const OuterGemm& g) {
  const int64_t outputs = (g.outputs + ALEXNET_ROWS - 1) / ALEXNET_ROWS * ALEXNET_ROWS;
  return static_cast<size_t>(g.grid.images * (outputs + kBlock + 2 * kLanes) + 64);
}

static void pack_block(const OuterGemm& g, int64_t i, int64_t width, float* to) {
  const int64_t nr = 2 * kLanes, images = g.grid.images;
  for (int64_t n = 0; n < images; ++n) {
    const float* from = g.x + n * g.x_strides.image + i;
    for (int64_t c = 0; c < width; c += nr)
      for (int64_t lane = 0; lane < nr; ++lane)
        to[c * images + n * nr + lane] = c + lane < width ? from[c + lane] : 0;
  }
}

static void store_tile(const OuterGemm& g, const vec (&acc)[ALEXNET_ROWS][2], int64_t j, int64_t i) {
  const int64_t rows = g.outputs - j < ALEXNET_ROWS ? g.outputs - j : ALEXNET_ROWS;
  for (int64_t m = 0; m < rows; ++m) {
    float* to = g.dw + (j + m) * g.dw_output + i;
    if (g.inner - i >= 2 * kLanes && reinterpret_cast<uintptr_t>(to) % (8 * kLanes) == 0) {
      stream(to, acc[m][0]), stream(to + kLanes, acc[m][1]);
    } else if (g.inner - i >= 2 * kLanes) {
      store(to, acc[m][0]), store(to + kLanes, acc[m][1]);
    } else {
      for (int64_t c = 0; c < g.inner - i; ++c) to[c] = acc[m][c / kLanes][c % kLanes];
    }
  }
}

// Units: two vectors of columns.
static void matrix_weights(const OuterGemm& g, int64_t unit_begin, int64_t unit_end, float* memory) {
  const int64_t nr = 2 * kLanes, images = g.grid.images;
  const int64_t end = unit_end * nr < g.inner ? unit_end * nr : g.inner;
  Scratch scratch{memory};
  float* x = scratch.take(images * kBlock);
  float* dy = scratch.next;
  for (int64_t j = 0; j < g.outputs; j += ALEXNET_ROWS) pack_dy(g, 0, images, j, dy + j * images);
  vec acc[ALEXNET_ROWS][2];
  for (int64_t i = unit_begin * nr; i < end; i += kBlock) {
    const int64_t width = end - i < kBlock ? end - i : kBlock;
    pack_block(g, i, width, x);
    for (int64_t j = 0; j < g.outputs; j += ALEXNET_ROWS)
      for (int64_t c = 0; c < width; c += nr) {
        const Segment all{dy + j * images, x + c * images, images, nr, ALEXNET_ROWS};
        accumulate<2>(&all, 1, acc);
        store_tile(g, acc, j, i + c);
      }
  }
  publish();
}
