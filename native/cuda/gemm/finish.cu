// y = f(parts[0] + parts[1] + ...), always in this order; f as in output.cuh. A thread adds four adjacent
// columns. The parts are mostly still in the second-level cache: the kernel reads splits x rows x columns
// floats there and writes the output.
#include "cuda/gemm/finish.h"

namespace alexnet::cuda {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    add_parts(Output output, int splits, Divisor fours_a_row, int count) {
  int n = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  if (n >= count) return;
  const int row = fours_a_row.split(n);
  const int group = row / output.rows, m = row - group * output.rows;
  const float* part = output.part(0, group, m, n * 4);
  const int64_t step = output.part(1, 0, 0, 0) - output.parts;
  float v[4] = {};
#pragma unroll 4
  for (int split = 0; split < splits; ++split) {
    const float4 sum = *reinterpret_cast<const float4*>(part + split * step);
    v[0] += sum.x, v[1] += sum.y, v[2] += sum.z, v[3] += sum.w;
  }
  const Output::Columns columns = output.columns_at(group, n * 4);
  if (output.velocity != nullptr)
    output.update_rows<1>(columns, m, 0, 1, 1, [&](int) { return float4{v[0], v[1], v[2], v[3]}; });
  else
    output.store<false>(columns, m, v);
}

}  // namespace

void finish_parts(const Output& output, int splits, cudaStream_t stream) {
  const int fours = output.pitch / 4;
  const int64_t count = int64_t{output.groups} * output.rows * fours;
  launch(add_parts, dim3(static_cast<unsigned>((count + kThreads - 1) / kThreads)), dim3(kThreads), 0, stream,
         output, splits, Divisor(fours), static_cast<int>(count));
}

}  // namespace alexnet::cuda
