// A constant, of any type. Memory traffic: y once, 16 bytes at a time.
#include "cuda/device/dispatch.h"
#include "cuda/device/ops.h"

namespace alexnet::cuda {
namespace {

struct alignas(16) Pattern {
  unsigned char bytes[16];
};

__global__ void __launch_bounds__(kThreads)
    fill_kernel(unsigned char* y, int64_t bytes, const __grid_constant__ Pattern pattern) {
  const int64_t packs = bytes / 16, step = int64_t{gridDim.x} * kThreads;
  const int64_t first = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  for (int64_t i = first; i < packs; i += step) *reinterpret_cast<Pattern*>(y + 16 * i) = pattern;
  // All elements are equal, so the last bytes can be taken from the pattern's beginning.
  if (const int64_t i = 16 * packs + first; i < bytes) y[i] = pattern.bytes[first];
}

template <class T>
Pattern repeated(T value) {
  Pattern pattern;
  for (size_t i = 0; i < sizeof pattern; i += sizeof value)
    __builtin_memcpy(pattern.bytes + i, &value, sizeof value);
  return pattern;
}

Pattern pattern_of(const Fill& op) {
  switch (op.y.dtype) {
    case DType::kFloat64:
      return repeated(op.value);
    case DType::kBfloat16:
      return repeated(from_float<Bfloat16>(static_cast<float>(op.value)));
    case DType::kUint8:
      return repeated(static_cast<uint8_t>(op.value));
    case DType::kInt32:
      return repeated(static_cast<int32_t>(op.value));
    default:
      return repeated(static_cast<float>(op.value));
  }
}

}  // namespace

void run(const Fill& op, const Launch& on) {
  const auto bytes = static_cast<int64_t>(op.y.bytes());
  launch(fill_kernel, grid_for(bytes / 16, on.card), kThreads, 0, on.stream, on.data<unsigned char>(op.y),
         bytes, pattern_of(op));
}

}  // namespace alexnet::cuda
