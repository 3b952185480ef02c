// The gradient with respect to the weights by Winograd's scheme. dw, kTaps x kTaps elements, is the
// correlation of a tile of x with the corresponding tile of dy. So dy's tiles act as the taps, and x's
// transformed tiles are those of the forward pass. At each point a matrix product remains, (channels x tiles)
// times (tiles x outputs). Its sums over all tiles are transformed into taps once, at the end.
//
// A thread computes some rows of points for some blocks of outputs. It transforms the tiles for them itself,
// as many at a time as its cache holds. No sum is shared between threads.

template <class C>
using Turned = Cut<C::kTaps, C::kOutputs>;

// Outputs in a block: whole vectors and whole register tiles.
static constexpr int64_t kOutputBlock = kLanes * ALEXNET_ROWS / 2;
static_assert(kOutputBlock % kLanes == 0 && kOutputBlock % ALEXNET_ROWS == 0);

static bool is_winograd_weights(const OuterGemm& g) {
  return !g.matrix && suits_winograd(g.grid, g.inner, g.outputs) && g.outputs % kLanes == 0 &&
         winograd_tiles(g.grid) >= kFewTiles;
}

static int64_t points_across(const Grid& grid) { return grid.rows == 3 ? Cut3::kPoints : Cut5::kPoints; }
static int64_t output_blocks(const OuterGemm& g) { return (g.outputs + kOutputBlock - 1) / kOutputBlock; }

// Units: rows of points by blocks of outputs.
static int64_t winograd_weights_units(const OuterGemm& g) { return points_across(g.grid) * output_blocks(g); }

static int64_t row_tiles_held(const OuterGemm& g) {
  const int64_t most = kHeldInputs / (points_across(g.grid) * (g.inner + kOutputBlock));
  const int64_t held = most < 32 ? 32 : most, all = winograd_tiles(g.grid);
  return held < all ? held : all;
}

static Layout row_of_x(const OuterGemm& g) { return {g.inner, 2 * kLanes, row_tiles_held(g)}; }

// The sums at all points: [point][block of channels][output][channel].
static size_t winograd_weights_shared(const OuterGemm& g) {
  return static_cast<size_t>(all_points(g.grid) * g.outputs * g.inner);
}

// Zeros, and the transformed tiles of x and of a block of dy for one row of points.
static size_t winograd_weights_scratch(const OuterGemm& g) {
  const int64_t zeros = g.inner > g.outputs ? g.inner : g.outputs;
  const Layout dy{kOutputBlock, kOutputBlock, row_tiles_held(g)};
  return static_cast<size_t>(zeros + points_across(g.grid) * (row_of_x(g).pitch() + dy.pitch()) +
                             ALEXNET_ROWS + 64);
}

// to(column of points, tile, channel) = row Row of M times (Side x Side pixels from `place` on) times M^T
template <auto M, int Points, int Side, int Row>
static void transform_row(const Picture& x, const Place& place, const float* zeros, int64_t from, float* to,
                          const Layout& layout, int64_t tile) {
  const float* at[Side * Side];
  point_at<Side>(x, place, zeros, at);
  const int64_t pitch = layout.pitch();
  for (int64_t c = 0; c < layout.channels; c += kLanes) {
    vec row[Side], out[Points];
#pragma GCC unroll 8
    for (int b = 0; b < Side; ++b) {
      vec sum{};
#pragma GCC unroll 8
      for (int a = 0; a < Side; ++a) {
        const float factor = M.at[Row][a];
        if (factor != 0) sum += factor * load(at[a * Side + b] + from + c);
      }
      row[b] = sum;
    }
    apply<M, Points, Side>(row, 1, out, 1);
    float* first = to + layout.at(tile, c);
    for (int b = 0; b < Points; ++b) store(first + b * pitch, out[b]);
  }
}

// The same for tiles [first, first + count), written as tiles 0, 1, ...; `from` is x's first channel.
template <auto M, int Points, int Side, int Row = 0>
static void transform_rows(int64_t row, const Picture& x, const Grid& grid, int64_t top, int64_t left,
                           int64_t first, int64_t count, const float* zeros, int64_t from, float* to,
                           const Layout& layout) {
  if constexpr (Row < Points) {
    if (row != Row)
      return transform_rows<M, Points, Side, Row + 1>(row, x, grid, top, left, first, count, zeros, from, to,
                                                      layout);
    for (int64_t t = 0; t < count; ++t) {
      const Place at = place_of(grid, first + t);
      transform_row<M, Points, Side, Row>(x, {at.image, at.row - top, at.column - left}, zeros, from, to,
                                          layout, t);
    }
  }
}

// sums (+)= over `tiles` tiles of dy * x at one point, for outputs [j, j + count).
static void add_products(const OuterGemm& g, const float* x, const Layout& x_layout, const float* dy,
                         int64_t tiles, int64_t j, int64_t count, bool first, float* sums) {
  vec acc[ALEXNET_ROWS][2];
  OuterGemm block = g;
  block.outputs = count;
  for (int64_t i = 0; i < g.inner; i += 2 * kLanes) {
    const int64_t width = g.inner - i < 2 * kLanes ? kLanes : 2 * kLanes;
    block.dw_output = width;
    for (int64_t k = 0; k < count; k += ALEXNET_ROWS) {
      const Segment all{dy + k, x + x_layout.at(0, i), tiles, width, count};
      width == kLanes ? accumulate<1>(&all, 1, acc) : accumulate<2>(&all, 1, acc);
      add_tile(block, acc, k, sums + i * g.outputs + j * width, {0, 0, static_cast<int>(width / kLanes)},
               first);
    }
  }
}

template <class C>
static void sum_units(const OuterGemm& g, bool fresh, int64_t begin, int64_t end, float* sums,
                      float* memory) {
  const Grid& grid = g.grid;
  const int64_t blocks = output_blocks(g), tiles = winograd_tiles(grid), held = row_tiles_held(g);
  const Layout x_layout = row_of_x(g);
  Scratch scratch{memory};
  float* zeros = scratch.take(g.inner > g.outputs ? g.inner : g.outputs);
  float* x_row = scratch.take(C::kPoints * x_layout.pitch());
  float* dy_row = scratch.next;
  __builtin_memset(zeros, 0, sizeof(float) * (g.inner > g.outputs ? g.inner : g.outputs));
  const Picture x{g.x, g.x_strides, grid.source_height, grid.source_width};
  const Picture dy{g.dy, g.dy_strides, grid.height, grid.width};
  for (int64_t first = 0; first < tiles; first += held) {
    const int64_t count = tiles - first < held ? tiles - first : held;
    int64_t there = -1;  // the row of points that x_row holds
    for (int64_t u = begin; u < end; ++u) {
      const int64_t row = u / blocks, j = u % blocks * kOutputBlock;
      if (row != there)
        transform_rows<C::kToom.b, C::kPoints, C::kPoints>(row, x, grid, grid.top, grid.left, first, count,
                                                           zeros, 0, x_row, x_layout);
      there = row;
      const int64_t outputs = g.outputs - j < kOutputBlock ? g.outputs - j : kOutputBlock;
      const Layout dy_layout{outputs, outputs, held};
      transform_rows<Turned<C>::kToom.g, C::kPoints, C::kOutputs>(row, dy, grid, 0, 0, first, count, zeros, j,
                                                                  dy_row, dy_layout);
      for (int64_t column = 0; column < C::kPoints; ++column)
        add_products(g, x_row + column * x_layout.pitch(), x_layout, dy_row + column * dy_layout.pitch(),
                     count, j, outputs, fresh && first == 0,
                     sums + (row * C::kPoints + column) * g.inner * g.outputs);
    }
  }
}

// Units [begin, end) of all tiles; `fresh`: the sums are overwritten, not added to.
static void winograd_weights_sum(const OuterGemm& g, bool fresh, int64_t begin, int64_t end, float* sums,
                                 float* memory) {
  g.grid.rows == 3 ? sum_units<Cut3>(g, fresh, begin, end, sums, memory)
                   : sum_units<Cut5>(g, fresh, begin, end, sums, memory);
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

static void winograd_weights_finish(const OuterGemm& g, int64_t begin, int64_t end, const float* sums) {
  g.grid.rows == 3 ? finish_weights<Cut3>(g, begin, end, sums) : finish_weights<Cut5>(g, begin, end, sums);
}
