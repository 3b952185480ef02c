// Descriptors of tensors for TMA (Tensor Memory Accelerator): the driver's functions that encode them, under
// the driver's names, and the emulator's contents of their 128 bytes.
#pragma once

#include <cstdint>

#pragma GCC visibility push(hidden)

enum CUresult { CUDA_SUCCESS = 0, CUDA_ERROR_INVALID_VALUE = 1 };

using cuuint32_t = uint32_t;
using cuuint64_t = uint64_t;

// Unlike the driver's, not aligned to 128 bytes: GCC gives a note on parameters that are, and nothing here
// needs it.
struct CUtensorMap {
  cuuint64_t opaque[16];
};

enum CUtensorMapDataType {
  CU_TENSOR_MAP_DATA_TYPE_UINT8,
  CU_TENSOR_MAP_DATA_TYPE_UINT16,
  CU_TENSOR_MAP_DATA_TYPE_UINT32,
  CU_TENSOR_MAP_DATA_TYPE_INT32,
  CU_TENSOR_MAP_DATA_TYPE_UINT64,
  CU_TENSOR_MAP_DATA_TYPE_INT64,
  CU_TENSOR_MAP_DATA_TYPE_FLOAT16,
  CU_TENSOR_MAP_DATA_TYPE_FLOAT32,
  CU_TENSOR_MAP_DATA_TYPE_FLOAT64,
  CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
  CU_TENSOR_MAP_DATA_TYPE_FLOAT32_FTZ,
  CU_TENSOR_MAP_DATA_TYPE_TFLOAT32,
  CU_TENSOR_MAP_DATA_TYPE_TFLOAT32_FTZ
};
enum CUtensorMapInterleave {
  CU_TENSOR_MAP_INTERLEAVE_NONE,
  CU_TENSOR_MAP_INTERLEAVE_16B,
  CU_TENSOR_MAP_INTERLEAVE_32B
};
enum CUtensorMapSwizzle {
  CU_TENSOR_MAP_SWIZZLE_NONE,
  CU_TENSOR_MAP_SWIZZLE_32B,
  CU_TENSOR_MAP_SWIZZLE_64B,
  CU_TENSOR_MAP_SWIZZLE_128B
};
enum CUtensorMapL2promotion {
  CU_TENSOR_MAP_L2_PROMOTION_NONE,
  CU_TENSOR_MAP_L2_PROMOTION_L2_64B,
  CU_TENSOR_MAP_L2_PROMOTION_L2_128B,
  CU_TENSOR_MAP_L2_PROMOTION_L2_256B
};
enum CUtensorMapFloatOOBfill {
  CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE,
  CU_TENSOR_MAP_FLOAT_OOB_FILL_NAN_REQUEST_ZERO_FMA
};

CUresult cuTensorMapEncodeTiled(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank, void* base,
                                const cuuint64_t* dimensions, const cuuint64_t* strides,
                                const cuuint32_t* box, const cuuint32_t* element_strides,
                                CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill);
CUresult cuTensorMapEncodeIm2col(CUtensorMap* map, CUtensorMapDataType type, cuuint32_t rank, void* base,
                                 const cuuint64_t* dimensions, const cuuint64_t* strides,
                                 const int* lower_corner, const int* upper_corner, cuuint32_t channels,
                                 cuuint32_t pixels, const cuuint32_t* element_strides,
                                 CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
                                 CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill);

namespace emulator {

inline constexpr int kMaxRank = 5;

struct TensorMap {
  char* base;
  uint64_t strides[kMaxRank - 1];  // bytes, from the second dimension on
  uint32_t dimensions[kMaxRank];
  uint16_t box[kMaxRank];  // im2col: channels and pixels
  uint8_t element_strides[kMaxRank];
  int8_t lower[kMaxRank - 2], upper[kMaxRank - 2];  // corners of im2col's bounding box
  uint8_t rank, element_bytes, swizzle, is_im2col;
  uint32_t seal;  // marks a map that was encoded
};
static_assert(sizeof(TensorMap) <= sizeof(CUtensorMap));

inline constexpr uint32_t kMapSeal = 0x544d4150;

// The offset in shared memory to which this kind of swizzle moves the byte at `offset`.
inline uint32_t swizzled(uint32_t offset, int swizzle) {
  switch (swizzle) {
    case CU_TENSOR_MAP_SWIZZLE_128B:
      return offset ^ (offset >> 3 & 0x70u);
    case CU_TENSOR_MAP_SWIZZLE_64B:
      return offset ^ (offset >> 3 & 0x30u);
    case CU_TENSOR_MAP_SWIZZLE_32B:
      return offset ^ (offset >> 3 & 0x10u);
    default:
      return offset;
  }
}

}  // namespace emulator

#pragma GCC visibility pop
