// The update of parameters whose gradients are in memory. Memory traffic: w and v are read and written, g is
// read, copy is written: 22 bytes a weight with a bfloat16 copy. All segments are updated in one launch:
// blocks take equal stretches of elements, and each finds its segment in a table among the kernel's
// parameters.
#include "cuda/device/dispatch.h"
#include "cuda/device/ops.h"
#include "cuda/learning/update_rule.h"

namespace alexnet::cuda {
namespace {

struct Segment {
  float* w;
  float* v;
  const float* g;
  WeightCopy copy;
  int64_t count;
  double decay;
  int64_t rate;
};

constexpr int kMostSegments = 60;  // keeps the table below 4 KB, the parameters that every GPU accepts

struct Table {
  int segments;
  float momentum;
  const float* rates;
  uint32_t first_block[kMostSegments];  // ascending; segment s has the blocks up to the next segment's first
  Segment segment[kMostSegments];
};
static_assert(sizeof(Table) <= 4096);

constexpr int kCount = Pack<float>::kCount;
constexpr int kPacks = 2;  // of each operand, in flight at once
constexpr int kStretch = kThreads * kPacks * kCount;

__global__ void __launch_bounds__(kThreads) sgd_kernel(const __grid_constant__ Table table) {
  int low = 0;
  for (int high = table.segments; high - low > 1;) {
    const int middle = (low + high) / 2;
    (table.first_block[middle] <= blockIdx.x ? low : high) = middle;
  }
  const Segment& segment = table.segment[low];
  const UpdateRule rule(table.momentum, segment.decay, table.rates[segment.rate]);
  const int64_t begin = int64_t{blockIdx.x - table.first_block[low]} * kStretch;
  const int64_t packs_end = segment.count / kCount * kCount;

  float w[kPacks][kCount], v[kPacks][kCount], g[kPacks][kCount];
#pragma unroll
  for (int p = 0; p < kPacks; ++p) {
    const int64_t i = begin + (p * kThreads + threadIdx.x) * kCount;
    if (i < packs_end) load(segment.w + i, w[p]), load(segment.v + i, v[p]), load(segment.g + i, g[p]);
  }
#pragma unroll
  for (int p = 0; p < kPacks; ++p) {
    const int64_t i = begin + (p * kThreads + threadIdx.x) * kCount;
    if (i >= packs_end) continue;
#pragma unroll
    for (int j = 0; j < kCount; ++j) rule.update(w[p][j], v[p][j], g[p][j]);
    store(segment.v + i, v[p]);
    store(segment.w + i, w[p]);
    segment.copy.store(i, w[p]);
  }
  // The few elements after the last pack, in the block whose stretch they belong to.
  if (const int64_t i = packs_end + threadIdx.x;
      i < segment.count && packs_end / kStretch * kStretch == begin) {
    float one[1] = {segment.w[i]}, velocity = segment.v[i];
    rule.update(one[0], velocity, segment.g[i]);
    segment.v[i] = velocity, segment.w[i] = one[0];
    segment.copy.store(i, one);
  }
}

Segment entry(const Sgd::Segment& segment, const Launch& on) {
  return {on.data<float>(segment.w),
          on.data<float>(segment.v),
          on.data<const float>(segment.g),
          copy_of(segment.copy, on),
          segment.w.count(),
          segment.decay,
          segment.rate};
}

}  // namespace

void run(const Sgd& op, const Launch& on) {
  for (size_t first = 0; first < op.segments.size(); first += kMostSegments) {
    Table table{};
    table.segments = static_cast<int>(std::min<size_t>(kMostSegments, op.segments.size() - first));
    table.momentum = static_cast<float>(op.momentum);
    table.rates = on.step.learning_rates;
    int64_t blocks = 0;
    for (int s = 0; s < table.segments; ++s) {
      table.first_block[s] = static_cast<uint32_t>(blocks);
      table.segment[s] = entry(op.segments[first + static_cast<size_t>(s)], on);
      blocks += quotient_up(table.segment[s].count, kStretch);
    }
    launch(sgd_kernel, dim3(static_cast<unsigned>(blocks)), kThreads, 0, on.stream, table);
  }
}

}  // namespace alexnet::cuda
