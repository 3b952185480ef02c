// Winograd's short correlations: `outputs` neighbouring results of a correlation with `taps` taps from
// n = outputs + taps - 1 products instead of outputs * taps,
//
//     y = A [(G g) . (B d)]        d: n inputs, g: the taps, y: the results
//
// by Toom and Cook's scheme at the points 0, 1, -1, 2, -1/2 and infinity (Winograd, Arithmetic Complexity of
// Computations, 1980; Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016). In float32
// the error of F(3, 3) and F(2, 5), nested in two dimensions, is about twice that of the sum taken term by
// term.

template <int Rows, int Columns>
struct Matrix {
  float at[Rows][Columns];
};

template <int Outputs, int Taps>
struct Toom {
  static constexpr int kOutputs = Outputs, kTaps = Taps, kPoints = Outputs + Taps - 1;
  Matrix<Outputs, kPoints> a;
  Matrix<kPoints, Taps> g;
  Matrix<kPoints, kPoints> b;
};

template <int Outputs, int Taps>
static constexpr Toom<Outputs, Taps> toom() {
  constexpr int n = Outputs + Taps - 1;
  static_assert(n <= 6);
  constexpr double points[5] = {0, 1, -1, 2, -0.5};
  Toom<Outputs, Taps> made{};
  for (int i = 0; i < n; ++i) {
    const bool infinity = i == n - 1;
    // The polynomial whose roots are all other finite points, and its value at this one.
    double polynomial[n + 1] = {1};
    double value = 1;
    int degree = 0;
    for (int j = 0; j < n - 1; ++j) {
      if (j == i) continue;
      if (!infinity) value *= points[i] - points[j];
      ++degree;
      for (int k = degree; k >= 0; --k)
        polynomial[k] = (k > 0 ? polynomial[k - 1] : 0) - points[j] * (k < degree ? polynomial[k] : 0);
    }
    // A factor of a power of two may be moved between B and G without rounding; this one keeps the values'
    // magnitudes.
    double size = 0, scale = 1;
    for (int k = 0; k <= degree; ++k) size += polynomial[k] < 0 ? -polynomial[k] : polynomial[k];
    while (size * scale > 2.8284271247461903) scale /= 2;
    for (int k = 0; k < n; ++k) made.b.at[i][k] = static_cast<float>(k <= degree ? polynomial[k] * scale : 0);
    double power = 1;
    for (int k = 0; k < Taps; ++k, power *= infinity ? 1 : points[i])
      made.g.at[i][k] =
          static_cast<float>(infinity ? (k == Taps - 1 ? 1 / scale : 0) : power / value / scale);
    power = 1;
    for (int k = 0; k < Outputs; ++k, power *= infinity ? 1 : points[i])
      made.a.at[k][i] = static_cast<float>(infinity ? (k == Outputs - 1 ? 1 : 0) : power);
  }
  return made;
}

// out = M in, for vectors `step` apart; M's zeros and ones cost nothing.
template <auto M, int Rows, int Columns>
static inline __attribute__((always_inline)) void apply(const vec* in, int in_step, vec* out, int out_step) {
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
    vec sum{};
    bool empty = true;
#pragma GCC unroll 8
    for (int k = 0; k < Columns; ++k) {
      const float factor = M.at[i][k];
      if (factor == 0) continue;
      const vec& x = in[k * in_step];
      if (empty)
        sum = factor == 1 ? x : factor * x;
      else
        sum = factor == 1 ? sum + x : factor == -1 ? sum - x : sum + factor * x;
      empty = false;
    }
    out[i * out_step] = sum;
  }
}

// M in M^T, in and out row by row.
template <auto M, int Rows, int Columns>
static inline __attribute__((always_inline)) void apply_twice(const vec* in, vec* out) {
  vec half[Rows * Columns];
#pragma GCC unroll 8
  for (int k = 0; k < Columns; ++k) apply<M, Rows, Columns>(in + k, Columns, half + k, Columns);
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) apply<M, Rows, Columns>(half + i * Columns, 1, out + i * Rows, 1);
}
