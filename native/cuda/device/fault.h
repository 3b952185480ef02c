// A kernel's report of a label or a crop out of range, for which it accesses no data. A fault is one word.
// The greatest word is the fault of the first image, so that threads can report by atomicMax in any order. 0:
// no fault.
//
//   a label   (2^32 - 1 - image) << 32 | label as uint32
//   a crop    (2^32 - 1 - (2 * image + which)) << 32 | top or left as float32's bits; which: 0 top, 1 left
//
// There are fewer than 2^31 - 1 images, so a fault is never 0. core/contents.cc has the messages, and the
// same checks for the other backends.
#pragma once

#include <cstring>

#include "cuda/primitives/portable.h"

namespace alexnet::cuda {

using Fault = unsigned long long;

struct LabelFault {
  int64_t image;
  int32_t label;
};
struct CropFault {
  int64_t image;
  bool left;  // true: `left` is out of range and `top` is not; false: `top` is
  float value;
};

__host__ __device__ __forceinline__ Fault encode_label_fault(int64_t image, int32_t label) {
  return Fault{0xffffffffu - static_cast<uint32_t>(image)} << 32 | static_cast<uint32_t>(label);
}
__host__ __device__ __forceinline__ Fault encode_crop_fault(int64_t image, bool left, float value) {
  uint32_t bits;
#if defined(__CUDA_ARCH__)
  bits = __float_as_uint(value);
#else
  std::memcpy(&bits, &value, sizeof bits);
#endif
  return Fault{0xffffffffu - (2 * static_cast<uint32_t>(image) + (left ? 1 : 0))} << 32 | bits;
}

inline LabelFault decode_label_fault(Fault fault) {
  return {0xffffffffu - static_cast<uint32_t>(fault >> 32),
          static_cast<int32_t>(static_cast<uint32_t>(fault))};
}
inline CropFault decode_crop_fault(Fault fault) {
  const uint32_t place = 0xffffffffu - static_cast<uint32_t>(fault >> 32);
  const auto bits = static_cast<uint32_t>(fault);
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return {place / 2, place % 2 == 1, value};
}

}  // namespace alexnet::cuda
