#include "core/operands.h"

#include <algorithm>
#include <optional>

#include "core/complaints.h"

namespace alexnet {
namespace {

// Far above what any machine holds, far below where products of a few sizes leave 64 bits.
constexpr int64_t kLargestDimension = (int64_t{1} << 31) - 1;
constexpr int64_t kLargestExtent = int64_t{1} << 40;
constexpr const char* kMostElements = "at most 2^40 elements";

constexpr const char* kDimensions[] = {"images (or kernels)", "rows", "columns", "channels"};
constexpr const char* kStrides[] = {"image", "row", "column"};

struct Collector {
  std::vector<Operand>& found;

  void input(std::string_view name, const Tensor& tensor) { found.push_back({name, &tensor, false}); }
  void output(std::string_view name, const Tensor& tensor) { found.push_back({name, &tensor, true}); }
  void inout(std::string_view name, const Tensor& tensor) { found.push_back({name, &tensor, true}); }
  void input(std::string_view name, const std::optional<Tensor>& tensor) {
    if (tensor) input(name, *tensor);
  }
  void output(std::string_view name, const std::optional<Tensor>& tensor) {
    if (tensor) output(name, *tensor);
  }
};

// The stride of the innermost dimension with more than one step; 0 for a single run of channels.
int64_t innermost_stride(const Tensor& tensor) {
  for (size_t d = 3; d-- > 0;)
    if (tensor.shape[d] > 1) return tensor.strides[d];
  return 0;
}

bool multiples(const Tensor& tensor, int64_t pitch) {
  for (size_t d = 0; d < 3; ++d)
    if (tensor.shape[d] > 1 && tensor.strides[d] % pitch != 0) return false;
  return true;
}

}  // namespace

std::vector<Operand> operands_of(const ComputeOp& op) {
  std::vector<Operand> found;
  std::visit([&](const auto& o) { std::decay_t<decltype(o)>::visit(o, Collector{found}); }, op);
  return found;
}

std::array<int64_t, 3> dense_strides(const Shape& shape) {
  const auto times = [](int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  };
  const int64_t column = shape[3], row = times(shape[2], column);
  return {times(shape[1], row), row, column};
}

void check_sizes(std::string_view name, const Shape& shape) {
  int64_t count = 1;
  for (size_t d = 0; d < 4; ++d) {
    require(shape[d] >= 1 && shape[d] <= kLargestDimension,
            std::string(name) + " has " + text_of(shape[d]) + " " + kDimensions[d], "1 to 2^31 - 1");
    require(shape[d] <= kLargestExtent / count,
            std::string(name) + " (" + shape_text(shape) + ") is larger than any arena", kMostElements);
    count *= shape[d];
  }
}

void check_shape(std::string_view name, const Tensor& tensor) {
  check_sizes(name, tensor.shape);
  const std::string subject = std::string(name) + " (" + shape_text(tensor.shape) + ")";
  // From the innermost dimension outwards: how many elements one step of the next dimension has to pass over.
  int64_t extent = tensor.shape[3];
  for (size_t d = 3; d-- > 0;) {
    const int64_t stride = tensor.strides[d], steps = tensor.shape[d] - 1;
    require(stride >= extent, subject + " has " + kStrides[d] + " stride " + text_of(stride),
            "at least " + text_of(extent) + ", or elements overlap");
    require(stride <= kLargestExtent && steps <= kLargestExtent / stride &&
                (extent += steps * stride) <= kLargestExtent,
            subject + " reaches further than any arena", kMostElements);
  }
}

void check_place(std::string_view name, const Tensor& tensor, size_t arena_bytes) {
  const std::string found = is(name, tensor.shape) + " at byte " + std::to_string(tensor.offset);
  require(tensor.offset % kAlignment == 0, found, "a multiple of " + std::to_string(kAlignment));
  require(tensor.offset <= arena_bytes && tensor.bytes() <= arena_bytes - tensor.offset,
          found + " and ends at byte " + std::to_string(tensor.offset + tensor.bytes()) +
              ", past the arena's " + std::to_string(arena_bytes) + " bytes");
}

bool overlap(const Tensor& a, const Tensor& b) {
  const Tensor& low = a.offset <= b.offset ? a : b;
  const Tensor& high = a.offset <= b.offset ? b : a;
  if (low.offset + low.bytes() <= high.offset) return false;
  // With strides that are multiples of one pitch each tensor covers one band of every period of that length.
  const int64_t pitch = std::max(innermost_stride(a), innermost_stride(b));
  if (pitch == 0 || bytes_of(a.dtype) != bytes_of(b.dtype) || !multiples(a, pitch) || !multiples(b, pitch))
    return true;
  const int64_t from = static_cast<int64_t>((high.offset - low.offset) / bytes_of(a.dtype)) % pitch;
  return from < low.c() || from + high.c() > pitch;
}

bool same_place(const Tensor& a, const Tensor& b) {
  return a.offset == b.offset && a.dtype == b.dtype && a.shape == b.shape && a.strides == b.strides;
}

}  // namespace alexnet
