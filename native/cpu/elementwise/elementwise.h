// Ops that touch each number once: bound by memory, written as plain loops that the compiler turns into
// vectors.

static void activation_backward(int activation, const float* y, const float* dy, float* dx, int64_t count) {
  if (activation == 1) {
    for (int64_t i = 0; i < count; ++i) dx[i] = y[i] > 0 ? dy[i] : 0;
  } else if (activation == 2) {
    for (int64_t i = 0; i < count; ++i) dx[i] = dy[i] * (1 - y[i] * y[i]);
  } else {
    __builtin_memmove(dx, dy, sizeof(float) * count);
  }
}

static void scale(float factor, const float* x, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = factor * x[i];
}

static void add(const float* a, const float* b, float* y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] = a[i] + b[i];
}

// The paper's update (section 5): v <- m v - decay_rate w - rate g, w <- w + v; 20 bytes a weight.
static void sgd(float* w, float* v, const float* g, float momentum, float decay_rate, float rate,
                int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float step = momentum * v[i] - decay_rate * w[i] - rate * g[i];
    v[i] = step;
    w[i] += step;
  }
}

static void column_sums(const float* rows, int64_t pixels, int64_t pitch, int64_t channels, float* sums) {
  for (int64_t p = 0; p < pixels; ++p, rows += pitch)
    for (int64_t c = 0; c < channels; ++c) sums[c] += rows[c];
}
