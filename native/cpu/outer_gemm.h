// The gradient of a convolution with respect to its weights: dw(j, tap, i) = sum over pixels of dy(pixel, j)
// times the i-th channel of the source pixel that the tap meets.
//
// A register tile of `rows` outputs x `columns` channels stays in registers while the pixels of a block of
// images pass by. dy is packed once a block and tile row ([pixel][rows]) and used for every tap and channel;
// x is read as it lies, a row of pixels at a time. Sums of single blocks are added up in dw: two levels of
// summation keep float32's error small.

struct Segment {
  const float* a;  // packed dy
  const float* b;  // x
  int64_t count, pitch;
};

template <int V>
static void accumulate(const Segment* segments, int64_t count, vec (&acc)[ALEXNET_ROWS][2]) {
  vec sum[ALEXNET_ROWS][V];
  for (int m = 0; m < ALEXNET_ROWS; ++m)
    for (int v = 0; v < V; ++v) sum[m][v] = vec{};
  for (int64_t s = 0; s < count; ++s) {
    const float* a = segments[s].a;
    const float* b = segments[s].b;
    const int64_t pitch = segments[s].pitch;
#pragma GCC unroll 2
    for (int64_t i = 0; i < segments[s].count; ++i, a += ALEXNET_ROWS, b += pitch) {
      vec x[V];
      for (int v = 0; v < V; ++v) x[v] = load(b + v * kLanes);
#pragma GCC unroll 16
      for (int m = 0; m < ALEXNET_ROWS; ++m)
        for (int v = 0; v < V; ++v) sum[m][v] += broadcast(a[m]) * x[v];
    }
  }
  for (int m = 0; m < ALEXNET_ROWS; ++m)
    for (int v = 0; v < V; ++v) acc[m][v] = sum[m][v];
}

static void add_tile(const OuterGemm& g, const vec (&acc)[ALEXNET_ROWS][2], int64_t j, float* dw,
                     int64_t width, bool first) {
  const int64_t rows = g.outputs - j < ALEXNET_ROWS ? g.outputs - j : ALEXNET_ROWS;
  for (int64_t m = 0; m < rows; ++m) {
    float* to = dw + (j + m) * g.dw_output;
    if (width == 2 * kLanes) {
      store(to, first ? acc[m][0] : load(to) + acc[m][0]);
      store(to + kLanes, first ? acc[m][1] : load(to + kLanes) + acc[m][1]);
      continue;
    }
    for (int64_t i = 0; i < width; ++i) {
      const float value = acc[m][i / kLanes][i % kLanes];
      to[i] = first ? value : to[i] + value;
    }
  }
}

// The last channels of a run, where a whole vector would read past the tensor's end.
static void accumulate_tail(const Segment* segments, int64_t count, int64_t width,
                            vec (&acc)[ALEXNET_ROWS][2]) {
  float sum[ALEXNET_ROWS][2 * kLanes];
  __builtin_memset(sum, 0, sizeof(sum));
  for (int64_t s = 0; s < count; ++s) {
    const Segment& segment = segments[s];
    for (int64_t i = 0; i < segment.count; ++i)
      for (int m = 0; m < ALEXNET_ROWS; ++m)
        for (int64_t c = 0; c < width; ++c)
          sum[m][c] += segment.a[i * ALEXNET_ROWS + m] * segment.b[i * segment.pitch + c];
  }
  for (int m = 0; m < ALEXNET_ROWS; ++m) acc[m][0] = load(sum[m]), acc[m][1] = load(sum[m] + kLanes);
}

static void pack_dy(const OuterGemm& g, int64_t image, int64_t images, int64_t j, float* to) {
  const int64_t rows = g.outputs - j < ALEXNET_ROWS ? g.outputs - j : ALEXNET_ROWS;
  for (int64_t n = image; n < image + images; ++n)
    for (int64_t y = 0; y < g.grid.height; ++y) {
      const float* from = g.dy + n * g.dy_strides.image + y * g.dy_strides.row + j;
      for (int64_t x = 0; x < g.grid.width; ++x, from += g.dy_strides.pixel, to += ALEXNET_ROWS) {
        if (rows == ALEXNET_ROWS) {
          for (int m = 0; m < ALEXNET_ROWS; ++m) to[m] = from[m];
        } else {
          for (int m = 0; m < ALEXNET_ROWS; ++m) to[m] = m < rows ? from[m] : 0;
        }
      }
    }
}

// Where tap (r, s) lies inside the image: one segment a row of pixels.
static int64_t segments_of(const OuterGemm& g, int64_t image, int64_t images, int64_t r, int64_t s,
                           const float* packed, int64_t channel, Segment* to) {
  const Grid& grid = g.grid;
  const int64_t before = grid.left - s;
  const int64_t x0 = before > 0 ? (before + grid.stride - 1) / grid.stride : 0;
  const int64_t last = grid.source_width - 1 + before;
  int64_t x1 = last < 0 ? 0 : last / grid.stride + 1;
  if (x1 > grid.width) x1 = grid.width;
  if (x0 >= x1) return 0;
  int64_t count = 0;
  for (int64_t n = 0; n < images; ++n)
    for (int64_t y = 0; y < grid.height; ++y) {
      const int64_t row = y * grid.stride - grid.top + r;
      if (row < 0 || row >= grid.source_height) continue;
      const int64_t column = x0 * grid.stride - grid.left + s;
      to[count++] = {packed + ((n * grid.height + y) * grid.width + x0) * ALEXNET_ROWS,
                     g.x + (image + n) * g.x_strides.image + row * g.x_strides.row +
                         column * g.x_strides.pixel + channel,
                     x1 - x0, grid.stride * g.x_strides.pixel};
    }
  return count;
}

static bool is_matrix(const OuterGemm& g) {
  return g.grid.height == 1 && g.grid.width == 1 && g.grid.rows == 1 && g.grid.columns == 1 &&
         g.grid.top == 0 && g.grid.left == 0;
}

// Images in a block: enough pixels that loading and adding the tile does not count, few enough for the cache.
static int64_t block_images(const OuterGemm& g) {
  const int64_t area = g.grid.height * g.grid.width;
  const int64_t wanted = (256 + area - 1) / area;
  return wanted < g.grid.images ? wanted : g.grid.images;
}

static size_t outer_scratch(const OuterGemm& g) {
  const int64_t area = g.grid.height * g.grid.width;
  if (is_matrix(g)) {
    const int64_t blocks = (g.outputs + ALEXNET_ROWS - 1) / ALEXNET_ROWS;
    return static_cast<size_t>(g.grid.images * (blocks * ALEXNET_ROWS + 2 * kLanes) + 64);
  }
  const int64_t images = block_images(g);
  size_t floats = static_cast<size_t>(images * area * ALEXNET_ROWS + 64);
  floats += static_cast<size_t>(images * g.grid.height) * sizeof(Segment) / sizeof(float) + 64;
  if (few_channels(g.grid, g.inner, g.x_strides))
    floats += static_cast<size_t>(images * padded_height(g.grid) * padded_width(g.grid) * g.inner + 64);
  return floats;
}

static int64_t outer_units(const OuterGemm& g) {
  return (g.outputs + ALEXNET_ROWS - 1) / ALEXNET_ROWS * g.grid.rows;
}

// Fully connected: x is packed a block of channels at a time, dy of this thread's outputs once.
static void outer_matrix(const OuterGemm& g, int64_t begin, int64_t end, float* memory) {
  const int64_t images = g.grid.images, nr = 2 * kLanes;
  Scratch scratch{memory};
  float* x = scratch.take(images * nr);
  float* dy = scratch.next;
  for (int64_t u = begin; u < end; ++u)
    pack_dy(g, 0, images, u * ALEXNET_ROWS, dy + (u - begin) * images * ALEXNET_ROWS);
  vec acc[ALEXNET_ROWS][2];
  for (int64_t i = 0; i < g.inner; i += nr) {
    const int64_t width = g.inner - i < nr ? g.inner - i : nr;
    for (int64_t n = 0; n < images; ++n) {
      const float* from = g.x + n * g.x_strides.image + i;
      for (int64_t c = 0; c < nr; ++c) x[n * nr + c] = c < width ? from[c] : 0;
    }
    for (int64_t u = begin; u < end; ++u) {
      const Segment all{dy + (u - begin) * images * ALEXNET_ROWS, x, images, nr};
      accumulate<2>(&all, 1, acc);
      add_tile(g, acc, u * ALEXNET_ROWS, g.dw + i, width, true);
    }
  }
}

static void outer_block(const OuterGemm& g, int64_t image, int64_t images, int64_t begin, int64_t end,
                        bool first, bool slack, float* packed, Segment* segments) {
  const int64_t nr = 2 * kLanes;
  int64_t held = -1;
  vec acc[ALEXNET_ROWS][2];
  for (int64_t u = begin; u < end; ++u) {
    const int64_t block = u / g.grid.rows, r = u % g.grid.rows, j = block * ALEXNET_ROWS;
    if (block != held) pack_dy(g, image, images, j, packed);
    held = block;
    for (int64_t s = 0; s < g.grid.columns; ++s)
      for (int64_t i = 0; i < g.inner; i += nr) {
        const int64_t width = g.inner - i < nr ? g.inner - i : nr;
        const int64_t count = segments_of(g, image, images, r, s, packed, i, segments);
        if (width == nr || (slack && width > kLanes)) {
          accumulate<2>(segments, count, acc);
        } else if (width == kLanes || slack) {
          accumulate<1>(segments, count, acc);
        } else {
          accumulate_tail(segments, count, width, acc);
        }
        add_tile(g, acc, j, g.dw + r * g.dw_row + s * g.dw_column + i, width, first);
      }
  }
}

static void outer(const OuterGemm& g, int64_t begin, int64_t end, float* memory) {
  if (begin >= end) return;
  if (is_matrix(g)) return outer_matrix(g, begin, end, memory);
  const Grid& grid = g.grid;
  const int64_t images = block_images(g), area = grid.height * grid.width;
  Scratch scratch{memory};
  auto* segments = reinterpret_cast<Segment*>(
      scratch.take(static_cast<int64_t>(images * grid.height * sizeof(Segment) / sizeof(float))));
  float* packed = scratch.take(images * area * ALEXNET_ROWS);
  const bool few = few_channels(grid, g.inner, g.x_strides);
  float* padded = scratch.next;
  for (int64_t image = 0; image < grid.images; image += images) {
    const int64_t count = grid.images - image < images ? grid.images - image : images;
    if (!few) {
      outer_block(g, image, count, begin, end, image == 0, false, packed, segments);
      continue;
    }
    const int64_t size = padded_height(grid) * padded_width(grid) * g.inner;
    for (int64_t n = 0; n < count; ++n)
      pad_image(g.x + (image + n) * g.x_strides.image, g.x_strides, grid, g.inner, padded + n * size);
    OuterGemm one = g;
    one.x = padded - image * size;
    one.grid.source_height = padded_height(grid);
    one.grid.source_width = padded_width(grid);
    one.x_strides = {size, one.grid.source_width * g.inner, g.inner};
    one.grid.top = one.grid.left = 0;
    one.inner = g.inner * grid.columns;
    one.grid.columns = 1;
    outer_block(one, image, count, begin, end, image == 0, true, packed, segments);
  }
}
