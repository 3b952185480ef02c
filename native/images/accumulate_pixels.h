// Sums over the pixels of an image, exact: for a store's mean image and its colours.

// Pixels at once, their colours apart: products of 16-bit numbers and their sums are single vector
// instructions everywhere.
static constexpr int64_t kPixelBlock = 1024;

static uint32_t sum_of(const int16_t* x, int64_t count) {
  uint32_t total = 0;
  for (int64_t i = 0; i < count; i++) total += static_cast<uint32_t>(x[i]);
  return total;
}

// Of bytes, at most kPixelBlock of them, so far below 2^31.
static uint32_t sum_of_products(const int16_t* x, const int16_t* y, int64_t count) {
  int32_t total = 0;
  for (int64_t i = 0; i < count; i++) total += int32_t{x[i]} * int32_t{y[i]};
  return static_cast<uint32_t>(total);
}

static void add_colours(const uint8_t* pixels, int64_t count, uint64_t* sums) {
  int16_t r[kPixelBlock], g[kPixelBlock], b[kPixelBlock];
  for (int64_t i = 0; i < count; i++) {
    r[i] = pixels[3 * i];
    g[i] = pixels[3 * i + 1];
    b[i] = pixels[3 * i + 2];
  }
  sums[0] += sum_of(r, count);
  sums[1] += sum_of(g, count);
  sums[2] += sum_of(b, count);
  sums[3] += sum_of_products(r, r, count);
  sums[4] += sum_of_products(r, g, count);
  sums[5] += sum_of_products(r, b, count);
  sums[6] += sum_of_products(g, g, count);
  sums[7] += sum_of_products(g, b, count);
  sums[8] += sum_of_products(b, b, count);
}

static void accumulate_pixels(const uint8_t* pixels, int64_t count, uint32_t* means, uint64_t* colours) {
  for (int64_t i = 0; i < 3 * count; i++) means[i] += pixels[i];
  for (int64_t from = 0; from < count; from += kPixelBlock)
    add_colours(pixels + 3 * from, count - from < kPixelBlock ? count - from : kPixelBlock, colours);
}
