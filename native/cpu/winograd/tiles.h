// Convolutions with stride 1 and 3x3 or 5x5 taps by Winograd's scheme (toom.h) in two dimensions: 25 products
// instead of 81 for 3x3 outputs of a 3x3 kernel, 36 instead of 100 for 2x2 outputs of a 5x5 one.
//
// The target image is divided into tiles of outputs. For each of the n x n points a matrix product remains,
// (tiles x inner) times (inner x outputs), which the register tile (tile.h) computes. A thread transforms as
// many tiles as its cache holds. Then, for one panel of outputs after the other, it computes the products at
// all points and transforms them back to pixels, while the panel's products are in the first-level cache.

// One tile size: F(kOutputs, kTaps).
template <int Outputs, int Taps>
struct Cut {
  static constexpr Toom<Outputs, Taps> kToom = toom<Outputs, Taps>();
  static constexpr int kOutputs = Outputs, kTaps = Taps, kPoints = kToom.kPoints, kAll = kPoints * kPoints;
};
using Cut3 = Cut<3, 3>;
using Cut5 = Cut<2, 5>;

// Below this many tiles transforming the weights costs more than it saves.
static constexpr int64_t kFewTiles = 96;
// Transformed inputs that a thread holds at a time, floats: half of a second-level cache.
static constexpr int64_t kHeldInputs = 96 << 10;

static int64_t tiles_across(int64_t extent, int64_t outputs) { return (extent + outputs - 1) / outputs; }

static int64_t tile_outputs(const Grid& grid) { return grid.rows == 3 ? Cut3::kOutputs : Cut5::kOutputs; }

static int64_t winograd_tiles(const Grid& grid) {
  return grid.images * tiles_across(grid.height, tile_outputs(grid)) *
         tiles_across(grid.width, tile_outputs(grid));
}

static bool suits_winograd(const Grid& grid, int64_t inner, int64_t outputs) {
  return grid.rows == grid.columns && (grid.rows == 3 || grid.rows == 5) && grid.stride == 1 &&
         inner % kLanes == 0 && inner >= 2 * kLanes && outputs >= 2 * kLanes;
}

static bool is_winograd(const GatherGemm& g) {
  return !g.matrix && suits_winograd(g.grid, g.inner, g.outputs) &&
         (g.packed || winograd_tiles(g.grid) >= kFewTiles);
}

static int64_t all_points(const Grid& grid) { return grid.rows == 3 ? Cut3::kAll : Cut5::kAll; }

// ---- weights

static int64_t winograd_panel_floats(const GatherGemm& g) {
  return all_points(g.grid) * g.inner * 2 * kLanes;
}

// packed[point][i][lane]: G w G^T of outputs j + lane; kernels turned where the gradient is taken.
template <class C>
static void pack_points(const GatherGemm& g, int64_t j, float* packed) {
  constexpr int taps = C::kTaps, all = C::kAll;
  const int64_t nr = 2 * kLanes, count = g.outputs - j < nr ? g.outputs - j : nr;
  float values[taps * taps][2 * kLanes] = {};
  for (int64_t i = 0; i < g.inner; ++i) {
    const float* w = g.weights + i * g.w_inner + j * g.w_output;
    for (int r = 0; r < taps; ++r)
      for (int s = 0; s < taps; ++s) {
        const int64_t row = g.grid.backward ? taps - 1 - r : r, column = g.grid.backward ? taps - 1 - s : s;
        const float* from = w + row * g.w_row + column * g.w_column;
        for (int64_t lane = 0; lane < count; ++lane) values[r * taps + s][lane] = from[lane * g.w_output];
      }
    for (int half = 0; half < 2; ++half) {
      vec in[taps * taps], out[all];
      for (int t = 0; t < taps * taps; ++t) in[t] = load(values[t] + half * kLanes);
      apply_twice<C::kToom.g, C::kPoints, taps>(in, out);
      for (int point = 0; point < all; ++point)
        store(packed + (point * g.inner + i) * nr + half * kLanes, out[point]);
    }
  }
}

static void winograd_pack(const GatherGemm& g, int64_t panel, float* packed) {
  const int64_t j = panel * 2 * kLanes;
  g.grid.rows == 3 ? pack_points<Cut3>(g, j, packed) : pack_points<Cut5>(g, j, packed);
}

// ---- inputs

// Where a tile lies: the pixel of its first output.
struct Place {
  int64_t image, row, column;
};

static Place place_of(const Grid& grid, int64_t tile) {
  const int64_t side = tile_outputs(grid);
  const int64_t down = tiles_across(grid.height, side), across = tiles_across(grid.width, side);
  return {tile / (down * across), tile / across % down * side, tile % across * side};
}

// An image that may be read outside its borders; there it is zero.
struct Picture {
  const float* data;
  Strides strides;
  int64_t height, width;
};

template <int Side>
static void point_at(const Picture& x, const Place& place, const float* zeros,
                     const float* (&at)[Side * Side]) {
  const float* image = x.data + place.image * x.strides.image;
  for (int a = 0; a < Side; ++a) {
    const int64_t row = place.row + a;
    const bool inside = row >= 0 && row < x.height;
    const float* line = image + row * x.strides.row;
    for (int b = 0; b < Side; ++b) {
      const int64_t column = place.column + b;
      at[a * Side + b] = inside && column >= 0 && column < x.width ? line + column * x.strides.pixel : zeros;
    }
  }
}

// Transformed tiles at one point: blocks of `width` channels, the last one narrower where `width` does not
// divide the channels, each [tile][channel].
struct Layout {
  int64_t channels, width, tiles;
  int64_t at(int64_t tile, int64_t channel) const {
    const int64_t block = channel / width * width, left = channels - block;
    return block * tiles + tile * (left < width ? left : width) + channel - block;
  }
  // Distance from one point to the next. It is not a multiple of a page: otherwise all points would compete
  // for the same cache sets.
  int64_t pitch() const { return tiles * channels + 16; }
};

// to(point, tile, channel) = M (Side x Side pixels from `place` on) M^T
template <auto M, int Points, int Side>
static void transform_tile(const Picture& x, const Place& place, const float* zeros, float* to,
                           const Layout& layout, int64_t tile) {
  const float* at[Side * Side];
  point_at<Side>(x, place, zeros, at);
  const int64_t pitch = layout.pitch();
  for (int64_t c = 0; c < layout.channels; c += kLanes) {
    vec in[Side * Side], out[Points * Points];
    for (int k = 0; k < Side * Side; ++k) in[k] = load(at[k] + c);
    apply_twice<M, Points, Side>(in, out);
    float* first = to + layout.at(tile, c);
    for (int point = 0; point < Points * Points; ++point) store(first + point * pitch, out[point]);
  }
}

// ---- forward, and the gradient with respect to the input

// Up to this many tiles are all held at once, and the threads divide the panels: weights are then read from
// memory only once.
static constexpr int64_t kAllHeld = 128;

static int64_t tiles_held(const GatherGemm& g) {
  const int64_t tiles = winograd_tiles(g.grid);
  if (tiles <= kAllHeld) return tiles;
  const int64_t most = kHeldInputs / (all_points(g.grid) * g.inner) / ALEXNET_ROWS * ALEXNET_ROWS;
  return most < ALEXNET_ROWS ? ALEXNET_ROWS : most > 16 * ALEXNET_ROWS ? 16 * ALEXNET_ROWS : most;
}

static Layout held_inputs(const GatherGemm& g) { return {g.inner, g.inner, tiles_held(g)}; }

// Zeros, transformed inputs, and one panel's products.
static size_t winograd_scratch(const GatherGemm& g) {
  const int64_t tiles = tiles_held(g), all = all_points(g.grid);
  return static_cast<size_t>(g.inner + all * (held_inputs(g).pitch() + tiles * 2 * kLanes) + 4 * kLanes + 64);
}

// Products at one point for all tiles held. `once`: each weight is read only once, so from memory; the next
// point's weights are then prefetched.
static void multiply_point(const float* inputs, int64_t inner, int64_t tiles, const float* panel, bool once,
                           float* products) {
  vec sum[ALEXNET_ROWS][2];
  const float* next = panel + inner * 2 * kLanes;
  const int64_t ahead = once ? (inner * ALEXNET_ROWS + tiles - 1) / tiles : 0;
  for (int64_t t = 0; t < tiles; t += ALEXNET_ROWS) {
    ask_for(next + t / ALEXNET_ROWS * ahead * 2 * kLanes, 2 * kLanes, ahead, 2 * kLanes);
    const int rows = tiles - t < ALEXNET_ROWS ? static_cast<int>(tiles - t) : ALEXNET_ROWS;
    const float* sources[ALEXNET_ROWS];
    for (int m = 0; m < rows; ++m) sources[m] = inputs + (t + m) * inner;
    multiply_rows(rows, Tile{sources, &panel, 1, inner}, sum);
    for (int m = 0; m < rows; ++m) {
      float* to = products + (t + m) * 2 * kLanes;
      store(to, sum[m][0]), store(to + kLanes, sum[m][1]);
    }
  }
}

template <class C>
static void write_tile(const GatherGemm& g, const Place& place, const float* products, int64_t pitch,
                       int64_t j, const float* bias) {
  constexpr int side = C::kOutputs;
  vec y[2][side * side];
  for (int half = 0; half < 2; ++half) {
    vec in[C::kAll];
    for (int point = 0; point < C::kAll; ++point) in[point] = load(products + point * pitch + half * kLanes);
    apply_twice<C::kToom.a, side, C::kPoints>(in, y[half]);
  }
  float* image = g.target + place.image * g.target_strides.image;
  for (int a = 0; a < side && place.row + a < g.grid.height; ++a)
    for (int b = 0; b < side && place.column + b < g.grid.width; ++b)
      finish(g, y[0][a * side + b], y[1][a * side + b], j,
             image + (place.row + a) * g.target_strides.row + (place.column + b) * g.target_strides.pixel,
             bias);
}

// Tiles [begin, end) of panels [panel_begin, panel_end); `packed` are all panels.
template <class C>
static void winograd_tiles_of(const GatherGemm& g, const float* packed, int64_t panel_begin,
                              int64_t panel_end, int64_t begin, int64_t end, float* memory) {
  const Grid& grid = g.grid;
  const int64_t nr = 2 * kLanes, held = tiles_held(g);
  const Layout layout = held_inputs(g);
  Scratch scratch{memory};
  float* bias = scratch.take(nr);
  float* zeros = scratch.take(g.inner);
  float* products = scratch.take(C::kAll * held * nr);
  float* inputs = scratch.next;
  __builtin_memset(zeros, 0, sizeof(float) * g.inner);
  const Picture source{g.source, g.source_strides, grid.source_height, grid.source_width};
  const int64_t top = grid.backward ? C::kTaps - 1 - grid.top : grid.top;
  const int64_t left = grid.backward ? C::kTaps - 1 - grid.left : grid.left;
  for (int64_t first = begin; first < end; first += held) {
    const int64_t tiles = end - first < held ? end - first : held;
    for (int64_t t = 0; t < tiles; ++t) {
      const Place at = place_of(grid, first + t);
      transform_tile<C::kToom.b, C::kPoints, C::kPoints>(source, {at.image, at.row - top, at.column - left},
                                                         zeros, inputs, layout, t);
    }
    for (int64_t panel = panel_begin; panel < panel_end; ++panel) {
      const float* weights = packed + panel * C::kAll * g.inner * nr;
      for (int64_t point = 0; point < C::kAll; ++point)
        multiply_point(inputs + point * layout.pitch(), g.inner, tiles, weights + point * g.inner * nr,
                       end - begin <= held, products + point * held * nr);
      const float* padded_bias = pack_bias(g, panel * nr, bias);
      for (int64_t t = 0; t < tiles; ++t)
        write_tile<C>(g, place_of(grid, first + t), products + t * nr, held * nr, panel * nr, padded_bias);
    }
  }
}

static void winograd(const GatherGemm& g, const float* packed, int64_t panel_begin, int64_t panel_end,
                     int64_t begin, int64_t end, float* memory) {
  if (g.grid.rows == 3) return winograd_tiles_of<Cut3>(g, packed, panel_begin, panel_end, begin, end, memory);
  winograd_tiles_of<Cut5>(g, packed, panel_begin, panel_end, begin, end, memory);
}
