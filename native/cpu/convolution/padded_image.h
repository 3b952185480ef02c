// Images with few channels, the first layer's 3: a run of one pixel's channels is too short to compute with.
// Such an image is copied with its padding around it, so that every window lies inside and a kernel's row is
// one run of columns x channels (33 elements in conv1). One copy serves all outputs.

static constexpr int64_t kFewChannels = kLanes > 4 ? kLanes : 5;

static bool few_channels(const Grid& grid, int64_t inner) { return !grid.backward && inner < kFewChannels; }

static int64_t padded_height(const Grid& grid) { return (grid.height - 1) * grid.stride + grid.rows; }
static int64_t padded_width(const Grid& grid) { return (grid.width - 1) * grid.stride + grid.columns; }

static int64_t padded_image_floats(const Grid& grid, int64_t channels) {
  return padded_height(grid) * padded_width(grid) * channels;
}

static void copy_pixels(const float* from, int64_t pitch, int64_t pixels, int64_t channels, float* to) {
  if (pitch == channels) {
    __builtin_memcpy(to, from, sizeof(float) * pixels * channels);
    return;
  }
  for (int64_t x = 0; x < pixels; ++x, from += pitch, to += channels)
    for (int64_t c = 0; c < channels; ++c) to[c] = from[c];
}

// Copies one image to `to` with its padding around it, so that every window lies inside.
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
    copy_pixels(image + from * strides.row, strides.pixel, kept, channels, to + skipped * channels);
    __builtin_memset(to + (skipped + kept) * channels, 0,
                     sizeof(float) * (width - skipped - kept) * channels);
  }
}

// The convolution of a padded image: no padding remains, and a kernel row is one run.
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
