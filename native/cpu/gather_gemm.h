// Convolution forward and its gradient with respect to the input, and the fully connected layer both ways:
// each written pixel is a sum, over the kernel's taps, of (a run of channels of one source pixel) x (a block
// of weights).
//
// The images are never rearranged: a register tile of `rows` pixels x `columns` outputs broadcasts its pixels
// straight from where they lie, through one pointer a pixel and tap. A tap outside the image points at zeros,
// and a tap outside for all pixels of the tile is skipped. Only weights are packed, one panel of `columns`
// outputs at a time, into the order in which the tile reads them; the panel stays in the cache while all
// pixels pass by.
//
// Images with few channels (the first layer's 3) are copied with their padding, one at a time, so that a
// kernel row is one run of columns x channels.

struct Tile {
  const float* const* sources;  // taps x rows pointers, taps that count first
  const float* const* panels;   // the packed weights of each tap
  int64_t taps, inner;
};

template <int M>
static void multiply(const Tile& tile, vec (&sum)[ALEXNET_ROWS][2]) {
  vec acc[M][2];
  for (int m = 0; m < M; ++m) acc[m][0] = acc[m][1] = vec{};
  for (int64_t t = 0; t < tile.taps; ++t) {
    const float* source[M];
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

// Writes up to 2 * kLanes outputs of one pixel.
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
  if (g.activation == 1) s0 = s0 > 0 ? s0 : vec{}, s1 = s1 > 0 ? s1 : vec{};
  if (g.scale != 1) s0 *= g.scale, s1 *= g.scale;
  store(out, s0);
  store(out + kLanes, s1);
  if (g.activation == 2)
    for (int i = 0; i < 2 * kLanes; ++i) out[i] = g.scale * __builtin_tanhf(out[i] / g.scale);
  if (!whole)
    for (int64_t i = 0; i < left; ++i) to[j + i] = row[i];
}

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

// Source row or column of a target's at one tap; -1 where it falls outside.
static inline int64_t meets(const Grid& grid, int64_t target, int64_t tap, int64_t padding, int64_t extent) {
  int64_t at;
  if (!grid.backward) {
    at = target * grid.stride - padding + tap;
  } else {
    at = target + padding - tap;
    if (grid.stride > 1) {
      if (at < 0 || at % grid.stride) return -1;
      at /= grid.stride;
    }
  }
  return at >= 0 && at < extent ? at : -1;
}

struct Pixel {
  int64_t image, row, column;
};

static inline void step(const Grid& grid, Pixel& p) {
  if (++p.column < grid.width) return;
  p.column = 0;
  if (++p.row < grid.height) return;
  p.row = 0;
  ++p.image;
}

// Scratch: one packed panel (all panels in the padded mode), a padded bias panel, zeros, and the tile's
// pointers.
static bool few_channels(const Grid& grid, int64_t inner, const Strides& strides) {
  return !grid.backward && inner <= 4 && grid.columns > 1 && strides.pixel == inner;
}

static int64_t padded_height(const Grid& grid) {
  const int64_t reach = (grid.height - 1) * grid.stride + grid.rows;
  return reach;
}
static int64_t padded_width(const Grid& grid) { return (grid.width - 1) * grid.stride + grid.columns; }

static size_t gather_scratch(const GatherGemm& g) {
  const Grid& grid = g.grid;
  const int64_t taps = grid.rows * grid.columns, nr = 2 * kLanes;
  const int64_t panels = (g.outputs + nr - 1) / nr;
  const bool few = few_channels(grid, g.inner, g.source_strides);
  size_t floats = static_cast<size_t>(taps * g.inner * nr * (few ? panels : 1));
  floats += static_cast<size_t>(nr + g.inner * (few ? grid.columns : 1) + 64);
  if (few) floats += static_cast<size_t>(padded_height(grid) * padded_width(grid) * g.inner + 64);
  floats += static_cast<size_t>(taps * (ALEXNET_ROWS + 1)) * sizeof(float*) / sizeof(float) + 64;
  return floats;
}

struct Scratch {
  float* next;
  float* take(int64_t floats) {
    float* got = next;
    next += (floats + 15) / 16 * 16;
    return got;
  }
};

// All of `count` pixels from `first`, one panel of outputs.
static void sweep(const GatherGemm& g, const float* panel, const float* bias, int64_t j, Pixel pixel,
                  int64_t count, const float* zeros, const float** sources, const float** panels) {
  const Grid& grid = g.grid;
  vec sum[ALEXNET_ROWS][2];
  while (count > 0) {
    const int rows = count < ALEXNET_ROWS ? static_cast<int>(count) : ALEXNET_ROWS;
    Pixel at[ALEXNET_ROWS];
    for (int m = 0; m < rows; ++m) at[m] = pixel, step(grid, pixel);
    int64_t taps = 0;
    for (int64_t r = 0; r < grid.rows; ++r) {
      const float* line[ALEXNET_ROWS];
      bool any = false;
      for (int m = 0; m < rows; ++m) {
        const int64_t y = meets(grid, at[m].row, r, grid.top, grid.source_height);
        line[m] =
            y < 0 ? nullptr : g.source + at[m].image * g.source_strides.image + y * g.source_strides.row;
        any |= y >= 0;
      }
      if (!any) continue;
      for (int64_t s = 0; s < grid.columns; ++s) {
        bool inside = false;
        for (int m = 0; m < rows; ++m) {
          const int64_t x = line[m] ? meets(grid, at[m].column, s, grid.left, grid.source_width) : -1;
          sources[taps * ALEXNET_ROWS + m] = x < 0 ? zeros : line[m] + x * g.source_strides.pixel;
          inside |= x >= 0;
        }
        if (!inside) continue;
        panels[taps++] = panel + (r * grid.columns + s) * g.inner * 2 * kLanes;
      }
    }
    multiply_rows(rows, Tile{sources, panels, taps, g.inner}, sum);
    for (int m = 0; m < rows; ++m) {
      float* to = g.target + at[m].image * g.target_strides.image + at[m].row * g.target_strides.row +
                  at[m].column * g.target_strides.pixel;
      finish(g, sum[m][0], sum[m][1], j, to, bias);
    }
    count -= rows;
  }
}

static const float* pack_bias(const GatherGemm& g, int64_t j, float* to) {
  if (!g.bias) return nullptr;
  for (int64_t lane = 0; lane < 2 * kLanes; ++lane) to[lane] = j + lane < g.outputs ? g.bias[j + lane] : 0;
  return to;
}

// One image into `to` with its padding around, so that every window lies inside.
static void pad_image(const float* image, const Strides& strides, const Grid& grid, int64_t channels,
                      float* to) {
  const int64_t height = padded_height(grid), width = padded_width(grid);
  for (int64_t y = 0; y < height; ++y, to += width * channels) {
    const int64_t from = y - grid.top;
    if (from < 0 || from >= grid.source_height) {
      __builtin_memset(to, 0, sizeof(float) * width * channels);
      continue;
    }
    const int64_t skipped = grid.left < width ? grid.left : width;
    const int64_t kept = grid.source_width < width - skipped ? grid.source_width : width - skipped;
    __builtin_memset(to, 0, sizeof(float) * skipped * channels);
    __builtin_memcpy(to + skipped * channels, image + from * strides.row, sizeof(float) * kept * channels);
    __builtin_memset(to + (skipped + kept) * channels, 0,
                     sizeof(float) * (width - skipped - kept) * channels);
  }
}

// The convolution of a padded image: no padding left, and a kernel row is one run.
static GatherGemm of_padded_image(const GatherGemm& g, const float* padded, int64_t image) {
  GatherGemm one = g;
  one.source = padded;
  one.target = g.target + image * g.target_strides.image;
  one.grid.source_height = padded_height(g.grid);
  one.grid.source_width = padded_width(g.grid);
  one.source_strides = {0, one.grid.source_width * g.inner, g.inner};
  one.grid.top = one.grid.left = 0;
  one.inner = g.inner * g.grid.columns;
  one.grid.columns = 1;
  return one;
}

static void gather(const GatherGemm& g, int64_t panel_begin, int64_t panel_end, int64_t pixel_begin,
                   int64_t pixel_end, float* memory) {
  const Grid& grid = g.grid;
  const int64_t nr = 2 * kLanes, taps = grid.rows * grid.columns, area = grid.height * grid.width;
  const bool few = few_channels(grid, g.inner, g.source_strides);
  Scratch scratch{memory};
  auto** pointers = reinterpret_cast<const float**>(scratch.take(taps * (ALEXNET_ROWS + 1) * 2));
  const float** panels = pointers + taps * ALEXNET_ROWS;
  float* bias = scratch.take(nr);
  float* zeros = scratch.take(g.inner * (few ? grid.columns : 1));
  __builtin_memset(zeros, 0, sizeof(float) * g.inner * (few ? grid.columns : 1));
  if (!few) {
    float* panel = scratch.take(taps * g.inner * nr);
    const Pixel first{pixel_begin / area, pixel_begin % area / grid.width, pixel_begin % grid.width};
    for (int64_t p = panel_begin; p < panel_end; ++p) {
      pack_panel(g, p * nr, panel);
      sweep(g, panel, pack_bias(g, p * nr, bias), p * nr, first, pixel_end - pixel_begin, zeros, pointers,
            panels);
    }
    return;
  }
  float* padded = scratch.take(padded_height(grid) * padded_width(grid) * g.inner);
  float* packed = scratch.next;
  const int64_t panel_floats = taps * g.inner * nr;
  for (int64_t p = panel_begin; p < panel_end; ++p)
    pack_panel(g, p * nr, packed + (p - panel_begin) * panel_floats);
  for (int64_t pixel = pixel_begin; pixel < pixel_end;) {
    const int64_t image = pixel / area, inside = pixel % area;
    const int64_t count = area - inside < pixel_end - pixel ? area - inside : pixel_end - pixel;
    pad_image(g.source + image * g.source_strides.image, g.source_strides, grid, g.inner, padded);
    const GatherGemm one = of_padded_image(g, padded, image);
    const Pixel first{0, inside / grid.width, inside % grid.width};
    for (int64_t p = panel_begin; p < panel_end; ++p)
      sweep(one, packed + (p - panel_begin) * panel_floats, pack_bias(g, p * nr, bias), p * nr, first, count,
            zeros, pointers, panels);
    pixel += count;
  }
}

// Few rows of a matrix product: y(m, j) = sum_i x(m, i) w(j, i). The sums run along i, so w is read once, as
// it lies, at the speed of memory; four outputs share each load of x.
static void dot(const GatherGemm& g, int64_t begin, int64_t end) {
  const int64_t whole = g.inner / kLanes * kLanes;
  for (int64_t j = begin; j < end; j += 4) {
    const int64_t count = end - j < 4 ? end - j : 4;
    for (int64_t m = 0; m < g.grid.images; ++m) {
      const float* x = g.source + m * g.source_strides.image;
      const float* w[4];
      for (int64_t q = 0; q < 4; ++q) w[q] = g.weights + (j + (q < count ? q : 0)) * g.w_output;
      vec acc[4] = {vec{}, vec{}, vec{}, vec{}};
      for (int64_t i = 0; i < whole; i += kLanes) {
        const vec a = load(x + i);
        for (int q = 0; q < 4; ++q) acc[q] += a * load(w[q] + i);
      }
      float* y = g.target + m * g.target_strides.image;
      for (int64_t q = 0; q < count; ++q) {
        float sum = 0;
        for (int lane = 0; lane < kLanes; ++lane) sum += acc[q][lane];
        for (int64_t i = whole; i < g.inner; ++i) sum += x[i] * w[q][i];
        if (g.accumulate) sum += y[j + q];
        if (g.bias) sum += g.bias[j + q];
        if (g.activation == 1) sum = sum > 0 ? sum : 0;
        if (g.activation == 2) sum = __builtin_tanhf(sum);
        y[j + q] = sum * g.scale;
      }
    }
  }
}
