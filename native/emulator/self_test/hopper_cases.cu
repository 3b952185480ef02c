// A pipelined product in the style of Hopper's kernels: a producer whose TMA loads fill stages, a warpgroup
// that multiplies them, and mbarriers between. It is right in all four combinations of early and late; each
// planted fault is found in at least one of them. The cases call the emulator's instructions directly,
// without PTX, so they compile for the emulator only.
#include <cuda.h>
#include <cudaTypedefs.h>

#include "emulator/hopper.h"
#include "emulator/self_test/cases.h"
#include "emulator/self_test/fixture.h"

namespace emulator::self_test {
namespace {

struct Bfloat {
  uint16_t bits;
};
Bfloat bfloat(float x) { return {static_cast<uint16_t>(__float_as_uint(x) >> 16)}; }

constexpr int kM = 64, kN = 64, kK = 64, kStages = 2;

struct alignas(1024) Stages {
  Bfloat a[kStages][kM * kK], b[kStages][kN * kK];
  uint64_t full[kStages], empty[kStages];
};

enum Fault { kNone, kEarlyRelease, kWrongParity, kWrongStep, kMissingWait, kTooFewBytes };

// K-major operands with the swizzle of 128 bytes: groups of 8 rows, 1024 bytes apart.
__device__ uint64_t descriptor(const void* shared) {
  const uint64_t address = __cvta_generic_to_shared(shared);
  return (address & 0x3ffff) >> 4 | uint64_t{1} << 16 | uint64_t{1024 >> 4} << 32 | uint64_t{1} << 62;
}

// The rows are output pixels of a 3 x 3 convolution of stride 1; a step of k reads a shifted image.
struct Image {
  int width = 0, height = 0, channels = 0;  // width 0: a is a matrix
};

__device__ void load_a(Stages& stages, int slot, const CUtensorMap& map, const Image& image, int step,
                       int row) {
  if (image.width == 0) {
    const int at[] = {step * kK, row};
    return tma_load(stages.a[slot], &map, &stages.full[slot], at);
  }
  const int blocks = image.channels / kK, tap = step / blocks;
  const int at[] = {step % blocks * kK, row % image.width - 1, row / image.width % image.height - 1,
                    row / (image.width * image.height)};
  const uint16_t shift[] = {static_cast<uint16_t>(tap % 3), static_cast<uint16_t>(tap / 3)};
  tma_load_im2col(stages.a[slot], &map, &stages.full[slot], at, shift);
}

template <Fault kFault>
__global__ void __launch_bounds__(256)
    product_kernel(const __grid_constant__ CUtensorMap a, const __grid_constant__ CUtensorMap b, float* d,
                   int rows, int columns, int steps, Image image) {
  ALEXNET_DYNAMIC_SHARED(bytes);
  Stages& stages = *reinterpret_cast<Stages*>(bytes);
  const int thread = static_cast<int>(threadIdx.x);
  const int row = static_cast<int>(blockIdx.y) * kM, column = static_cast<int>(blockIdx.x) * kN;
  if (thread == 0)
    for (int i = 0; i < kStages; ++i) {
      mbarrier_init(&stages.full[i], 1);
      mbarrier_init(&stages.empty[i], 1);
    }
  __syncthreads();
  if (thread < 128) {
    if (thread != 0) return;
    for (int step = 0; step < steps; ++step) {
      const int slot = step % kStages;
      const uint32_t parity = static_cast<uint32_t>(step / kStages) & 1u;
      mbarrier_wait(&stages.empty[slot], kFault == kWrongParity ? parity : parity ^ 1u);
      mbarrier_arrive_expect_tx(&stages.full[slot], (kM + kN) * kK * 2 - (kFault == kTooFewBytes ? 16 : 0));
      load_a(stages, slot, a, image, step, row);
      const int at[] = {step * kK, column};
      tma_load(stages.b[slot], &b, &stages.full[slot], at);
    }
    return;
  }
  float sums[kN / 2] = {};
  for (int step = 0; step < steps; ++step) {
    const int slot = step % kStages;
    mbarrier_wait(&stages.full[slot], static_cast<uint32_t>(step / kStages) & 1u);
    wgmma_fence();
    for (int k = 0; k < kK; k += 16)
      wgmma_m64k16_bf16(sums, kN, descriptor(&stages.a[slot][kFault == kWrongStep ? k * 2 : k]),
                        descriptor(&stages.b[slot][k]), true);
    wgmma_commit();
    if (kFault == kEarlyRelease && thread == 128) mbarrier_arrive(&stages.empty[slot]);
    if (kFault != kMissingWait) wgmma_wait(kFault == kEarlyRelease ? 1 : 0);
    if (kFault != kEarlyRelease && thread == 128) mbarrier_arrive(&stages.empty[slot]);
  }
  if (kFault != kMissingWait) wgmma_wait(0);
  const int t = thread - 128;
  for (int i = 0; i < kN / 2; ++i) {
    const int m = row + t / 32 * 16 + t % 32 / 4 + i / 2 % 2 * 8, n = column + i / 4 * 8 + t % 4 * 2 + i % 2;
    if (m < rows && n < columns) d[m * columns + n] = sums[i];
  }
}

float element(size_t i) { return static_cast<float>(static_cast<int>(i * 7 % 11) - 5); }

std::vector<Bfloat> elements(size_t count, size_t seed) {
  std::vector<Bfloat> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = bfloat(element(i + i / 97 + seed));
  return values;
}

float number(Bfloat x) { return __uint_as_float(static_cast<uint32_t>(x.bits) << 16); }

CUtensorMap matrix_map(void* base, int rows, int columns, int box_rows) {
  CUtensorMap map{};
  const cuuint64_t dimensions[] = {static_cast<cuuint64_t>(columns), static_cast<cuuint64_t>(rows)};
  const cuuint64_t strides[] = {static_cast<cuuint64_t>(columns) * 2};
  const cuuint32_t box[] = {kK, static_cast<cuuint32_t>(box_rows)}, ones[] = {1, 1};
  PFN_cuTensorMapEncodeTiled_v12000 encode = nullptr;
  require(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", reinterpret_cast<void**>(&encode), 12000,
                                           cudaEnableDefault),
          "cudaGetDriverEntryPointByVersion");
  require(encode(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 2, base, dimensions, strides, box, ones,
                 CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_NONE,
                 CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS,
          "cuTensorMapEncodeTiled");
  return map;
}

CUtensorMap image_map(void* base, const Image& image, int images) {
  CUtensorMap map{};
  const auto c = static_cast<cuuint64_t>(image.channels), w = static_cast<cuuint64_t>(image.width),
             h = static_cast<cuuint64_t>(image.height);
  const cuuint64_t dimensions[] = {c, w, h, static_cast<cuuint64_t>(images)};
  const cuuint64_t strides[] = {c * 2, c * w * 2, c * w * h * 2};
  const cuuint32_t ones[] = {1, 1, 1, 1};
  const int lower[] = {-1, -1}, upper[] = {-1, -1};
  require(cuTensorMapEncodeIm2col(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 4, base, dimensions, strides, lower,
                                  upper, kK, kM, ones, CU_TENSOR_MAP_INTERLEAVE_NONE,
                                  CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_NONE,
                                  CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE) == CUDA_SUCCESS,
          "cuTensorMapEncodeIm2col");
  return map;
}

struct Problem {
  int rows, columns, depth;
  Image image;
};

// Row m of the left operand, as the convolution's definition has it.
float left(const Problem& problem, const std::vector<Bfloat>& a, int m, int k) {
  const Image& image = problem.image;
  if (image.width == 0) return number(a[static_cast<size_t>(m * problem.depth + k)]);
  const int tap = k / image.channels, channel = k % image.channels;
  const int x = m % image.width + tap % 3 - 1, y = m / image.width % image.height + tap / 3 - 1;
  const int n = m / (image.width * image.height);
  if (x < 0 || y < 0 || x >= image.width || y >= image.height) return 0;
  return number(
      a[static_cast<size_t>(((n * image.height + y) * image.width + x) * image.channels + channel)]);
}

// The error, or whether the product is right.
template <Fault kFault>
std::string multiply(const char* settings, const Problem& problem) {
  begin(settings);
  const auto [rows, columns, depth, image] = problem;
  const int images = image.width == 0 ? 0 : rows / (image.width * image.height);
  const size_t left_size =
      image.width == 0 ? static_cast<size_t>(rows * depth) : static_cast<size_t>(rows * image.channels);
  const std::vector<Bfloat> host_a = elements(left_size, 1),
                            host_b = elements(static_cast<size_t>(columns * depth), 5);
  const CardArray<Bfloat> a(host_a), b(host_b);
  const CardArray<float> d(static_cast<size_t>(rows * columns));
  const CUtensorMap map_a =
      image.width == 0 ? matrix_map(a.get(), rows, depth, kM) : image_map(a.get(), image, images);
  const CUtensorMap map_b = matrix_map(b.get(), columns, depth, kN);
  const dim3 grid(static_cast<unsigned>((columns + kN - 1) / kN),
                  static_cast<unsigned>((rows + kM - 1) / kM));
  const auto kernel = product_kernel<kFault>;
  require(launch(kernel, grid, 256, sizeof(Stages), nullptr, map_a, map_b, d.get(), rows, columns, depth / kK,
                 image),
          "launch");
  if (const cudaError_t error = cudaDeviceSynchronize(); error != cudaSuccess) return error_text(error);
  const std::vector<float> got = d.read();
  for (int m = 0; m < rows; ++m)
    for (int n = 0; n < columns; ++n) {
      float sum = 0;
      for (int k = 0; k < depth; ++k)
        sum += left(problem, host_a, m, k) * number(host_b[static_cast<size_t>(n * depth + k)]);
      if (got[static_cast<size_t>(m * columns + n)] != sum) return "another sum";
    }
  return "";
}

constexpr const char* kModes[] = {"hopper=early", "hopper=late", "hopper=copies-early",
                                  "hopper=products-early"};

std::string in_all_modes(const Problem& problem) {
  for (const char* mode : kModes)
    if (const std::string error = multiply<kNone>(mode, problem); !error.empty())
      return std::string(mode) + ": " + error;
  return "";
}

// The fault has to be found in some mode; with this text, if one is given.
template <Fault kFault>
std::string is_found(const char* text) {
  std::string all;
  for (const char* mode : kModes) all += multiply<kFault>(mode, {64, 64, 320, {}}) + "; ";
  begin();
  return all != "; ; ; ; " && all.find(text) != std::string::npos ? "" : "not found: " + all;
}

__global__ void store_kernel(const __grid_constant__ CUtensorMap map) {
  ALEXNET_DYNAMIC_SHARED(bytes);
  auto* tile = reinterpret_cast<Bfloat*>(bytes);
  for (int i = static_cast<int>(threadIdx.x); i < kM * kK; i += 32) {
    const auto offset = swizzled(static_cast<uint32_t>(i) * 2, CU_TENSOR_MAP_SWIZZLE_128B);
    tile[offset / 2] = {static_cast<uint16_t>(i)};
  }
  fence_proxy_async();
  __syncthreads();
  if (threadIdx.x != 0) return;
  const int at[] = {0, 0};
  tma_store(&map, tile, at);
  tma_store_commit();
  tma_store_wait(0);
}

std::string stores() {
  for (const char* mode : kModes) {
    begin(mode);
    const CardArray<uint16_t> d(50 * kK);  // the tile's last rows are outside of the tensor
    require(launch(store_kernel, 1, 32, kM * kK * 2, nullptr, matrix_map(d.get(), 50, kK, kM)), "launch");
    const std::vector<uint16_t> got = d.read();
    for (size_t i = 0; i < got.size(); ++i) require(got[i] == i, "another tile");
  }
  begin();
  return "";
}

}  // namespace

std::vector<Case> hopper_cases() {
  return {
      {"hopper: product",
       [] {
         return in_all_modes({64, 64, 256, {}});
       }},
      {"hopper: product with ragged edges",
       [] {
         return in_all_modes({100, 72, 320, {}});
       }},
      {"hopper: convolution by im2col",
       [] {
         return in_all_modes({2 * 7 * 9, 64, 9 * 64, {7, 9, 64}});
       }},
      {"hopper: stores", stores},
      {"hopper: a stage released too early", [] { return is_found<kEarlyRelease>("wgmma reads"); }},
      {"hopper: a wrong parity", [] { return is_found<kWrongParity>("deadlock"); }},
      {"hopper: a wrong step", [] { return is_found<kWrongStep>("another sum"); }},
      {"hopper: a missing wait", [] { return is_found<kMissingWait>("another sum"); }},
      {"hopper: too few bytes expected", [] { return is_found<kTooFewBytes>("deadlock"); }},
  };
}

}  // namespace emulator::self_test
