// The gradient of a convolution with respect to its weights: dw(j, tap, i) = sum over pixels of dy(pixel, j)
// times the i-th channel of the source pixel that the tap meets.
//
// A tile of `rows` outputs x `columns` channels stays in registers during the sum over the pixels of a block
// of images. dy is packed once for each block and tile row ([pixel][rows]) and used for every tap and
// channel; x is read unpacked, a row of pixels at a time. Each block's sums are added to dw: two levels of
// summation keep float32's error small.

struct Segment {
  const float* a;  // packed dy
  const float* b;  // x
  int64_t count, pitch, a_pitch;
};

template <int V>
static void accumulate(const Segment* segments, int64_t count, vec (&acc)[ALEXNET_ROWS][2]) {
  vec sum[ALEXNET_ROWS][V];
#pragma GCC unroll 16
  for (int m = 0; m < ALEXNET_ROWS; ++m)
    for (int v = 0; v < V; ++v) sum[m][v] = vec{};
  for (int64_t s = 0; s < count; ++s) {
    const float* a = segments[s].a;
    const float* b = segments[s].b;
    const int64_t pitch = segments[s].pitch, a_pitch = segments[s].a_pitch;
#pragma GCC unroll 2
    for (int64_t i = 0; i < segments[s].count; ++i, a += a_pitch, b += pitch) {
      vec x[V];
      for (int v = 0; v < V; ++v) x[v] = load(b + v * kLanes);
#pragma GCC unroll 16
      for (int m = 0; m < ALEXNET_ROWS; ++m)
        for (int v = 0; v < V; ++v) sum[m][v] += broadcast(a[m]) * x[v];
    }
  }
#pragma GCC unroll 16
  for (int m = 0; m < ALEXNET_ROWS; ++m)
    for (int v = 0; v < V; ++v) acc[m][v] = sum[m][v];
}

// A tile of dw: channels [at, at + vectors * kLanes), of which those before `from` have been computed
// already.
struct Columns {
  int64_t at, from;
  int vectors;
};

// The tile that begins at channel i, and where the next one begins. The last one ends with the last channel,
// so that nothing past it is read, and overlaps the one before it.
static inline Columns columns_at(int64_t i, int64_t inner) {
  const int64_t left = inner - i;
  if (left >= 2 * kLanes) return {i, i, 2};
  if (left > kLanes && inner >= 2 * kLanes) return {inner - 2 * kLanes, i, 2};
  if (left >= kLanes) return {i, i, 1};
  return {inner - kLanes, i, 1};
}

static void add_tile(const OuterGemm& g, const vec (&acc)[ALEXNET_ROWS][2], int64_t j, float* dw,
                     const Columns& columns, bool first) {
  const int64_t rows = g.outputs - j < ALEXNET_ROWS ? g.outputs - j : ALEXNET_ROWS;
  for (int64_t m = 0; m < rows; ++m) {
    float* to = dw + (j + m) * g.dw_output + columns.at;
    if (columns.from == columns.at) {
      for (int v = 0; v < columns.vectors; ++v, to += kLanes)
        store(to, first ? acc[m][v] : load(to) + acc[m][v]);
      continue;
    }
    for (int64_t i = columns.from - columns.at; i < columns.vectors * kLanes; ++i) {
      const float value = acc[m][i / kLanes][i % kLanes];
      to[i] = first ? value : to[i] + value;
    }
  }
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

// The pixels for which tap (r, s) is inside the image: one segment a row of pixels, at channel 0.
static int64_t segments_of(const OuterGemm& g, int64_t image, int64_t images, int64_t r, int64_t s,
                           const float* packed, Segment* to) {
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
      to[count++] = {
          packed + ((n * grid.height + y) * grid.width + x0) * ALEXNET_ROWS,
          g.x + (image + n) * g.x_strides.image + row * g.x_strides.row + column * g.x_strides.pixel, x1 - x0,
          grid.stride * g.x_strides.pixel, ALEXNET_ROWS};
    }
  return count;
}

static void move_by(int64_t channels, Segment* segments, int64_t count) {
  for (int64_t s = 0; s < count; ++s) segments[s].b += channels;
}

// Images in a block: enough pixels that loading and adding the tile costs little, few enough to fit the
// cache.
static int64_t block_images(const OuterGemm& g) {
  const int64_t area = g.grid.height * g.grid.width;
  const int64_t wanted = (256 + area - 1) / area;
  return wanted < g.grid.images ? wanted : g.grid.images;
}

static size_t outer_scratch(const OuterGemm& g) {
  const int64_t area = g.grid.height * g.grid.width, images = block_images(g);
  return static_cast<size_t>(images * area * ALEXNET_ROWS + 64) +
         static_cast<size_t>(images * g.grid.height) * sizeof(Segment) / sizeof(float) + 64;
}

// Units: blocks of `rows` outputs by kernel rows.
static int64_t outer_units(const OuterGemm& g) {
  return (g.outputs + ALEXNET_ROWS - 1) / ALEXNET_ROWS * g.grid.rows;
}

static void outer_block(const OuterGemm& g, int64_t image, int64_t images, int64_t begin, int64_t end,
                        float* packed, Segment* segments) {
  int64_t held = -1;
  vec acc[ALEXNET_ROWS][2];
  for (int64_t u = begin; u < end; ++u) {
    const int64_t block = u / g.grid.rows, r = u % g.grid.rows, j = block * ALEXNET_ROWS;
    if (block != held) pack_dy(g, image, images, j, packed);
    held = block;
    for (int64_t s = 0; s < g.grid.columns; ++s) {
      const int64_t count = segments_of(g, image, images, r, s, packed, segments);
      int64_t at = 0;
      for (int64_t i = 0; i < g.inner;) {
        const Columns columns = columns_at(i, g.inner);
        move_by(columns.at - at, segments, count);
        at = columns.at;
        columns.vectors == 2 ? accumulate<2>(segments, count, acc) : accumulate<1>(segments, count, acc);
        add_tile(g, acc, j, g.dw + r * g.dw_row + s * g.dw_column, columns, image == 0);
        i = at + columns.vectors * kLanes;
      }
    }
  }
}

// For at least kLanes channels; convolution/few_channels.h handles fewer.
static void outer(const OuterGemm& g, int64_t begin, int64_t end, float* memory) {
  const int64_t images = block_images(g), area = g.grid.height * g.grid.width;
  Scratch scratch{memory};
  float* packed = scratch.take(images * area * ALEXNET_ROWS);
  auto* segments = reinterpret_cast<Segment*>(scratch.next);
  for (int64_t image = 0; image < g.grid.images; image += images) {
    const int64_t count = g.grid.images - image < images ? g.grid.images - image : images;
    outer_block(g, image, count, begin, end, packed, segments);
  }
}
