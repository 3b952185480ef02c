// Normalisation within each map, which the authors' program applies as its second normalisation after conv2:
//   s = k + alpha * sum over the size x size window around the position of x^2,  y = x * s^-beta,
// and backward, with t = dy * x * s^{-beta-1}:  dx = dy * s^-beta - 2 alpha beta x * (the same window's sum
// of t). A window of odd size is symmetric: i is in the window of j exactly where j is in the window of i.
// Channels are independent and adjacent: every loop runs along them.

static void window_around(const Planes& p, int64_t size, const float* image, int64_t h, int64_t w,
                          bool square, float* sums) {
  const int64_t before = size / 2, after = size - 1 - before, channels = p.channels;
  __builtin_memset(sums, 0, sizeof(float) * channels);
  for (int64_t y = h - before; y <= h + after; ++y) {
    if (y < 0 || y >= p.height) continue;
    for (int64_t x = w - before; x <= w + after; ++x) {
      if (x < 0 || x >= p.width) continue;
      const float* from = image + (y * p.width + x) * channels;
      if (square) {
        for (int64_t c = 0; c < channels; ++c) sums[c] += from[c] * from[c];
      } else {
        for (int64_t c = 0; c < channels; ++c) sums[c] += from[c];
      }
    }
  }
}

// Scratch: channels.
static void map_norm_forward(const Planes& p, int64_t size, float k, float alpha, float beta, const float* x,
                             float* y, int64_t image_begin, int64_t image_end, float* sums) {
  const int64_t channels = p.channels;
  for (int64_t n = image_begin; n < image_end; ++n) {
    const float* image = x + n * p.height * p.width * channels;
    float* out = y + n * p.height * p.width * channels;
    for (int64_t h = 0; h < p.height; ++h)
      for (int64_t w = 0; w < p.width; ++w) {
        window_around(p, size, image, h, w, true, sums);
        const int64_t at = (h * p.width + w) * channels;
        for (int64_t c = 0; c < channels; ++c) out[at + c] = image[at + c] * power(k + alpha * sums[c], beta);
      }
  }
}

// Scratch: channels + 2 * height * width * channels.
static void map_norm_backward(const Planes& p, int64_t size, float k, float alpha, float beta, const float* x,
                              const float* dy, float* dx, int64_t image_begin, int64_t image_end,
                              float* scratch) {
  const int64_t channels = p.channels, count = p.height * p.width * channels;
  float* sums = scratch;
  float* terms = scratch + channels;
  float* direct = terms + count;
  // A window of even size reaches one position further up and left than down and right; its transpose is
  // mirrored.
  const int64_t mirrored = size % 2 ? 0 : 1;
  for (int64_t n = image_begin; n < image_end; ++n) {
    const float* image = x + n * count;
    const float* from = dy + n * count;
    for (int64_t h = 0; h < p.height; ++h)
      for (int64_t w = 0; w < p.width; ++w) {
        window_around(p, size, image, h, w, true, sums);
        const int64_t at = (h * p.width + w) * channels;
        for (int64_t c = 0; c < channels; ++c) {
          const float s = k + alpha * sums[c];
          direct[at + c] = from[at + c] * power(s, beta);
          terms[at + c] = direct[at + c] * image[at + c] / s;
        }
      }
    for (int64_t h = 0; h < p.height; ++h)
      for (int64_t w = 0; w < p.width; ++w) {
        window_around(p, size, terms, h + mirrored, w + mirrored, false, sums);
        const int64_t at = (h * p.width + w) * channels;
        for (int64_t c = 0; c < channels; ++c)
          dx[n * count + at + c] = direct[at + c] - 2 * alpha * beta * image[at + c] * sums[c];
      }
  }
}
