#include "cuda/gemm/plan.h"

#include <algorithm>
#include <limits>

namespace alexnet::cuda {
namespace {

int64_t parts_of(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

// The cost of filling the pipeline and writing the results, in steps of the inner loop; other blocks on the
// multiprocessor multiply meanwhile.
constexpr double kStepsAround = 6;
// The relative speed of a multiprocessor that holds fewer blocks than it has room for.
constexpr double kAlone = 0.75;
// Each float of a part is written to and read from the second-level cache; a multiprocessor's share of its
// bandwidth is about 20 bytes a cycle.
constexpr double kPartFloatCycles = 8.0 / 20;
// The cost of starting a second kernel: 3 us.
constexpr double kSecondKernelCycles = 5000;
// The most terms summed in one float32: the error of n terms grows as the square root of n.
constexpr int64_t kLongestSum = 16384;
constexpr int64_t kMostSplits = 4096;

struct Choice {
  double cost = std::numeric_limits<double>::infinity();
  GemmPlan plan;
};

// How many blocks a multiprocessor really holds: its shared memory is about the most that one block may
// request, and each block takes 1 KB more than it requests.
int64_t blocks_that_fit(const GemmTile& tile, const Card& card) {
  constexpr int64_t kReserved = 1024;
  const int64_t room = static_cast<int64_t>(card.shared_bytes_a_block) + kReserved;
  return std::clamp<int64_t>(room / (tile.shared_bytes + kReserved), 1, tile.blocks);
}

// Blocks are distributed evenly: the multiprocessor with the most blocks determines the time.
double cost_of(const GemmShape& shape, const GemmTile& tile, int64_t splits, int64_t steps_a_split,
               const Card& card) {
  const int64_t tiles =
      parts_of(shape.rows, tile.m) * parts_of(shape.columns, tile.n) * shape.groups * splits;
  const int64_t most = parts_of(tiles, card.multiprocessors), fit = blocks_that_fit(tile, card);
  const double cycles = std::min(most, fit) < tile.blocks ? tile.step_cycles / kAlone : tile.step_cycles;
  const double steps = static_cast<double>(steps_a_split) + kStepsAround / static_cast<double>(fit);
  const double multiply = static_cast<double>(most) * steps * cycles;
  if (splits == 1) return multiply;
  const double floats = static_cast<double>(splits * shape.groups * shape.rows * shape.columns);
  return multiply + kSecondKernelCycles + floats * kPartFloatCycles / card.multiprocessors;
}

void consider(const GemmShape& shape, const GemmTile& tile, int index, const Card& card, Choice& best) {
  const int64_t steps = parts_of(shape.k, tile.k);
  const int64_t fewest = parts_of(shape.k, kLongestSum);
  const int64_t tiles = parts_of(shape.rows, tile.m) * parts_of(shape.columns, tile.n) * shape.groups;
  // Enough parts for two full waves of blocks on the card.
  const int64_t enough = parts_of(int64_t{2} * tile.blocks * card.multiprocessors, tiles);
  const int64_t most = std::min({std::max(fewest, enough), steps, kMostSplits});
  for (int64_t wanted = fewest; wanted <= most; ++wanted) {
    const int64_t steps_a_split = parts_of(steps, wanted), splits = parts_of(steps, steps_a_split);
    const double cost = cost_of(shape, tile, splits, steps_a_split, card);
    if (cost >= best.cost) continue;
    best.cost = cost;
    best.plan.tile = index;
    best.plan.splits = static_cast<int>(splits);
    best.plan.steps_a_split = static_cast<int>(steps_a_split);
  }
}

}  // namespace

GemmPlan plan_gemm(const GemmShape& shape, std::span<const GemmTile> tiles, const Card& card) {
  Choice best;
  for (size_t i = 0; i < tiles.size(); ++i)
    if (static_cast<size_t>(tiles[i].shared_bytes) <= card.shared_bytes_a_block)
      consider(shape, tiles[i], static_cast<int>(i), card, best);
  best.plan.k = static_cast<int>(shape.k);
  best.plan.rows = static_cast<int>(shape.rows);
  best.plan.pitch = static_cast<int>(parts_of(shape.columns, 4) * 4);
  return best.plan;
}

}  // namespace alexnet::cuda
