// Convolution forward and its gradient with respect to the input: each written pixel is a sum, over the
// kernel's taps, of (a run of channels of one source pixel) x (a block of weights).
//
// The images are never rearranged: a register tile (tile.h) of `rows` pixels x `columns` outputs broadcasts
// its pixels directly from the image, through one pointer a pixel and tap. The pointer of a tap outside the
// image points at zeros; taps that are outside for all pixels of the tile are skipped. Only weights are
// packed, one panel of `columns` outputs at a time, into the order in which the tile reads them; the panel
// stays in the cache while all pixels are processed. The gradient is computed the same way, from dx's pixels
// to dy's, with turned kernels.

// panel[(row, column), i, lane] = w(row, column, i, j + lane), zeros past the last output.
static void pack_panel(const GatherGemm& g, int64_t j, float* panel) {
  const int64_t count = g.outputs - j < 2 * kLanes ? g.outputs - j : 2 * kLanes;
  const Grid& grid = g.grid;
  for (int64_t r = 0; r < grid.rows; ++r)
    for (int64_t s = 0; s < grid.columns; ++s) {
      const float* w = g.weights + r * g.w_row + s * g.w_column + j * g.w_output;
      if (count < 2 * kLanes) __builtin_memset(panel, 0, sizeof(float) * g.inner * 2 * kLanes);
      if (g.w_output == 1) {
        for (int64_t i = 0; i < g.inner; ++i)
          for (int64_t lane = 0; lane < count; ++lane) panel[i * 2 * kLanes + lane] = w[i * g.w_inner + lane];
      } else {
        // Blocks of 16 columns: each line of w is read whole before it leaves the cache.
        for (int64_t i0 = 0; i0 < g.inner; i0 += 16) {
          const int64_t i1 = i0 + 16 < g.inner ? i0 + 16 : g.inner;
          for (int64_t lane = 0; lane < count; ++lane)
            for (int64_t i = i0; i < i1; ++i)
              panel[i * 2 * kLanes + lane] = w[i * g.w_inner + lane * g.w_output];
        }
      }
      panel += g.inner * 2 * kLanes;
    }
}

struct Pixel {
  int64_t image, row, column;
  const float* origin;  // source pixel under tap (0, 0) of the window, inside the image or not
  float* target;
};

static inline Pixel pixel_at(const GatherGemm& g, int64_t image, int64_t row, int64_t column) {
  const Grid& grid = g.grid;
  const int64_t source_row = grid.backward ? row + grid.top : row * grid.stride - grid.top;
  const int64_t source_column = grid.backward ? column + grid.left : column * grid.stride - grid.left;
  return {image, row, column,
          g.source + image * g.source_strides.image + source_row * g.source_strides.row +
              source_column * g.source_strides.pixel,
          g.target + image * g.target_strides.image + row * g.target_strides.row +
              column * g.target_strides.pixel};
}

static inline void step(const GatherGemm& g, Pixel& p) {
  if (p.column + 1 < g.grid.width) {
    ++p.column;
    p.origin += (g.grid.backward ? 1 : g.grid.stride) * g.source_strides.pixel;
    p.target += g.target_strides.pixel;
  } else {
    p = p.row + 1 < g.grid.height ? pixel_at(g, p.image, p.row + 1, 0) : pixel_at(g, p.image + 1, 0, 0);
  }
}

// The taps of one pixel's window that meet a source pixel: every `step`-th from `first` on, below `end`.
// Forward, tap t meets source pixel at + t; backward, (at - t) / stride where stride divides at - t.
struct Reach {
  int64_t at, first, end, step;
  bool inside(int64_t tap) const { return tap >= first && tap < end && (tap - first) % step == 0; }
};

static inline Reach reach(const Grid& grid, int64_t target, int64_t padding, int64_t taps, int64_t extent) {
  if (!grid.backward) {
    const int64_t at = target * grid.stride - padding, last = extent - at;
    return {at, at < 0 ? -at : 0, last < taps ? last : taps, 1};
  }
  const int64_t at = target + padding, past = at - extent * grid.stride + 1;
  int64_t first = at % grid.stride;
  if (past > first) first += (past - first + grid.stride - 1) / grid.stride * grid.stride;
  return {at, first, at + 1 < taps ? at + 1 : taps, grid.stride};
}

// Target rows or columns [first, end) whose windows lie inside the source.
struct Interior {
  int64_t first, end;
  bool holds(int64_t at) const { return at >= first && at < end; }
};

static Interior interior(const Grid& grid, int64_t padding, int64_t taps, int64_t extent) {
  if (grid.backward) return grid.stride > 1 ? Interior{0, 0} : Interior{taps - 1 - padding, extent - padding};
  const int64_t last = extent - taps + padding;
  return {(padding + grid.stride - 1) / grid.stride, last < 0 ? 0 : last / grid.stride + 1};
}

// What stays the same during one sweep over pixels.
struct Sweep {
  const GatherGemm& g;
  const float* panel;
  const float* zeros;
  const float** sources;          // taps x rows
  const float** panels;           // taps
  int64_t row_step, column_step;  // in the source, from one tap to the next
  Interior rows, columns;
};

static Sweep sweep_of(const GatherGemm& g, const float* panel, const float* zeros, const float** pointers) {
  const int64_t sign = g.grid.backward ? -1 : 1;
  return {g,
          panel,
          zeros,
          pointers,
          pointers + g.grid.rows * g.grid.columns * ALEXNET_ROWS,
          sign * g.source_strides.row,
          sign * g.source_strides.pixel,
          interior(g.grid, g.grid.top, g.grid.rows, g.grid.source_height),
          interior(g.grid, g.grid.left, g.grid.columns, g.grid.source_width)};
}

// All taps of all pixels lie inside: only additions.
static int64_t point_inside(const Sweep& s, const Pixel* pixels) {
  const Grid& grid = s.g.grid;
  const int64_t panel_step = s.g.inner * 2 * kLanes;
  int64_t taps = 0;
  for (int64_t r = 0; r < grid.rows; ++r)
    for (int64_t c = 0; c < grid.columns; ++c, ++taps) {
      const int64_t offset = r * s.row_step + c * s.column_step;
      const float** sources = s.sources + taps * ALEXNET_ROWS;
      for (int m = 0; m < ALEXNET_ROWS; ++m) sources[m] = pixels[m].origin + offset;
      s.panels[taps] = s.panel + taps * panel_step;
    }
  return taps;
}

// A pixel's window with some taps outside the image.
struct Window {
  const float* origin;
  Reach rows, columns;
};

static inline Window window_of(const GatherGemm& g, const Pixel& p) {
  const Grid& grid = g.grid;
  return {p.origin, reach(grid, p.row, grid.top, grid.rows, grid.source_height),
          reach(grid, p.column, grid.left, grid.columns, grid.source_width)};
}

// Skips taps that are outside for all pixels of the tile.
static int64_t point_at_edge(const Sweep& s, const Window* windows) {
  const Grid& grid = s.g.grid;
  const int64_t panel_step = s.g.inner * 2 * kLanes;
  int64_t taps = 0;
  for (int64_t r = 0; r < grid.rows; ++r) {
    const float* line[ALEXNET_ROWS];
    int64_t first = grid.columns, end = 0;
    for (int m = 0; m < ALEXNET_ROWS; ++m) {
      const Window& w = windows[m];
      line[m] = r >= w.rows.first && r < w.rows.end ? w.origin + r * s.row_step : nullptr;
      if (!line[m]) continue;
      if (w.columns.first < first) first = w.columns.first;
      if (w.columns.end > end) end = w.columns.end;
    }
    for (int64_t c = first; c < end; ++c, ++taps) {
      const float** sources = s.sources + taps * ALEXNET_ROWS;
      for (int m = 0; m < ALEXNET_ROWS; ++m) {
        const Reach& columns = windows[m].columns;
        const bool inside = line[m] && c >= columns.first && c < columns.end;
        sources[m] = inside ? line[m] + c * s.column_step : s.zeros;
      }
      s.panels[taps] = s.panel + (r * grid.columns + c) * panel_step;
    }
  }
  return taps;
}

// The gradient of a strided convolution: only every stride-th tap of a window meets a pixel of dy.
static int64_t point_with_gaps(const Sweep& s, const Pixel* pixels, const Window* windows) {
  const Grid& grid = s.g.grid;
  const Strides& strides = s.g.source_strides;
  int64_t taps = 0;
  for (int64_t r = 0; r < grid.rows; ++r)
    for (int64_t c = 0; c < grid.columns; ++c) {
      const float** sources = s.sources + taps * ALEXNET_ROWS;
      bool any = false;
      for (int m = 0; m < ALEXNET_ROWS; ++m) {
        const Window& w = windows[m];
        const bool inside = w.rows.inside(r) && w.columns.inside(c);
        sources[m] = inside ? s.g.source + pixels[m].image * strides.image +
                                  (w.rows.at - r) / grid.stride * strides.row +
                                  (w.columns.at - c) / grid.stride * strides.pixel
                            : s.zeros;
        any |= inside;
      }
      if (any) s.panels[taps++] = s.panel + (r * grid.columns + c) * s.g.inner * 2 * kLanes;
    }
  return taps;
}

static int64_t point_at_sources(const Sweep& s, const Pixel* pixels) {
  bool inside = true;
  for (int m = 0; m < ALEXNET_ROWS; ++m)
    inside &= s.rows.holds(pixels[m].row) && s.columns.holds(pixels[m].column);
  if (inside) return point_inside(s, pixels);
  Window windows[ALEXNET_ROWS];
  for (int m = 0; m < ALEXNET_ROWS; ++m) windows[m] = window_of(s.g, pixels[m]);
  if (s.g.grid.backward && s.g.grid.stride > 1) return point_with_gaps(s, pixels, windows);
  return point_at_edge(s, windows);
}

// Computes one panel of outputs for `count` pixels from `first` on.
static void sweep(const Sweep& s, const float* bias, int64_t j, Pixel pixel, int64_t count) {
  const GatherGemm& g = s.g;
  vec sum[ALEXNET_ROWS][2];
  while (count > 0) {
    const int rows = count < ALEXNET_ROWS ? static_cast<int>(count) : ALEXNET_ROWS;
    Pixel at[ALEXNET_ROWS];
    for (int m = 0; m < rows; ++m) at[m] = pixel, step(g, pixel);
    for (int m = rows; m < ALEXNET_ROWS; ++m) at[m] = at[0];
    const int64_t taps = point_at_sources(s, at);
    multiply_rows(rows, Tile{s.sources, s.panels, taps, g.inner}, sum);
    for (int m = 0; m < rows; ++m) finish(g, sum[m][0], sum[m][1], j, at[m].target, bias);
    count -= rows;
  }
}

static const float* pack_bias(const GatherGemm& g, int64_t j, float* to) {
  if (!g.bias) return nullptr;
  for (int64_t lane = 0; lane < 2 * kLanes; ++lane) to[lane] = j + lane < g.outputs ? g.bias[j + lane] : 0;
  return to;
}

static bool pads_images(const GatherGemm& g) { return few_channels(g.grid, g.inner); }

// One packed panel (all panels where images are padded), a bias panel, zeros, and the tile's pointers.
static size_t gather_scratch(const GatherGemm& g) {
  const Grid& grid = g.grid;
  const int64_t taps = grid.rows * grid.columns, nr = 2 * kLanes;
  const int64_t panels = (g.outputs + nr - 1) / nr;
  const bool few = pads_images(g);
  size_t floats = static_cast<size_t>(taps * g.inner * nr * (few ? panels : 1));
  floats += static_cast<size_t>(nr + g.inner * (few ? grid.columns : 1) + 64);
  if (few) floats += static_cast<size_t>(padded_image_floats(grid, g.inner) + 64);
  floats += static_cast<size_t>(taps * (ALEXNET_ROWS + 1)) * sizeof(float*) / sizeof(float) + 64;
  return floats;
}

static void gather_padded(const GatherGemm& g, int64_t panel_begin, int64_t panel_end, int64_t pixel_begin,
                          int64_t pixel_end, const float** pointers, float* bias, Scratch scratch) {
  const Grid& grid = g.grid;
  const int64_t nr = 2 * kLanes, area = grid.height * grid.width;
  const int64_t panel_floats = grid.rows * grid.columns * g.inner * nr;
  float* padded = scratch.take(padded_image_floats(grid, g.inner));
  float* packed = scratch.next;
  for (int64_t p = panel_begin; p < panel_end; ++p)
    pack_panel(g, p * nr, packed + (p - panel_begin) * panel_floats);
  for (int64_t pixel = pixel_begin; pixel < pixel_end;) {
    const int64_t image = pixel / area, inside = pixel % area;
    const int64_t count = area - inside < pixel_end - pixel ? area - inside : pixel_end - pixel;
    pad_image(g.source + image * g.source_strides.image, g.source_strides, grid, g.inner, padded);
    const GatherGemm one = of_padded_image(g, padded, image);
    const Pixel first = pixel_at(one, 0, inside / grid.width, inside % grid.width);
    for (int64_t p = panel_begin; p < panel_end; ++p)
      sweep(sweep_of(one, packed + (p - panel_begin) * panel_floats, nullptr, pointers),
            pack_bias(g, p * nr, bias), p * nr, first, count);
    pixel += count;
  }
}

static void gather(const GatherGemm& g, int64_t panel_begin, int64_t panel_end, int64_t pixel_begin,
                   int64_t pixel_end, float* memory) {
  const Grid& grid = g.grid;
  const int64_t nr = 2 * kLanes, taps = grid.rows * grid.columns, area = grid.height * grid.width;
  Scratch scratch{memory};
  auto** pointers = reinterpret_cast<const float**>(scratch.take(taps * (ALEXNET_ROWS + 1) * 2));
  float* bias = scratch.take(nr);
  if (pads_images(g))
    return gather_padded(g, panel_begin, panel_end, pixel_begin, pixel_end, pointers, bias, scratch);
  float* zeros = scratch.take(g.inner);
  __builtin_memset(zeros, 0, sizeof(float) * g.inner);
  float* panel = scratch.take(taps * g.inner * nr);
  const Pixel first =
      pixel_at(g, pixel_begin / area, pixel_begin % area / grid.width, pixel_begin % grid.width);
  for (int64_t p = panel_begin; p < panel_end; ++p) {
    pack_panel(g, p * nr, panel);
    sweep(sweep_of(g, panel, zeros, pointers), pack_bias(g, p * nr, bias), p * nr, first,
          pixel_end - pixel_begin);
  }
}
