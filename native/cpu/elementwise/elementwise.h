// Ops that touch each element once. They are memory-bound: plain loops that the compiler vectorizes.

static void activation_backward(int activation, const float* y, const float* dy, float* dx, int64_t count) {
  if (activation == 1) {
    for (int64_t i = 0; i < count; ++i) dx[i] = y[i] <= 0 ? 0 : dy[i];
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
