// The gradient with respect to the weights by the same scheme: dw, kTaps x kTaps numbers, is the correlation
// of a tile of x with the tile of dy that it led to, so dy's tiles are the taps and x's transformed tiles are
// those of the forward pass. At each point a product of matrices remains, (channels x tiles) times (tiles x
// outputs), whose sums over all tiles are turned into taps once, at the end.
//
// All threads work on one block of tiles at a time: first each transforms some of the tiles, then each takes
// some of the points and channels for all outputs. Which thread does what changes no sum.

template <class C>
using Turned = Cut<C::kTaps, C::kOutputs>;

// Transformed tiles of x and dy that are held at a time, floats: a part of a third-level cache.
static constexpr int64_t kHeldTiles = 512 << 10;

static int64_t winograd_weights_tiles(const OuterGemm& g) {
  const int64_t most = kHeldTiles / (all_points(g.grid) * (g.inner + g.outputs)),
                all = winograd_tiles(g.grid);
  return most < 64 ? (all < 64 ? all : 64) : most < all ? most : all;
}

static bool is_winograd_weights(const OuterGemm& g) {
  return !g.matrix && suits_winograd(g.grid, g.inner, g.outputs) && g.outputs % kLanes == 0 &&
         winograd_tiles(g.grid) >= kFewTiles;
}

// What the threads share: the sums at all points, [point][block of channels][output][channel], and the tiles
// of x and of dy. A block of x's channels is what a register tile takes; of dy's outputs several, for vectors
// to be stored whole.
struct WeightsMemory {
  float *sums, *x, *dy;
  Layout x_layout, dy_layout;
};

static constexpr int64_t kOutputBlock = kLanes * ALEXNET_ROWS;

static WeightsMemory weights_memory(const OuterGemm& g, float* memory) {
  const int64_t all = all_points(g.grid), held = winograd_weights_tiles(g);
  Scratch scratch{memory};
  WeightsMemory m{};
  m.x_layout = {g.inner, 2 * kLanes, held};
  m.dy_layout = {g.outputs, kOutputBlock, held};
  m.sums = scratch.take(all * g.outputs * g.inner);
  m.x = scratch.take(all * m.x_layout.pitch());
  m.dy = scratch.take(all * m.dy_layout.pitch());
  return m;
}

static size_t winograd_weights_shared(const OuterGemm& g) {
  const WeightsMemory m = weights_memory(g, nullptr);
  return static_cast<size_t>(
      all_points(g.grid) * (g.outputs * g.inner + m.x_layout.pitch() + m.dy_layout.pitch()) + 64);
}

static size_t winograd_weights_scratch(const OuterGemm& g) {
  return static_cast<size_t>(g.inner > g.outputs ? g.inner : g.outputs);
}

// Tiles [begin, end) of the block that starts at tile `first`.
template <class C>
static void transform_block(const OuterGemm& g, int64_t first, int64_t begin, int64_t end, float* memory,
                            float* zeros) {
  const Grid& grid = g.grid;
  const WeightsMemory m = weights_memory(g, memory);
  __builtin_memset(zeros, 0, sizeof(float) * winograd_weights_scratch(g));
  const Picture x{g.x, g.x_strides, grid.source_height, grid.source_width};
  const Picture dy{g.dy, g.dy_strides, grid.height, grid.width};
  for (int64_t t = begin; t < end; ++t) {
    const Place at = place_of(grid, first + t);
    transform_tile<C::kToom.b, C::kPoints, C::kPoints>(
        x, {at.image, at.row - grid.top, at.column - grid.left}, zeros, m.x, m.x_layout, t);
    transform_tile<Turned<C>::kToom.g, C::kPoints, C::kOutputs>(dy, at, zeros, m.dy, m.dy_layout, t);
  }
}

static void winograd_weights_transform(const OuterGemm& g, int64_t first, int64_t begin, int64_t end,
                                       float* memory, float* zeros) {
  if (g.grid.rows == 3) return transform_block<Cut3>(g, first, begin, end, memory, zeros);
  transform_block<Cut5>(g, first, begin, end, memory, zeros);
}

// Units: points by blocks of channels.
static int64_t channel_blocks(const OuterGemm& g) { return (g.inner + 2 * kLanes - 1) / (2 * kLanes); }
static int64_t winograd_weights_units(const OuterGemm& g) { return all_points(g.grid) * channel_blocks(g); }

// sums (+)= over `tiles` tiles of dy * x, at each unit's point for its channels and all outputs.
static void winograd_weights_sum(const OuterGemm& g, int64_t tiles, bool first, int64_t begin, int64_t end,
                                 float* memory) {
  const WeightsMemory m = weights_memory(g, memory);
  const int64_t blocks = channel_blocks(g);
  vec acc[ALEXNET_ROWS][2];
  for (int64_t u = begin; u < end; ++u) {
    const int64_t point = u / blocks, i = u % blocks * 2 * kLanes;
    const int64_t width = g.inner - i < 2 * kLanes ? kLanes : 2 * kLanes;
    const float* x = m.x + point * m.x_layout.pitch() + m.x_layout.at(0, i);
    const float* dy = m.dy + point * m.dy_layout.pitch();
    float* sums = m.sums + (point * g.inner + i) * g.outputs;
    OuterGemm one = g;
    one.dw_output = width;
    for (int64_t j = 0; j < g.outputs; j += ALEXNET_ROWS) {
      const Segment all{dy + m.dy_layout.at(0, j), x, tiles, width,
                        m.dy_layout.at(1, j) - m.dy_layout.at(0, j)};
      width == kLanes ? accumulate<1>(&all, 1, acc) : accumulate<2>(&all, 1, acc);
      add_tile(one, acc, j, sums, {0, 0, static_cast<int>(width / kLanes)}, first);
    }
  }
}

// dw of outputs [begin, end).
template <class C>
static void finish_weights(const OuterGemm& g, int64_t begin, int64_t end, const float* sums) {
  constexpr int taps = C::kTaps;
  for (int64_t j = begin; j < end; ++j)
    for (int64_t i = 0; i < g.inner; i += kLanes) {
      vec in[C::kAll], out[taps * taps];
      const int64_t block = i / (2 * kLanes) * 2 * kLanes;
      const int64_t width = g.inner - block < 2 * kLanes ? kLanes : 2 * kLanes;
      for (int point = 0; point < C::kAll; ++point)
        in[point] = load(sums + (point * g.inner + block) * g.outputs + j * width + i - block);
      apply_twice<Turned<C>::kToom.a, taps, C::kPoints>(in, out);
      for (int r = 0; r < taps; ++r)
        for (int s = 0; s < taps; ++s)
          store(g.dw + j * g.dw_output + r * g.dw_row + s * g.dw_column + i, out[r * taps + s]);
    }
}

static void winograd_weights_finish(const OuterGemm& g, int64_t begin, int64_t end, const float* memory) {
  const float* sums = weights_memory(g, const_cast<float*>(memory)).sums;
  g.grid.rows == 3 ? finish_weights<Cut3>(g, begin, end, sums) : finish_weights<Cut5>(g, begin, end, sums);
}
