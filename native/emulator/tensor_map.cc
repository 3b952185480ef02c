#include "emulator/tensor_map.h"

#include <cstring>

#include "emulator/configuration.h"
#include "emulator/machine.h"
#include "emulator/runtime_api.h"

namespace {

constexpr int kElementBytes[] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4};

// Encodes what both kinds have in common; returns false if the driver would refuse.
bool describe(emulator::TensorMap& to, CUtensorMapDataType type, cuuint32_t rank, void* base,
              const cuuint64_t* dimensions, const cuuint64_t* strides, const cuuint32_t* element_strides,
              CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle) {
  if (rank < 1 || rank > 5 || interleave != CU_TENSOR_MAP_INTERLEAVE_NONE) return false;
  if (base == nullptr || reinterpret_cast<uintptr_t>(base) % 16 != 0) return false;
  to.base = static_cast<char*>(base);
  to.rank = static_cast<uint8_t>(rank);
  to.element_bytes = static_cast<uint8_t>(kElementBytes[type]);
  to.swizzle = static_cast<uint8_t>(swizzle);
  for (cuuint32_t i = 0; i < rank; ++i) {
    if (dimensions[i] == 0 || dimensions[i] >> 32 != 0) return false;
    if (element_strides[i] == 0 || element_strides[i] > 8) return false;
    to.dimensions[i] = static_cast<uint32_t>(dimensions[i]);
    to.element_strides[i] = static_cast<uint8_t>(element_strides[i]);
  }
  for (cuuint32_t i = 0; i + 1 < rank; ++i) {
    if (strides[i] % 16 != 0 || strides[i] >> 40 != 0) return false;
    to.strides[i] = strides[i];
  }
  return true;
}

bool inner_fits(uint32_t elements, int element_bytes, CUtensorMapSwizzle swizzle) {
  const uint32_t bytes = elements * static_cast<uint32_t>(element_bytes);
  if (bytes % 16 != 0) return false;
  return swizzle == CU_TENSOR_MAP_SWIZZLE_NONE || bytes <= 16u << swizzle;
}

void put(CUtensorMap* map, emulator::TensorMap& description) {
  description.seal = emulator::kMapSeal;
  std::memset(map, 0, sizeof *map);
  std::memcpy(map, &description, sizeof description);
}

}  // namespace

CUresult cuTensorMapEncodeTiled(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank, void* base,
                                const cuuint64_t* dimensions, const cuuint64_t* strides,
                                const cuuint32_t* box, const cuuint32_t* element_strides,
                                CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                CUtensorMapL2promotion, CUtensorMapFloatOOBfill) {
  emulator::TensorMap to{};
  if (!describe(to, type, rank, base, dimensions, strides, element_strides, interleave, swizzle))
    return CUDA_ERROR_INVALID_VALUE;
  for (cuuint32_t i = 0; i < rank; ++i) {
    if (box[i] == 0 || box[i] > 256 || element_strides[i] != 1) return CUDA_ERROR_INVALID_VALUE;
    to.box[i] = static_cast<uint16_t>(box[i]);
  }
  if (!inner_fits(box[0], to.element_bytes, swizzle)) return CUDA_ERROR_INVALID_VALUE;
  put(map, to);
  return CUDA_SUCCESS;
}

CUresult cuTensorMapEncodeIm2col(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank, void* base,
                                 const cuuint64_t* dimensions, const cuuint64_t* strides,
                                 const int* lower_corner, const int* upper_corner, cuuint32_t channels,
                                 cuuint32_t pixels, const cuuint32_t* element_strides,
                                 CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                 CUtensorMapL2promotion, CUtensorMapFloatOOBfill) {
  emulator::TensorMap to{};
  if (rank < 3 || !describe(to, type, rank, base, dimensions, strides, element_strides, interleave, swizzle))
    return CUDA_ERROR_INVALID_VALUE;
  if (channels == 0 || channels > 256 || pixels == 0 || pixels > 1024) return CUDA_ERROR_INVALID_VALUE;
  if (!inner_fits(channels, to.element_bytes, swizzle)) return CUDA_ERROR_INVALID_VALUE;
  for (cuuint32_t i = 0; i + 2 < rank; ++i) {
    if (lower_corner[i] < -128 || lower_corner[i] > 127 || upper_corner[i] < -128 || upper_corner[i] > 127)
      return CUDA_ERROR_INVALID_VALUE;
    to.lower[i] = static_cast<int8_t>(lower_corner[i]);
    to.upper[i] = static_cast<int8_t>(upper_corner[i]);
  }
  to.is_im2col = 1;
  to.box[0] = static_cast<uint16_t>(channels);
  to.box[1] = static_cast<uint16_t>(pixels);
  put(map, to);
  return CUDA_SUCCESS;
}

cudaError_t cudaGetDriverEntryPointByVersion(const char* name, void** function, unsigned, unsigned long long,
                                             cudaDriverEntryPointQueryResult* found) {
  auto lock = emulator::machine().lock();
  *function = nullptr;
  if (found != nullptr) *found = cudaDriverEntryPointSymbolNotFound;
  if (const emulator::Failure state = emulator::machine().state_of_driver();
      state.error == cudaErrorInsufficientDriver)
    return emulator::finish(state);
  if (std::strcmp(name, "cuTensorMapEncodeTiled") == 0)
    *function = reinterpret_cast<void*>(&cuTensorMapEncodeTiled);
  if (std::strcmp(name, "cuTensorMapEncodeIm2col") == 0)
    *function = reinterpret_cast<void*>(&cuTensorMapEncodeIm2col);
  if (*function != nullptr && found != nullptr) *found = cudaDriverEntryPointSuccess;
  return cudaSuccess;
}
