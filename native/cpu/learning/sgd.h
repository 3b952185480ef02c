// The paper's update (section 5): v <- m v - decay_rate w - rate g, w <- w + v; 20 bytes a weight.
static void sgd(float* w, float* v, const float* g, float momentum, float decay_rate, float rate,
                int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float step = momentum * v[i] - decay_rate * w[i] - rate * g[i];
    v[i] = step;
    w[i] += step;
  }
}
