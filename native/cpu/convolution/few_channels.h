// The gradient with respect to the weights of a convolution over images of few channels, the first layer's 3:
// dw(j, e) = sum over pixels of dy(pixel, j) * x(pixel, e), e = (row, column, channel) of the kernel (363 in
// conv1).
//
// With so few channels x cannot fill vectors, dy can: the tile is `rows` elements of the kernel x two vectors
// of outputs. Elements are broadcast from the padded image, each through a pointer of its own that steps from
// pixel to pixel with the convolution's stride. The images are cut into ranges, each with sums of its own,
// which are added in order at the end: the number of threads changes no bit.

struct Elements {
  const float* sources[ALEXNET_ROWS];  // at the band's first pixel
  int64_t row_step, step;              // from one row of pixels, one pixel, to the next
};

static void correlate(const Elements& elements, const float* dy, int64_t height, int64_t width,
                      vec (&sum)[ALEXNET_ROWS][2]) {
  vec acc[ALEXNET_ROWS][2];
#pragma GCC unroll 16
  for (int m = 0; m < ALEXNET_ROWS; ++m) acc[m][0] = acc[m][1] = vec{};
  const int64_t step = elements.step;
  for (int64_t y = 0; y < height; ++y) {
    const float* source[ALEXNET_ROWS];
#pragma GCC unroll 16
    for (int m = 0; m < ALEXNET_ROWS; ++m) source[m] = elements.sources[m] + y * elements.row_step;
#pragma GCC unroll 2
    for (int64_t x = 0, at = 0; x < width; ++x, at += step, dy += 2 * kLanes) {
      const vec b0 = load(dy), b1 = load(dy + kLanes);
#pragma GCC unroll 16
      for (int m = 0; m < ALEXNET_ROWS; ++m) {
        const vec a = broadcast(source[m][at]);
        acc[m][0] += a * b0;
        acc[m][1] += a * b1;
      }
    }
  }
#pragma GCC unroll 16
  for (int m = 0; m < ALEXNET_ROWS; ++m) sum[m][0] = acc[m][0], sum[m][1] = acc[m][1];
}

static bool has_few_channels(const OuterGemm& g) { return few_channels(g.grid, g.inner); }

static int64_t kernel_elements(const OuterGemm& g) { return g.grid.rows * g.grid.columns * g.inner; }
static int64_t padded_outputs(const OuterGemm& g) {
  return (g.outputs + 2 * kLanes - 1) / (2 * kLanes) * 2 * kLanes;
}

// Rows of pixels that are summed in registers: their dy stays in the cache, and sums of sums keep float32's
// error small.
static int64_t band_rows(const Grid& grid) {
  const int64_t wanted = (511 + grid.width) / grid.width;
  return wanted < grid.height ? wanted : grid.height;
}

// One range's sums, and where the next one's begin.
static int64_t range_floats(const OuterGemm& g) {
  return (kernel_elements(g) * padded_outputs(g) + 15) / 16 * 16;
}

// Ranges: enough that any number of threads has nearly even shares, few enough that all sums stay in a cache.
static constexpr int64_t kMostRanges = 64, kFewestRanges = 8, kRangesFloats = 1 << 20;

static int64_t few_channels_ranges(const OuterGemm& g) {
  int64_t ranges = kRangesFloats / range_floats(g);
  if (ranges < kFewestRanges) ranges = kFewestRanges;
  if (ranges > kMostRanges) ranges = kMostRanges;
  return ranges < g.grid.images ? ranges : g.grid.images;
}

// All ranges' sums.
static size_t few_channels_shared(const OuterGemm& g) {
  return static_cast<size_t>(few_channels_ranges(g) * range_floats(g));
}

// A padded image, and a band of dy.
static size_t few_channels_scratch(const OuterGemm& g) {
  const int64_t band = band_rows(g.grid) * g.grid.width * 2 * kLanes;
  return static_cast<size_t>(padded_image_floats(g.grid, g.inner) + band + 64);
}

static void pack_band(const OuterGemm& g, int64_t image, int64_t y0, int64_t rows, int64_t j, float* to) {
  const int64_t nr = 2 * kLanes, count = g.outputs - j < nr ? g.outputs - j : nr;
  for (int64_t y = y0; y < y0 + rows; ++y) {
    const float* from = g.dy + image * g.dy_strides.image + y * g.dy_strides.row + j;
    for (int64_t x = 0; x < g.grid.width; ++x, from += g.dy_strides.pixel, to += nr) {
      if (count == nr) {
        store(to, load(from)), store(to + kLanes, load(from + kLanes));
      } else {
        for (int64_t lane = 0; lane < nr; ++lane) to[lane] = lane < count ? from[lane] : 0;
      }
    }
  }
}

static void add_band(const OuterGemm& g, const float* padded, int64_t y0, int64_t rows, const float* dy,
                     float* sums) {
  const Grid& grid = g.grid;
  const int64_t elements = kernel_elements(g), run = grid.columns * g.inner, pitch = padded_outputs(g);
  const int64_t line = padded_width(grid) * g.inner;
  vec sum[ALEXNET_ROWS][2];
  for (int64_t e0 = 0; e0 < elements; e0 += ALEXNET_ROWS) {
    Elements tile{{}, grid.stride * line, grid.stride * g.inner};
    for (int m = 0; m < ALEXNET_ROWS; ++m) {
      const int64_t e = e0 + m < elements ? e0 + m : e0;  // past the last: computed and discarded
      tile.sources[m] = padded + (y0 * grid.stride + e / run) * line + e % run;
    }
    correlate(tile, dy, rows, grid.width, sum);
    for (int64_t m = 0; m < ALEXNET_ROWS && e0 + m < elements; ++m) {
      float* to = sums + (e0 + m) * pitch;
      store(to, load(to) + sum[m][0]), store(to + kLanes, load(to + kLanes) + sum[m][1]);
    }
  }
}

// sums(e, j) over images [begin, end).
static void sum_images(const OuterGemm& g, int64_t begin, int64_t end, float* sums, float* memory) {
  const Grid& grid = g.grid;
  const int64_t nr = 2 * kLanes, pitch = padded_outputs(g), band = band_rows(grid);
  Scratch scratch{memory};
  float* padded = scratch.take(padded_image_floats(grid, g.inner));
  float* dy = scratch.next;
  __builtin_memset(sums, 0, sizeof(float) * kernel_elements(g) * pitch);
  for (int64_t n = begin; n < end; ++n) {
    pad_image(g.x + n * g.x_strides.image, g.x_strides, grid, g.inner, padded);
    for (int64_t y = 0; y < grid.height; y += band) {
      const int64_t rows = grid.height - y < band ? grid.height - y : band;
      for (int64_t j = 0; j < pitch; j += nr) {
        pack_band(g, n, y, rows, j, dy);
        add_band(g, padded, y, rows, dy, sums + j);
      }
    }
  }
}

// Ranges [begin, end), of which each has its place in `sums`.
static void few_channels_sum(const OuterGemm& g, int64_t begin, int64_t end, float* sums, float* memory) {
  const int64_t images = g.grid.images, ranges = few_channels_ranges(g);
  for (int64_t r = begin; r < end; ++r)
    sum_images(g, images * r / ranges, images * (r + 1) / ranges, sums + r * range_floats(g), memory);
}

// dw of outputs [begin, end) from all ranges' sums; begin is a multiple of kLanes.
static void few_channels_finish(const OuterGemm& g, int64_t begin, int64_t end, const float* sums) {
  const int64_t elements = kernel_elements(g), pitch = padded_outputs(g);
  const int64_t ranges = few_channels_ranges(g), apart = range_floats(g);
  for (int64_t e = 0; e < elements; ++e)
    for (int64_t j = begin; j < end; j += kLanes) {
      const float* at = sums + e * pitch + j;
      vec sum = load(at);
      for (int64_t r = 1; r < ranges; ++r) sum += load(at + r * apart);
      const int64_t lanes = end - j < kLanes ? end - j : kLanes;
      for (int64_t lane = 0; lane < lanes; ++lane) g.dw[(j + lane) * g.dw_output + e] = sum[lane];
    }
}
