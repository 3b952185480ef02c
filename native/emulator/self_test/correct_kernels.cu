// Kernels without a fault: results are right, and no detector reports anything, whatever the order of
// threads. Nothing here is specific to the emulator, so that a GPU can confirm the rules.
#include "cuda/primitives/ptx.h"
#include "emulator/self_test/cases.h"
#include "emulator/self_test/fixture.h"

namespace emulator::self_test {
namespace {

using alexnet::cuda::Bfloat16;

constexpr unsigned kAll = 0xffffffffu;

__device__ int thread_number() { return static_cast<int>(threadIdx.x); }

template <int kThreads>
__global__ void __launch_bounds__(kThreads) sum_kernel(const float* __restrict__ x, float* sum, int count) {
  ALEXNET_SHARED(float, parts, [kThreads]);
  const int thread = thread_number();
  float mine = 0;
  for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < static_cast<unsigned>(count);
       i += gridDim.x * blockDim.x)
    mine += x[i];
  parts[thread] = mine;
  __syncthreads();
  for (int half = kThreads / 2; half >= 32; half /= 2) {
    if (thread < half) parts[thread] += parts[thread + half];
    __syncthreads();
  }
  if (thread >= 32) return;
  mine = parts[thread];
  for (int lanes = 16; lanes > 0; lanes /= 2) mine += __shfl_xor_sync(kAll, mine, lanes);
  if (thread == 0) atomicAdd(sum, mine);
}

std::string sums_of_blocks() {
  const CardArray<float> x(std::vector<float>(5000, 0.5f)), sum(std::vector<float>(1, 0));
  require(launch(sum_kernel<64>, 3, 64, 0, nullptr, x.get(), sum.get(), 5000), "launch");
  require(launch(sum_kernel<256>, 4, 256, 0, nullptr, x.get(), sum.get(), 5000), "launch");
  require_equal(sum.read(), {5000});
  return "";
}

__global__ void transpose_kernel(const float* x, float* y, int rows, int columns) {
  ALEXNET_SHARED(float, tile, [32][33]);
  for (int pass = 0; pass < columns / 32; ++pass) {
    const int row = static_cast<int>(blockIdx.x) * 32, column = pass * 32;
    const int tx = static_cast<int>(threadIdx.x), ty = static_cast<int>(threadIdx.y);
    for (int i = ty; i < 32; i += 8) tile[i][tx] = x[(row + i) * columns + column + tx];
    __syncthreads();
    for (int i = ty; i < 32; i += 8) y[(column + i) * rows + row + tx] = tile[tx][i];
    __syncthreads();
  }
}

std::string transposition() {
  constexpr int kRows = 64, kColumns = 96;
  const CardArray<float> x(counting(kRows * kColumns)), y(kRows * kColumns);
  require(launch(transpose_kernel, kRows / 32, dim3(32, 8), 0, nullptr, x.get(), y.get(), kRows, kColumns),
          "launch");
  std::vector<float> expected(kRows * kColumns);
  for (int row = 0; row < kRows; ++row)
    for (int column = 0; column < kColumns; ++column)
      expected[static_cast<size_t>(column * kRows + row)] = static_cast<float>(row * kColumns + column);
  require_equal(y.read(), expected);
  return "";
}

// The halves of a warp diverge, each with its own collective operations.
__global__ void halves_kernel(int* results) {
  const int lane = thread_number() % 32;
  int result = 0;
  if (lane < 16) {
    result = __shfl_down_sync(0x0000ffffu, lane, 1, 16);
    result += __shfl_sync(0x0000ffffu, lane, 3);
  } else {
    result = __popc(__ballot_sync(0xffff0000u, lane % 2));
    result += __shfl_up_sync(0xffff0000u, lane, 2, 16);
  }
  __syncwarp();
  result += 100 * static_cast<int>(__reduce_max_sync(kAll, static_cast<unsigned>(lane)));
  result += __any_sync(kAll, lane == 7) * 10000 + __all_sync(kAll, lane < 31) * 20000;
  results[thread_number()] = result;
}

std::string collectives_of_parts_of_a_warp() {
  const CardArray<int> results(64);
  require(launch(halves_kernel, 1, 64, 0, nullptr, results.get()), "launch");
  std::vector<int> expected(64);
  for (int thread = 0; thread < 64; ++thread) {
    const int lane = thread % 32;
    const int half = lane < 16 ? (lane < 15 ? lane + 1 : lane) + 3 : 8 + (lane < 18 ? lane : lane - 2);
    expected[static_cast<size_t>(thread)] = half + 3100 + 10000;
  }
  require_equal(results.read(), expected);
  return "";
}

// Lanes exchange values through shared memory; the only barrier is the warp's.
__global__ void warp_memory_kernel(float* y) {
  ALEXNET_SHARED(float, values, [64]);
  const int thread = thread_number(), neighbour = thread ^ 1;
  for (int step = 0; step < 3; ++step) {
    values[thread] = static_cast<float>(thread + step);
    __syncwarp();
    const float sum = values[thread] + values[neighbour];
    __syncwarp();
    if (step == 2) y[thread] = sum;
  }
}

std::string memory_shared_by_a_warp() {
  const CardArray<float> y(64);
  require(launch(warp_memory_kernel, 1, 64, 0, nullptr, y.get()), "launch");
  std::vector<float> expected(64);
  for (int i = 0; i < 64; ++i) expected[static_cast<size_t>(i)] = static_cast<float>(i + (i ^ 1) + 4);
  require_equal(y.read(), expected);
  return "";
}

// Values of 2 bytes, in place, with a collective operation between reading and writing.
__global__ void normalise_kernel(Bfloat16* x) {
  const int thread = thread_number();
  const float mine = alexnet::cuda::to_float(x[thread]);
  float most = mine;
  for (int lanes = 16; lanes > 0; lanes /= 2) most = max(most, __shfl_xor_sync(kAll, most, lanes));
  x[thread] = alexnet::cuda::from_float<Bfloat16>(mine / most);
}

std::string small_numbers_in_place() {
  std::vector<Bfloat16> numbers(64);
  for (size_t i = 0; i < 64; ++i) numbers[i] = alexnet::cuda::from_float<Bfloat16>(i < 32 ? 2.0f : 4.0f);
  const CardArray<Bfloat16> x(numbers);
  require(launch(normalise_kernel, 1, 64, 0, nullptr, x.get()), "launch");
  for (const Bfloat16 number : x.read()) require(alexnet::cuda::to_float(number) == 1, "not normalised");
  return "";
}

__global__ void histogram_kernel(const int* x, unsigned* counts, unsigned long long* most, int count) {
  ALEXNET_SHARED(unsigned, mine, [16]);
  if (threadIdx.x < 16) mine[threadIdx.x] = 0;
  __syncthreads();
  for (int i = thread_number(); i < count; i += static_cast<int>(blockDim.x)) {
    atomicAdd(&mine[x[i]], 1u);
    atomicMax(most, static_cast<unsigned long long>(x[i]));
  }
  __syncthreads();
  if (threadIdx.x < 16) atomicAdd(&counts[threadIdx.x], mine[threadIdx.x]);
}

std::string counts_by_atomics() {
  std::vector<int> numbers(1000);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int>(i * 7 % 16);
  const CardArray<int> x(numbers);
  const CardArray<unsigned> counts(std::vector<unsigned>(16, 0));
  const CardArray<unsigned long long> most(std::vector<unsigned long long>(1, 0));
  require(launch(histogram_kernel, 2, 128, 0, nullptr, x.get(), counts.get(), most.get(), 1000), "launch");
  std::vector<unsigned> expected(16, 0);
  for (const int number : numbers) expected[static_cast<size_t>(number)] += 2;
  require_equal(counts.read(), expected);
  require(most.read()[0] == 15, "another greatest number");
  return "";
}

// The block that finishes last adds up what all blocks have published.
__global__ void last_block_kernel(float* parts, unsigned* done, float* sum) {
  ALEXNET_SHARED(bool, is_last, );
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = static_cast<float>(blockIdx.x);
    __threadfence();
    is_last = atomicAdd(done, 1u) == gridDim.x - 1;
  }
  __syncthreads();
  if (!is_last || threadIdx.x != 0) return;
  float all = 0;
  for (unsigned i = 0; i < gridDim.x; ++i) all += parts[i];
  *sum = all;
}

std::string sum_by_the_last_block() {
  const CardArray<float> parts(10), sum(1);
  const CardArray<unsigned> done(std::vector<unsigned>(1, 0));
  require(launch(last_block_kernel, 10, 32, 0, nullptr, parts.get(), done.get(), sum.get()), "launch");
  require_equal(sum.read(), {45});
  return "";
}

__global__ void large_memory_kernel(float* y, int count) {
  ALEXNET_DYNAMIC_SHARED(bytes);
  float* values = reinterpret_cast<float*>(bytes);
  for (int i = thread_number(); i < count; i += static_cast<int>(blockDim.x))
    values[i] = static_cast<float>(i);
  __syncthreads();
  for (int i = thread_number(); i < count; i += static_cast<int>(blockDim.x)) y[i] = values[count - 1 - i];
}

std::string much_shared_memory() {
  constexpr int kBytes = 60 * 1024, kCount = kBytes / 4;
  const CardArray<float> y(kCount);
  expect_error(launch(large_memory_kernel, 1, 256, kBytes, nullptr, y.get(), kCount), cudaErrorInvalidValue);
  require(cudaFuncSetAttribute(large_memory_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes),
          "cudaFuncSetAttribute");
  require(launch(large_memory_kernel, 1, 256, kBytes, nullptr, y.get(), kCount), "launch");
  std::vector<float> expected = counting(kCount);
  for (size_t i = 0; i < kCount; ++i) expected[i] = static_cast<float>(kCount - 1 - i);
  require_equal(y.read(), expected);
  return "";
}

__constant__ float kTable[4] = {1, 10, 100, 1000};

__global__ void host_memory_kernel(const float* pinned, float* y) {
  if (threadIdx.x < 4) y[threadIdx.x] = pinned[threadIdx.x] * kTable[threadIdx.x];
}

std::string pinned_and_constant_memory() {
  float* pinned = nullptr;
  require(cudaMallocHost(reinterpret_cast<void**>(&pinned), 16), "cudaMallocHost");
  for (int i = 0; i < 4; ++i) pinned[i] = static_cast<float>(i + 1);
  const CardArray<float> y(4);
  require(launch(host_memory_kernel, 1, 32, 0, nullptr, pinned, y.get()), "launch");
  require_equal(y.read(), {1, 20, 300, 4000});
  require(cudaFreeHost(pinned), "cudaFreeHost");
  return "";
}

// One warp multiplies 16 x kDepth by kDepth x 8 in steps of 16: copies to two stages, ldmatrix, mma.
constexpr int kDepth = 64, kStep = 16;

__global__ void product_kernel(const Bfloat16* a, const Bfloat16* b, float* d) {
  struct alignas(16) Stage {
    Bfloat16 a[16][kStep], b[16][kStep];  // b by columns, of which only 8 exist
  };
  ALEXNET_SHARED(Stage, stages, [2]);
  const int lane = thread_number(), row = lane / 2, half = lane % 2 * 8;
  const auto copy = [&](int step) {
    Stage& stage = stages[step % 2];
    alexnet::cuda::copy_pack(&stage.a[row][half], a + row * kDepth + step * kStep + half, true);
    alexnet::cuda::copy_pack(&stage.b[row][half], b + row % 8 * kDepth + step * kStep + half, row < 8);
    alexnet::cuda::commit_copies();
  };
  float sums[4] = {};
  copy(0);
  for (int step = 0; step < kDepth / kStep; ++step) {
    alexnet::cuda::wait_for_copies<0>();
    __syncthreads();
    if (step + 1 < kDepth / kStep) copy(step + 1);
    const Stage& stage = stages[step % 2];
    uint32_t of_a[4], of_b[4];
    alexnet::cuda::load_matrices<false>(of_a, &stage.a[lane % 16][lane / 16 * 8]);
    alexnet::cuda::load_matrices<false>(of_b, &stage.b[lane / 16 * 8 + lane % 8][lane / 8 % 2 * 8]);
    const uint32_t columns[2] = {of_b[0], of_b[1]};
    alexnet::cuda::multiply_add(sums, of_a, columns, Bfloat16{});
  }
  for (int i = 0; i < 4; ++i) d[(lane / 4 + i / 2 * 8) * 8 + lane % 4 * 2 + i % 2] = sums[i];
}

// The same from global memory, in tf32.
__global__ void product_tf32_kernel(const float* a, const float* b, float* d) {
  const int lane = thread_number(), group = lane / 4, quad = lane % 4;
  float sums[4] = {};
  for (int k = 0; k < kDepth; k += 8) {
    uint32_t of_a[4], of_b[2];
    for (int i = 0; i < 4; ++i)
      of_a[i] = alexnet::cuda::rounded_to_tf32(
          __float_as_uint(a[(group + i % 2 * 8) * kDepth + k + quad + i / 2 * 4]));
    for (int i = 0; i < 2; ++i)
      of_b[i] = alexnet::cuda::rounded_to_tf32(__float_as_uint(b[group * kDepth + k + quad + i * 4]));
    alexnet::cuda::multiply_add(sums, of_a, of_b, float{});
  }
  for (int i = 0; i < 4; ++i) d[(group + i / 2 * 8) * 8 + quad * 2 + i % 2] = sums[i];
}

// Small integers, so that sums are exact in any order.
float element(int row, int k) { return static_cast<float>((row * 5 + k * 3) % 7 - 3); }

std::vector<float> product() {
  std::vector<float> d(16 * 8);
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 8; ++column)
      for (int k = 0; k < kDepth; ++k)
        d[static_cast<size_t>(row * 8 + column)] += element(row, k) * element(column + 3, k);
  return d;
}

template <class T>
std::vector<T> rows(int count, int first) {
  std::vector<T> values;
  for (int row = 0; row < count; ++row)
    for (int k = 0; k < kDepth; ++k) values.push_back(alexnet::cuda::from_float<T>(element(row + first, k)));
  return values;
}

std::string products_of_bfloat16() {
  const CardArray<Bfloat16> a(rows<Bfloat16>(16, 0)), b(rows<Bfloat16>(8, 3));
  const CardArray<float> d(16 * 8);
  require(launch(product_kernel, 1, 32, 0, nullptr, a.get(), b.get(), d.get()), "launch");
  require_equal(d.read(), product());
  return "";
}

std::string products_of_tf32() {
  const CardArray<float> a(rows<float>(16, 0)), b(rows<float>(8, 3)), d(16 * 8);
  require(launch(product_tf32_kernel, 1, 32, 0, nullptr, a.get(), b.get(), d.get()), "launch");
  require_equal(d.read(), product());
  return "";
}

// Runs each case in several orders of threads and times of copies.
template <std::string (*kRun)()>
std::string in_all_orders() {
  for (const char* settings : {"order=forward", "order=reverse,copies=early",
                               "order=random,seed=3,copies=random", "order=random,seed=11,check=0"}) {
    begin(settings);
    try {
      kRun();
    } catch (const std::exception& error) {
      return std::string(settings) + ": " + error.what();
    }
  }
  return "";
}

}  // namespace

std::vector<Case> correct_kernel_cases() {
  return {
      {"correct: sums of blocks", in_all_orders<sums_of_blocks>},
      {"correct: transposition", in_all_orders<transposition>},
      {"correct: collectives of parts of a warp", in_all_orders<collectives_of_parts_of_a_warp>},
      {"correct: memory shared by a warp", in_all_orders<memory_shared_by_a_warp>},
      {"correct: small numbers in place", in_all_orders<small_numbers_in_place>},
      {"correct: counts by atomics", in_all_orders<counts_by_atomics>},
      {"correct: sum by the last block", in_all_orders<sum_by_the_last_block>},
      {"correct: much shared memory", in_all_orders<much_shared_memory>},
      {"correct: pinned and constant memory", in_all_orders<pinned_and_constant_memory>},
      {"correct: products of bfloat16", in_all_orders<products_of_bfloat16>},
      {"correct: products of tf32", in_all_orders<products_of_tf32>},
  };
}

}  // namespace emulator::self_test
