// Batch normalisation over channels (core/ops/normalisation.h has the formulas), a block of pixels at a time.
// A block's elements stay in the second-level cache, so that each op reads memory once for its sums and once
// for its result. The backend adds the blocks' sums in order, whichever thread computed them.

// Rows that are added to a channel's sum while the sum stays in a register.
static constexpr int64_t kRowsAtOnce = 16;

// sums[c] += term(V{}, offset) over all pixels; V is the vector's type, offset where the vector begins.
template <class Term>
static inline void add_rows(int64_t pixels, int64_t channels, float* sums, const Term& term) {
  for (int64_t p = 0; p < pixels; p += kRowsAtOnce) {
    const int64_t last = pixels - p < kRowsAtOnce ? pixels : p + kRowsAtOnce;
    each_vector(channels, [&](auto zero, int64_t c) {
      using V = decltype(zero);
      V sum = load_as<V>(sums + c);
      for (int64_t row = p; row < last; ++row) sum += term(zero, row * channels + c, c);
      put(sums + c, sum);
    });
  }
}

// A block's mean and its sum of squares about that mean.
static void batch_norm_moments(const float* x, int64_t pixels, int64_t channels, float* mean,
                               float* squares) {
  for (int64_t c = 0; c < channels; ++c) mean[c] = squares[c] = 0;
  add_rows(pixels, channels, mean,
           [=](auto zero, int64_t i, int64_t) { return load_as<decltype(zero)>(x + i); });
  const float share = 1.0f / static_cast<float>(pixels);
  for (int64_t c = 0; c < channels; ++c) mean[c] *= share;
  add_rows(pixels, channels, squares, [=](auto zero, int64_t i, int64_t c) {
    using V = decltype(zero);
    const V away = load_as<V>(x + i) - load_as<V>(mean + c);
    return away * away;
  });
}

// y = activation(scale * (x - mean) + shift)
static void batch_norm_apply(const ChannelLine& line, int activation, const float* x, float* y,
                             int64_t pixels, int64_t channels) {
  for (int64_t p = 0; p < pixels; ++p, x += channels, y += channels) {
    each_vector(channels, [&](auto zero, int64_t c) {
      using V = decltype(zero);
      V value = load_as<V>(line.scale + c) * (load_as<V>(x + c) - load_as<V>(line.mean + c)) +
                load_as<V>(line.shift + c);
      if (activation == 1) value = value < V{} ? V{} : value;
      put(y + c, value);
    });
    if (activation == 2)
      for (int64_t c = 0; c < channels; ++c) y[c] = tanh_of(y[c]);
  }
}

// A block's sums of dy and of dy * (x - mean).
static void batch_norm_sums(const float* x, const float* dy, const float* mean, int64_t pixels,
                            int64_t channels, float* sum, float* product) {
  for (int64_t c = 0; c < channels; ++c) sum[c] = product[c] = 0;
  add_rows(pixels, channels, sum,
           [=](auto zero, int64_t i, int64_t) { return load_as<decltype(zero)>(dy + i); });
  add_rows(pixels, channels, product, [=](auto zero, int64_t i, int64_t c) {
    using V = decltype(zero);
    return load_as<V>(dy + i) * (load_as<V>(x + i) - load_as<V>(mean + c));
  });
}

// dx = scale * (dy - shift - slope * (x - mean))
static void batch_norm_gradient(const ChannelLine& line, const float* slope, const float* x, const float* dy,
                                float* dx, int64_t pixels, int64_t channels) {
  for (int64_t p = 0; p < pixels; ++p, x += channels, dy += channels, dx += channels)
    each_vector(channels, [&](auto zero, int64_t c) {
      using V = decltype(zero);
      const V away = load_as<V>(x + c) - load_as<V>(line.mean + c);
      put(dx + c, load_as<V>(line.scale + c) *
                      (load_as<V>(dy + c) - load_as<V>(line.shift + c) - load_as<V>(slope + c) * away));
    });
}
