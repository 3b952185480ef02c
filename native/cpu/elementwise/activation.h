// The activations that follow the sums of a learned layer.

// tanh to float32's accuracy, without branches: near zero the polynomial of the Cephes library (S. Moshier),
// elsewhere 1 - 2 / (e^2|x| + 1), e^t from t = n ln 2 + rest and a series in the rest.
static inline float tanh_of(float x) {
  const float size = __builtin_fabsf(x), z = x * x;
  float near = -5.70498872745e-3f * z + 2.06390887954e-2f;
  near = near * z - 5.37397155531e-2f;
  near = near * z + 1.33314422036e-1f;
  near = near * z - 3.33332819422e-1f;
  near = near * z * x + x;
  const float t = 2 * (size < 9.1f ? size : 9.1f);
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float n = (t * 1.44269504f + magic) - magic;
  const float rest = (t - n * 0.693359375f) + n * 2.12194440e-4f;
  float e = 1.9875691500e-4f * rest + 1.3981999507e-3f;
  e = e * rest + 8.3334519073e-3f;
  e = e * rest + 4.1665795894e-2f;
  e = e * rest + 1.6666665459e-1f;
  e = e * rest + 5.0000001201e-1f;
  e = e * rest * rest + rest + 1;
  const float power = e * __builtin_bit_cast(float, (static_cast<int32_t>(n) + 127) << 23);
  const float far = __builtin_copysignf(1 - 2 / (power + 1), x);
  const float result = size < 0.625f ? near : far;
  return x == x ? result : x;
}

static void activation_forward(int activation, const float* x, float* y, int64_t count) {
  if (activation == 1) {
    for (int64_t i = 0; i < count; ++i) y[i] = x[i] > 0 ? x[i] : 0;
  } else if (activation == 2) {
    for (int64_t i = 0; i < count; ++i) y[i] = tanh_of(x[i]);
  } else {
    __builtin_memmove(y, x, sizeof(float) * count);
  }
}
