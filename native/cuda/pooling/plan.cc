#include "cuda/pooling/plan.h"

#include <algorithm>

namespace alexnet::cuda {
namespace {

int quotient_up(int n, int d) { return (n + d - 1) / d; }

// The shared memory that every GPU gives a block without opting in; four such blocks fit a multiprocessor.
constexpr size_t kMostShared = 48 << 10;

// The most packs of a position: those of one warp if a pack is 16 bytes, of a few warps if it is one element.
int most_packs(int count) { return count > 1 ? 32 : 128; }

// Positions that `warps` warps process at a time (PoolThread).
int places_of(int warps, int packs) {
  return packs <= 32 ? warps * (32 / packs) : warps / quotient_up(packs, 32);
}

// The shape with blocks of `chunk` channels and `strip` column steps.
PoolShape divided(PoolShape shape, int chunk, int strip, bool backward) {
  shape.chunk = chunk, shape.chunks_a_group = quotient_up(shape.group, chunk);
  if (shape.chunks_a_group == 1) shape.reach = 0;
  // The first and the last chunk of a group have neighbours on one side.
  const int sides = std::min(shape.chunks_a_group - 1, 2);
  shape.strip = strip, shape.strips = quotient_up(shape.column_steps, strip);
  shape.held_channels = std::min(shape.group, chunk + sides * shape.reach);
  shape.held_windows = std::min(shape.out_width, strip + (backward ? shape.overlap - 1 : 0));
  shape.held_columns = std::min(shape.width, (shape.held_windows - 1) * shape.stride + shape.size);
  return shape;
}

// The lanes used for each lane needed: both blocks compute the columns and channels around their boundary,
// and a warp has whole positions. Reading less than 64 bytes of a position is a little slower.
double excess(const PoolShape& shape, int count) {
  const int packs = shape.held_channels / count, lanes = packs <= 32 ? 32 / packs * packs : packs;
  const double columns = std::min(shape.width, shape.strip * shape.stride);
  const double narrow = shape.chunk < shape.channels && shape.chunk / count < 4 ? 1.1 : 1;
  return narrow * shape.held_columns / columns * shape.held_channels / shape.chunk *
         (quotient_up(lanes, 32) * 32) / lanes;
}

// Finds the pair of divisions with the least excess; if there are several, the one with the larger blocks.
bool divide(PoolShape& shape, int count, bool backward) {
  const PoolShape whole = shape;
  bool found = false;
  const int packs = whole.group / count;
  for (int chunks = 1, chunk_packs = 0; chunks <= packs; ++chunks) {
    if (quotient_up(packs, chunks) == chunk_packs) continue;
    chunk_packs = quotient_up(packs, chunks);
    for (int strips = 1, strip = 0; strips <= whole.column_steps; ++strips) {
      if (quotient_up(whole.column_steps, strips) == strip) continue;
      strip = quotient_up(whole.column_steps, strips);
      const PoolShape candidate = divided(whole, chunk_packs * count, strip, backward);
      if (candidate.held_channels / count > most_packs(count)) break;
      if (candidate.shared_bytes(backward) > kMostShared) continue;
      if (!found || excess(candidate, count) < excess(shape, count) - 1e-9) shape = candidate, found = true;
      break;  // narrower strips recompute more neighbouring columns
    }
  }
  return found;
}

// The number of warps that leaves the fewest idle. In a step `stride` rows are filled into the ring, one row
// of windows is computed, and backward `stride` rows of dx are finished.
dim3 block_for(const PoolShape& shape, int count, bool backward) {
  const int packs = shape.held_channels / count, most = kMostPoolThreads / 32;
  int best = 0;
  double least = 0;
  for (int warps = 1; warps <= most; ++warps) {
    const int places = places_of(warps, packs);
    if (places == 0) continue;
    const int filled = shape.stride * shape.held_columns;
    const int finished = backward ? shape.stride * std::min(shape.width, shape.strip * shape.stride) : 0;
    const double turns = 1.0 * quotient_up(filled, places) + 1.3 * quotient_up(shape.held_windows, places) +
                         1.5 * quotient_up(finished, places);
    // Fewer than six warps take as long as six, because memory latency dominates.
    const double cost = turns * std::max(warps, 6);
    if (best == 0 || cost < least) best = warps, least = cost;
  }
  return dim3(static_cast<unsigned>(best * 32));
}

// The number of segments that keeps the GPU busy. Each segment costs extra: it begins with the rows that its
// first windows share with the segment above. A last, partly filled wave of blocks costs time as well.
int segments_for(const PoolShape& shape, int steps, int64_t columns_of_blocks, int threads, size_t shared,
                 const Card& card) {
  const int64_t at_once =
      card.multiprocessors *
      std::min<int64_t>(2048 / threads, (200 << 10) / static_cast<int64_t>(shared + 1024));
  int best = 1;
  double least = 0;
  for (int segments = 1; segments <= std::min(steps, 64); ++segments) {
    const int64_t rounds = (columns_of_blocks * segments + at_once - 1) / at_once;
    const double cost = static_cast<double>(rounds) * (quotient_up(steps, segments) + 0.5 * shape.overlap);
    if (segments == 1 || cost < least * 0.98) best = segments, least = cost;
  }
  return best;
}

}  // namespace

PoolPlan plan_pool(const PoolParameters& pool, const Tensor& x, const Tensor& y, int count, int64_t group,
                   int reach, bool backward, const Card& card) {
  PoolPlan plan;
  PoolShape& shape = plan.shape;
  shape.height = static_cast<int>(x.h()), shape.width = static_cast<int>(x.w());
  shape.out_height = static_cast<int>(y.h()), shape.out_width = static_cast<int>(y.w());
  shape.channels = static_cast<int>(x.c()), shape.group = static_cast<int>(group);
  shape.size = static_cast<int>(pool.size), shape.stride = static_cast<int>(pool.stride);
  shape.overlap = quotient_up(shape.size, shape.stride);
  // Forward, a channel needs only its own windows; backward, its gradient needs its neighbours' windows.
  shape.reach = backward ? std::min(quotient_up(reach, count) * count, shape.group) : 0;
  // Backward, every input row and column has to be written, also those in no window.
  shape.row_steps = backward ? quotient_up(shape.height, shape.stride) : shape.out_height;
  shape.column_steps = backward ? quotient_up(shape.width, shape.stride) : shape.out_width;
  // The kernels index the elements of an image with 32 bits.
  constexpr int64_t kMostNumbers = int64_t{1} << 31;
  plan.fits = x.h() * x.w() * x.c() < kMostNumbers && divide(shape, count, backward);
  if (!plan.fits) return plan;

  plan.block = block_for(shape, count, backward);
  plan.shared_bytes = shape.shared_bytes(backward);
  const int64_t chunks = int64_t{shape.channels / shape.group} * shape.chunks_a_group;
  const int64_t columns = x.n() * chunks * shape.strips;
  const int threads = static_cast<int>(plan.block.x);
  const int segments = segments_for(shape, shape.row_steps, columns, threads, plan.shared_bytes, card);
  shape.segment = quotient_up(shape.row_steps, segments);
  shape.segments = quotient_up(shape.row_steps, shape.segment);
  plan.grid = dim3(static_cast<unsigned>(columns * shape.segments));
  return plan;
}

}  // namespace alexnet::cuda
