// What each op demands of its operands and parameters; core/ops.h says what they mean.
#include "core/complaints.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "core/validate.h"

namespace alexnet {
namespace {

using Shape = std::array<int64_t, 4>;

// Of a layer with dropout: its units, numbered over a whole batch, have to fit 64 bits.
constexpr int64_t kMostChannels = int64_t{1} << 22;

Shape vector_of(int64_t length) { return {1, 1, 1, length}; }

// Every operand a float and all of one shape.
void require_alike(const char* first_name, const Tensor& first,
                   std::initializer_list<std::pair<const char*, const Tensor*>> others) {
  require_float(first_name, first);
  for (const auto& [name, tensor] : others) {
    require_float(name, *tensor);
    require_shape(name, *tensor, first.shape);
  }
}

void check(const Dropout& dropout, const Tensor& y) {
  require(dropout.rate >= 0 && dropout.rate < 1,
          "dropout.rate is " + text_of(dropout.rate) + "; expected 0 to below 1");
  require_range<int64_t>("dropout.channels", dropout.channels, 1, kMostChannels);
  require(dropout.channel_offset >= 0 && dropout.channel_offset <= dropout.channels - y.c(),
          "dropout.channelOffset is " + text_of(dropout.channel_offset) + "; expected 0 to " +
              text_of(dropout.channels - y.c()) + ", so that " + text_of(y.c()) +
              " channels lie within the layer's " + text_of(dropout.channels));
}

template <class Op>
void check_geometry(const Op& op, const char* x_name, const Tensor& x, const char* w_name, const Tensor& w,
                    const char* y_name, const Tensor& y) {
  require_float(x_name, x), require_float(w_name, w), require_float(y_name, y);
  require_range<int64_t>("stride", op.stride, 1, kLargestWindow);
  for (const int64_t side : {op.padding.top, op.padding.left, op.padding.bottom, op.padding.right})
    require_range<int64_t>("padding", side, 0, kLargestWindow);
  require_range<int64_t>("groups", op.groups, 1, x.c());
  require(x.c() % op.groups == 0 && w.n() % op.groups == 0,
          "groups is " + text_of(op.groups) + "; expected a divisor of " + x_name + "'s " + text_of(x.c()) +
              " channels and of " + w_name + "'s " + text_of(w.n()) + " kernels");
  require(w.c() == x.c() / op.groups, std::string(w_name) + " is " + shape_text(w.shape) + "; expected " +
                                          text_of(x.c() / op.groups) + " channels, " + x_name + "'s " +
                                          text_of(x.c()) + " over " + text_of(op.groups) + " groups");
  const int64_t rows = x.h() + op.padding.top + op.padding.bottom - w.h();
  const int64_t columns = x.w() + op.padding.left + op.padding.right - w.w();
  require(rows >= 0 && columns >= 0, std::string(w_name) + "'s window of " + text_of(w.h()) + "x" +
                                         text_of(w.w()) + " is larger than " + x_name + " (" +
                                         shape_text(x.shape) + ") with its padding");
  require_shape(y_name, y, {x.n(), rows / op.stride + 1, columns / op.stride + 1, w.n()});
}

void check(const ConvolutionForward& op) {
  check_geometry(op, "x", op.x, "w", op.w, "y", op.y);
  if (op.bias) require_float("bias", *op.bias), require_shape("bias", *op.bias, vector_of(op.w.n()));
  if (op.dropout) check(*op.dropout, op.y);
  require_finite("scale", op.scale);
}

void check(const ConvolutionBackwardData& op) { check_geometry(op, "dx", op.dx, "w", op.w, "dy", op.dy); }

void check(const ConvolutionBackwardWeights& op) {
  check_geometry(op, "x", op.x, "dw", op.dw, "dy", op.dy);
  if (op.db) require_float("db", *op.db), require_shape("db", *op.db, vector_of(op.dw.n()));
}

void check(const LrnParameters& lrn, const Tensor& x) {
  require_range<int64_t>("size", lrn.size, 1, kLargestWindow);
  require_finite("k", lrn.k), require_finite("alpha", lrn.alpha), require_finite("beta", lrn.beta);
  require_range<int64_t>("groups", lrn.groups, 1, x.c());
  require(x.c() % lrn.groups == 0,
          "groups is " + text_of(lrn.groups) + "; expected a divisor of x's " + text_of(x.c()) + " channels");
}

void check(const MapNormParameters& norm) {
  require_range<int64_t>("size", norm.size, 1, kLargestWindow);
  require_finite("k", norm.k), require_finite("alpha", norm.alpha), require_finite("beta", norm.beta);
}

// Most windows along a side of `length`, each beginning inside it.
int64_t most_windows(const PoolParameters& pool, int64_t length) {
  const int64_t rest = length - pool.size;
  const int64_t reaching = rest <= 0 ? 1 : (rest + pool.stride - 1) / pool.stride + 1;
  return std::min(reaching, (length - 1) / pool.stride + 1);
}

void check(const PoolParameters& pool, const Tensor& x, const char* y_name, const Tensor& y) {
  require_float("x", x), require_float(y_name, y);
  require_range<int64_t>("poolSize", pool.size, 1, kLargestWindow);
  require_range<int64_t>("poolStride", pool.stride, 1, kLargestWindow);
  const int64_t rows = most_windows(pool, x.h()), columns = most_windows(pool, x.w());
  require(y.n() == x.n() && y.c() == x.c() && y.h() <= rows && y.w() <= columns,
          std::string(y_name) + " is " + shape_text(y.shape) + "; expected " +
              shape_text(Shape{x.n(), rows, columns, x.c()}) + " or fewer rows and columns");
}

void check(const LrnForward& op) { require_alike("x", op.x, {{"y", &op.y}}), check(op.lrn, op.x); }
void check(const LrnBackward& op) {
  require_alike("x", op.x, {{"dy", &op.dy}, {"dx", &op.dx}}), check(op.lrn, op.x);
}
void check(const MapNormForward& op) { require_alike("x", op.x, {{"y", &op.y}}), check(op.norm); }
void check(const MapNormBackward& op) {
  require_alike("x", op.x, {{"dy", &op.dy}, {"dx", &op.dx}}), check(op.norm);
}
void check(const MaxPoolForward& op) { check(op.pool, op.x, "y", op.y); }
void check(const MaxPoolBackward& op) {
  check(op.pool, op.x, "dy", op.dy), require_alike("x", op.x, {{"dx", &op.dx}});
}
void check(const LrnPoolForward& op) { check(op.pool, op.x, "y", op.y), check(op.lrn, op.x); }
void check(const LrnPoolBackward& op) {
  check(op.pool, op.x, "dy", op.dy), check(op.lrn, op.x), require_alike("x", op.x, {{"dx", &op.dx}});
}

void check(const ActivationForward& op) { require_alike("x", op.x, {{"y", &op.y}}); }
void check(const ActivationBackward& op) {
  require_alike("y", op.y, {{"dy", &op.dy}, {"dx", &op.dx}});
  if (op.dropout) check(*op.dropout, op.y);
}
void check(const DropoutMask& op) { require_alike("x", op.x, {{"y", &op.y}}), check(op.dropout, op.y); }
void check(const Scale& op) { require_alike("x", op.x, {{"y", &op.y}}), require_finite("factor", op.factor); }

void check(const SoftmaxCrossEntropy& op) {
  const int64_t images = op.logits.n(), classes = op.logits.c();
  require_float("logits", op.logits), require_shape("logits", op.logits, {images, 1, 1, classes});
  require(classes <= std::numeric_limits<int32_t>::max(), "logits has more classes than a label can name");
  const Shape row{images, 1, 1, 1};
  if (op.labels) require_dtype("labels", *op.labels, DType::kInt32), require_shape("labels", *op.labels, row);
  if (op.ranks) require_dtype("ranks", *op.ranks, DType::kInt32), require_shape("ranks", *op.ranks, row);
  if (op.losses) require_float("losses", *op.losses), require_shape("losses", *op.losses, row);
  if (op.probabilities) require_alike("logits", op.logits, {{"probabilities", &*op.probabilities}});
  if (op.dlogits) require_alike("logits", op.logits, {{"dlogits", &*op.dlogits}});
}

void check(const Sgd& op) {
  require(!op.segments.empty(), "segments is empty; expected at least one");
  require_finite("momentum", op.momentum);
  for (size_t i = 0; i < op.segments.size(); ++i) {
    const Sgd::Segment& segment = op.segments[i];
    const std::string at = "segments[" + std::to_string(i) + "].";
    require_alike((at + "w").c_str(), segment.w,
                  {{(at + "v").c_str(), &segment.v}, {(at + "g").c_str(), &segment.g}});
    if (segment.copy) require_alike((at + "w").c_str(), segment.w, {{(at + "copy").c_str(), &*segment.copy}});
    require_finite((at + "decay").c_str(), segment.decay);
    require_range<int64_t>((at + "rate").c_str(), segment.rate, 0, kLargestWindow);
  }
}

void check(const ConvolutionUpdate& op) {
  check_geometry(op, "x", op.x, "w", op.w, "dy", op.dy);
  require_alike("w", op.w, {{"v", &op.v}});
  if (op.copy) require_alike("w", op.w, {{"copy", &*op.copy}});
  if (op.db) require_float("db", *op.db), require_shape("db", *op.db, vector_of(op.w.n()));
  require_finite("momentum", op.momentum), require_finite("decay", op.decay);
  require_range<int64_t>("rate", op.rate, 0, kLargestWindow);
}

void check(const Preprocess& op) {
  const int64_t images = op.images.n(), rows = op.images.h(), columns = op.images.w();
  require_dtype("images", op.images, DType::kUint8), require_float("views", op.views);
  require_float("mean", op.mean), require_float("y", op.y);
  require_shape("images", op.images, {images, rows, columns, 3});
  require_shape("views", op.views, {images, 1, 1, 8});
  require_shape("y", op.y, {images, op.y.h(), op.y.w(), 3});
  require(op.y.h() <= rows && op.y.w() <= columns, "y is " + shape_text(op.y.shape) +
                                                       "; expected at most the images' " + text_of(rows) +
                                                       " rows and " + text_of(columns) + " columns");
  require(op.mean.shape == Shape{1, rows, columns, 3} || op.mean.shape == Shape{1, 1, 1, 3},
          "mean is " + shape_text(op.mean.shape) + "; expected " + shape_text(Shape{1, rows, columns, 3}) +
              " or 1x1x1x3");
  for (const double deviation : op.deviation)
    require(std::isfinite(deviation) && deviation > 0,
            "deviation is " + text_of(deviation) + "; expected three positive numbers");
}

void check(const Fill& op) {
  require_finite("value", op.value);
  if (op.y.dtype == DType::kUint8)
    require(op.value >= 0 && op.value <= 255 && std::floor(op.value) == op.value,
            "value is " + text_of(op.value) + "; expected an integer from 0 to 255 for uint8");
  if (op.y.dtype == DType::kInt32)
    require(std::abs(op.value) <= std::numeric_limits<int32_t>::max() && std::floor(op.value) == op.value,
            "value is " + text_of(op.value) + "; expected a 32-bit integer for int32");
}

void check(const Gaussian& op) {
  require_float("y", op.y), require_finite("mean", op.mean);
  require(std::isfinite(op.deviation) && op.deviation >= 0,
          "deviation is " + text_of(op.deviation) + "; expected a number from 0");
  check_sizes("whole", op.whole);
  const auto within = [](int64_t offset, int64_t part, int64_t all) {
    return offset >= 0 && offset <= all - part;
  };
  require(op.y.h() == op.whole[1] && op.y.w() == op.whole[2] &&
              within(op.kernel_offset, op.y.n(), op.whole[0]) &&
              within(op.channel_offset, op.y.c(), op.whole[3]),
          "y is " + shape_text(op.y.shape) + " from kernel " + text_of(op.kernel_offset) + " and channel " +
              text_of(op.channel_offset) + "; expected a part of whole, " + shape_text(op.whole));
}

void check(const Copy& op) {
  require_shape("y", op.y, op.x.shape);
  if (op.x.dtype == op.y.dtype) return;
  require_float("x", op.x), require_float("y", op.y);
}

void check(const Sum& op) {
  require(!op.xs.empty(), "xs is empty; expected at least one");
  require_float("y", op.y);
  for (const Tensor& x : op.xs) require_alike("y", op.y, {{"xs", &x}});
}

}  // namespace

void check_op(const ComputeOp& op) {
  for (const Operand& operand : operands_of(op)) check_shape(operand.name, *operand.tensor);
  std::visit([](const auto& o) { check(o); }, op);
}

namespace {

template <class Op>
constexpr bool takes_strides =
    std::is_same_v<Op, ConvolutionForward> || std::is_same_v<Op, ConvolutionBackwardData> ||
    std::is_same_v<Op, ConvolutionBackwardWeights> || std::is_same_v<Op, ConvolutionUpdate> ||
    std::is_same_v<Op, Copy> || std::is_same_v<Op, Sum>;

// Weights, and what is as large, always lie dense.
bool is_weights(std::string_view name) {
  return name == "w" || name == "dw" || name == "v" || name == "copy";
}

constexpr int64_t kMostPoolSize = 16;

}  // namespace

void check_dense(const ComputeOp& op) {
  const bool strided = std::visit([](const auto& o) { return takes_strides<std::decay_t<decltype(o)>>; }, op);
  for (const Operand& operand : operands_of(op))
    require(operand.tensor->dense() || (strided && !is_weights(operand.name)),
            std::string(operand.name) + ": expected a dense tensor, received strides");
}

void check_pool_size(const ComputeOp& op) {
  std::visit(
      [](const auto& o) {
        if constexpr (requires { o.pool; })
          require(o.pool.size <= kMostPoolSize, "poolSize: expected at most " + text_of(kMostPoolSize));
      },
      op);
}

}  // namespace alexnet
