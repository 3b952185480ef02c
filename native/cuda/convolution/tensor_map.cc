#include "cuda/convolution/tensor_map.h"

#include <cudaTypedefs.h>

#include <algorithm>
#include <initializer_list>

#include "core/error.h"
#include "cuda/device/status.h"

namespace alexnet::cuda {
namespace {

constexpr cuuint32_t kChannels = 64;  // 128 bytes

// The driver is not linked, so that the addon also loads on a machine without a driver.
template <class Function>
Function driver_function(const char* name) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found{};
  check(cudaGetDriverEntryPointByVersion(name, &function, 12000, cudaEnableDefault, &found),
        "asking the driver for tensor maps");
  if (function == nullptr) throw Error("DEVICE", std::string("the NVIDIA driver has no ") + name);
  return reinterpret_cast<Function>(function);
}

void require(CUresult result, const char* what) {
  if (result != CUDA_SUCCESS)
    throw Error("DEVICE", std::string("the NVIDIA driver refuses to describe ") + what + " (error " +
                              std::to_string(static_cast<int>(result)) + ")");
}

cuuint64_t size(int64_t n) { return static_cast<cuuint64_t>(n); }
cuuint64_t bytes(int64_t numbers) { return size(numbers) * sizeof(Bfloat16); }

// The bounds of a window's first pixel, relative to the image's first and last pixels.
struct Corners {
  int lower, upper;
};

Corners corners(int64_t length, int64_t windows, int64_t stride, int64_t before) {
  return {static_cast<int>(-before), static_cast<int>((windows - 1) * stride - before - (length - 1))};
}

}  // namespace

CUtensorMap map_of_kernels(const Bfloat16* w, const Geometry& g, int box_kernels) {
  static const auto encode = driver_function<PFN_cuTensorMapEncodeTiled_v12000>("cuTensorMapEncodeTiled");
  const cuuint64_t dimensions[] = {size(g.channels), size(g.taps()), size(g.kernels)};
  const cuuint64_t strides[] = {bytes(g.channels), bytes(g.kernel_numbers())};
  const cuuint32_t box[] = {kChannels, 1, static_cast<cuuint32_t>(box_kernels)}, ones[] = {1, 1, 1};
  CUtensorMap map;
  require(encode(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 3, const_cast<Bfloat16*>(w), dimensions, strides,
                 box, ones, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                 CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
          "kernels");
  return map;
}

CUtensorMap map_of_windows(const Bfloat16* images, const WindowsOverImages& over, int pixels) {
  static const auto encode = driver_function<PFN_cuTensorMapEncodeIm2col_v12000>("cuTensorMapEncodeIm2col");
  const cuuint64_t dimensions[] = {size(over.channels), size(over.width), size(over.height),
                                   size(over.images)};
  const cuuint64_t strides[] = {bytes(over.steps.column), bytes(over.steps.row), bytes(over.steps.image)};
  const Corners x = corners(over.width, over.columns, over.stride, over.left),
                y = corners(over.height, over.rows, over.stride, over.top);
  const int lower[] = {x.lower, y.lower}, upper[] = {x.upper, y.upper};
  const auto stride = static_cast<cuuint32_t>(over.stride);
  const cuuint32_t strides_of_windows[] = {1, stride, stride, 1};
  CUtensorMap map;
  require(encode(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 4, const_cast<Bfloat16*>(images), dimensions,
                 strides, lower, upper, kChannels, static_cast<cuuint32_t>(pixels), strides_of_windows,
                 CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                 CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
          "images");
  return map;
}

bool describes(const WindowsOverImages& over, int64_t window_rows, int64_t window_columns) {
  constexpr int64_t kMostOffset = 255, kMostStride = 8;
  const Corners x = corners(over.width, over.columns, over.stride, over.left),
                y = corners(over.height, over.rows, over.stride, over.top);
  const auto fits = [](int corner) { return corner >= -128 && corner <= 127; };
  return over.stride <= kMostStride && std::max(window_rows, window_columns) - 1 <= kMostOffset &&
         fits(x.lower) && fits(x.upper) && fits(y.lower) && fits(y.upper);
}

}  // namespace alexnet::cuda
