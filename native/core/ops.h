// Every operation a program can hold, one descriptor each. A descriptor names its operands and parameters
// once, in `visit`; parsing from JavaScript, validation of operands and workspace sizing are all derived from
// that list. The TypeScript twins are in lib/plan/commands.ts. To add an op: a descriptor here (and in the
// variant below), its checks in validate.cc, its TypeScript type, one `run` overload per backend, its cases
// in test/conformance.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/philox.h"
#include "core/tensor.h"

namespace alexnet {

enum class Activation : uint8_t { kNone, kRelu, kTanh };

// What float32 operands may be rounded to before they are multiplied, where a device multiplies that faster:
// tf32 has 10 bits of mantissa, bfloat16 has 7. Sums stay float32.
enum class Products : uint8_t { kFloat32, kTf32, kBfloat16 };

struct Padding {
  int64_t top = 0, left = 0, bottom = 0, right = 0;
};

// Dropout's mask (PAPER.md: units zeroed in training without scaling). The unit at (n, h, w, c) of an N x H x
// W x C tensor that is channels [channel_offset, channel_offset + C) of a layer with `channels` channels
// draws word
// ((n*H + h)*W + w)*channels + channel_offset + c of (seed, stream, step); below the threshold it is dropped.
struct Dropout {
  double rate = 0;
  Seed seed;
  uint32_t stream = 0;
  int64_t channels = 0;
  int64_t channel_offset = 0;
};

// What changes from one run of a program to the next.
struct Step {
  uint32_t number = 0;                // counts from 0; keys the random numbers
  std::vector<float> learning_rates;  // by Sgd::Segment::rate
};

// The visitors' vocabulary: v.input(name, tensor), v.output(...), v.inout(...), v.value(name, field).
// Optional operands are std::optional<Tensor>.

// y = scale * mask * activation(conv(x, w) + bias + (accumulate ? y : 0)). A fully connected layer is the
// convolution whose window is its whole input: x N x H x W x C, w K x H x W x C, y N x 1 x 1 x K. y's rows
// are floor((H + top + bottom - R) / stride) + 1, its columns likewise. Channels of group g of x meet w's
// kernels [g*K/groups, (g+1)*K/groups); w's last dimension is C / groups. packed,
// Backend::packed_bytes(op) bytes, is w as Backend::pack left it there; where it is given w is not read.
struct ConvolutionForward {
  static constexpr const char* kName = "convolution_forward";
  Tensor x, w, y;
  std::optional<Tensor> bias, packed;
  int64_t stride = 1;
  Padding padding;
  int64_t groups = 1;
  Products products = Products::kFloat32;
  bool accumulate = false;
  Activation activation = Activation::kNone;
  std::optional<Dropout> dropout;
  double scale = 1;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("w", s.w), v.input("bias", s.bias), v.input("packed", s.packed);
    s.accumulate ? v.inout("y", s.y) : v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("stride", s.stride), v.value("padding", s.padding), v.value("groups", s.groups);
    v.value("products", s.products), v.value("accumulate", s.accumulate), v.value("activation", s.activation),
        v.value("dropout", s.dropout);
    v.value("scale", s.scale);
  }
};

// dx = (accumulate ? dx : 0) + the gradient of the convolution with respect to its input.
struct ConvolutionBackwardData {
  static constexpr const char* kName = "convolution_backward_data";
  Tensor dy, w, dx;
  int64_t stride = 1;
  Padding padding;
  int64_t groups = 1;
  Products products = Products::kFloat32;
  bool accumulate = false;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("dy", s.dy), v.input("w", s.w);
    s.accumulate ? v.inout("dx", s.dx) : v.output("dx", s.dx);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("stride", s.stride), v.value("padding", s.padding), v.value("groups", s.groups);
    v.value("products", s.products), v.value("accumulate", s.accumulate);
  }
};

// dw and, if asked for, db: the gradients with respect to weights and bias, summed over images and positions.
struct ConvolutionBackwardWeights {
  static constexpr const char* kName = "convolution_backward_weights";
  Tensor x, dy, dw;
  std::optional<Tensor> db;
  int64_t stride = 1;
  Padding padding;
  int64_t groups = 1;
  Products products = Products::kFloat32;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("dy", s.dy), v.output("dw", s.dw), v.output("db", s.db);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("stride", s.stride), v.value("padding", s.padding), v.value("groups", s.groups);
    v.value("products", s.products);
  }
};

// Local response normalisation across adjacent channels (paper, section 3.3):
// y_i = x_i / (k + alpha * sum_{j = max(0, i - n/2)}^{min(N-1, i + n/2)} x_j^2)^beta, n = size, N = channels
// / groups. alpha multiplies the plain sum; the window never leaves its group.
struct LrnParameters {
  int64_t size = 5;
  double k = 2, alpha = 1e-4, beta = 0.75;
  int64_t groups = 1;
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("size", s.size), v.value("k", s.k), v.value("alpha", s.alpha), v.value("beta", s.beta);
    v.value("groups", s.groups);
  }
};

struct LrnForward {
  static constexpr const char* kName = "lrn_forward";
  Tensor x, y;
  LrnParameters lrn;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    LrnParameters::values(s.lrn, v);
  }
};

// In this and the other backward ops that read x: when x is the output of an activation, `activation` takes
// the gradient through it too (relu: times [x > 0]; tanh: times 1 - x^2).
struct LrnBackward {
  static constexpr const char* kName = "lrn_backward";
  Tensor x, dy, dx;
  LrnParameters lrn;
  Activation activation = Activation::kNone;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("dy", s.dy), v.output("dx", s.dx);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    LrnParameters::values(s.lrn, v), v.value("activation", s.activation);
  }
};

// Normalisation within each map (the authors' program): y = x * (k + alpha * sum over the size x size window
// around the position, clipped to the map, of x^2)^-beta.
struct MapNormParameters {
  int64_t size = 5;
  double k = 1, alpha = 0.001 / 25, beta = 0.75;
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("size", s.size), v.value("k", s.k), v.value("alpha", s.alpha), v.value("beta", s.beta);
  }
};

struct MapNormForward {
  static constexpr const char* kName = "map_norm_forward";
  Tensor x, y;
  MapNormParameters norm;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    MapNormParameters::values(s.norm, v);
  }
};

struct MapNormBackward {
  static constexpr const char* kName = "map_norm_backward";
  Tensor x, dy, dx;
  MapNormParameters norm;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("dy", s.dy), v.output("dx", s.dx);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    MapNormParameters::values(s.norm, v);
  }
};

// Max-pooling. y's rows are at most ceil((H - size) / stride) + 1, columns likewise; windows are clipped at
// the bottom and right edges. Backward, the first maximum of a window in row-major order takes the gradient;
// it is found again from x, nothing is stored.
struct PoolParameters {
  int64_t size = 3, stride = 2;
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("poolSize", s.size), v.value("poolStride", s.stride);
  }
};

struct MaxPoolForward {
  static constexpr const char* kName = "max_pool_forward";
  Tensor x, y;
  PoolParameters pool;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    PoolParameters::values(s.pool, v);
  }
};

struct MaxPoolBackward {
  static constexpr const char* kName = "max_pool_backward";
  Tensor x, dy, dx;
  PoolParameters pool;
  Activation activation = Activation::kNone;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("dy", s.dy), v.output("dx", s.dx);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    PoolParameters::values(s.pool, v), v.value("activation", s.activation);
  }
};

// LRN and the max-pool behind it in one pass over x; the normalised maps are never written to memory, and the
// backward pass computes the normaliser again.
struct LrnPoolForward {
  static constexpr const char* kName = "lrn_pool_forward";
  Tensor x, y;
  LrnParameters lrn;
  PoolParameters pool;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    LrnParameters::values(s.lrn, v), PoolParameters::values(s.pool, v);
  }
};

struct LrnPoolBackward {
  static constexpr const char* kName = "lrn_pool_backward";
  Tensor x, dy, dx;
  LrnParameters lrn;
  PoolParameters pool;
  Activation activation = Activation::kNone;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("dy", s.dy), v.output("dx", s.dx);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    LrnParameters::values(s.lrn, v), PoolParameters::values(s.pool, v), v.value("activation", s.activation);
  }
};

// y = activation(x); y may be x itself.
struct ActivationForward {
  static constexpr const char* kName = "activation_forward";
  Tensor x, y;
  Activation activation = Activation::kRelu;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("activation", s.activation);
  }
};

// dx = mask * dy * activation'(.), the derivative read off the activation's output y; dx may be dy
// itself. y is what the forward op wrote. relu: after dropout and scale it is positive exactly where the
// gradient passes; tanh with dropout: y = mask * tanh(.), and the mask is drawn again, so 1 - y^2 is right
// wherever it counts.
struct ActivationBackward {
  static constexpr const char* kName = "activation_backward";
  Tensor y, dy, dx;
  Activation activation = Activation::kRelu;
  std::optional<Dropout> dropout;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("y", s.y), v.input("dy", s.dy), v.output("dx", s.dx);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("activation", s.activation), v.value("dropout", s.dropout);
  }
};

// y = mask * x: dropout forward, and backward on gradients. y may be x itself.
struct DropoutMask {
  static constexpr const char* kName = "dropout";
  Tensor x, y;
  Dropout dropout;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("dropout", s.dropout);
  }
};

// y = factor * x (dropout at test time: factor = 1 - rate). y may be x itself.
struct Scale {
  static constexpr const char* kName = "scale";
  Tensor x, y;
  double factor = 1;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("factor", s.factor);
  }
};

// Softmax with multinomial logistic loss. logits N x 1 x 1 x C; labels N x 1 x 1 x 1 int32 in [-1, C), -1 =
// unlabelled.
//   probabilities  N x 1 x 1 x C, from logits less their maximum
//   losses         N x 1 x 1 x 1, -log p(label); 0 where unlabelled
//   ranks          N x 1 x 1 x 1 int32: how many classes come before the label's (greater logit; equal logit
//   and
//                  smaller index; NaN comes first), so top-k error counts rank >= k; C if the label's logit
//                  is NaN; 0 where unlabelled
//   dlogits        N x 1 x 1 x C, (p - onehot(label)) / N; 0 where unlabelled
struct SoftmaxCrossEntropy {
  static constexpr const char* kName = "softmax_cross_entropy";
  Tensor logits;
  std::optional<Tensor> labels, probabilities, losses, ranks, dlogits;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("logits", s.logits), v.input("labels", s.labels), v.output("probabilities", s.probabilities);
    v.output("losses", s.losses), v.output("ranks", s.ranks), v.output("dlogits", s.dlogits);
  }
  template <class Self, class V>
  static void values(Self&, V&&) {}
};

// The paper's update (section 5), per segment, e = learning_rates[rate]:
// v <- momentum * v - decay * e * w - e * g;  w <- w + v.
// copy, where there is one, becomes w in its own type: what a network in bfloat16 multiplies with.
struct Sgd {
  static constexpr const char* kName = "sgd";
  struct Segment {
    Tensor w, v, g;
    std::optional<Tensor> copy;
    int64_t rate = 0;
    double decay = 0;
  };
  std::vector<Segment> segments;
  double momentum = 0.9;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    for (auto& segment : s.segments)
      v.inout("w", segment.w), v.inout("v", segment.v), v.input("g", segment.g),
          v.output("copy", segment.copy);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("momentum", s.momentum);
  }
};

// ConvolutionBackwardWeights and Sgd in one: w and v become what the rule makes of them with the gradient,
// which is nowhere left. Whether the gradient travels to memory and back on the way is the backend's affair.
struct ConvolutionUpdate {
  static constexpr const char* kName = "convolution_update";
  Tensor x, dy, w, v;
  std::optional<Tensor> copy, db;
  int64_t stride = 1;
  Padding padding;
  int64_t groups = 1;
  Products products = Products::kFloat32;
  double momentum = 0.9, decay = 0;
  int64_t rate = 0;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.input("dy", s.dy), v.inout("w", s.w), v.inout("v", s.v);
    v.output("copy", s.copy), v.output("db", s.db);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("stride", s.stride), v.value("padding", s.padding), v.value("groups", s.groups);
    v.value("products", s.products);
    v.value("momentum", s.momentum), v.value("decay", s.decay), v.value("rate", s.rate);
  }

  // Its two halves, for a gradient at a byte of the arena.
  Tensor gradient_at(size_t offset) const {
    Tensor g = w;
    g.offset = offset;
    return g;
  }
  ConvolutionBackwardWeights gradient(const Tensor& g) const {
    return {x, dy, g, db, stride, padding, groups, products};
  }
  Sgd update(const Tensor& g) const { return {{{w, v, g, copy, rate, decay}}, momentum}; }
};

enum class MeanAt : uint8_t { kCrop, kCentre };
enum class ChannelOrder : uint8_t { kRgb, kBgr };

// uint8 RGB images N x S x T x 3 -> the network's input N x H x W x 3 (paper, sections 2 and 4.1):
//   y(n,i,j,c) = scale / deviation_c * (image(n, top + i, left + j', c) - mean + shift_c),  j' = flip ? W-1-j
//   : j
// views N x 1 x 1 x 8 float32: top, left, flip, red shift, green shift, blue shift, scale, unused.
// mean is 1 x S x T x 3 (mean image) or 1 x 1 x 1 x 3 (mean colour), RGB. mean_at kCrop reads it where the
// pixel came from, (top + i, left + j'); kCentre reads its centre crop at (i, j), whatever the crop (the
// authors' program). order kBgr stores the channels blue first.
struct Preprocess {
  static constexpr const char* kName = "preprocess";
  Tensor images, views, mean, y;
  MeanAt mean_at = MeanAt::kCrop;
  ChannelOrder order = ChannelOrder::kRgb;
  std::array<double, 3> deviation{1, 1, 1};
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("images", s.images), v.input("views", s.views), v.input("mean", s.mean), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("meanAt", s.mean_at), v.value("order", s.order), v.value("deviation", s.deviation);
  }
};

struct Fill {
  static constexpr const char* kName = "fill";
  Tensor y;
  double value = 0;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("value", s.value);
  }
};

// y = mean + deviation * N(0, 1), y a K x R x S x C part of a whole weight tensor of `whole` shape K' x R x S
// x C' whose kernels start at kernel_offset and channels at channel_offset. The element at (k, r, s, c) of
// the whole draws normal number ((k*C' + c)*R + r)*S + s (its place in OIHW order) of (seed, stream, step 0):
// four normals a Philox block by Box-Muller in double, z[2i] = sqrt(-2 ln u) cos(2 pi u'), z[2i+1] = the same
// with sin, u = (word[2i] + 0.5) / 2^32, u' = (word[2i+1] + 0.5) / 2^32; rounded to the tensor's type last.
struct Gaussian {
  static constexpr const char* kName = "gaussian";
  Tensor y;
  double mean = 0, deviation = 1;
  Seed seed;
  uint32_t stream = 0;
  std::array<int64_t, 4> whole{};
  int64_t kernel_offset = 0, channel_offset = 0;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("mean", s.mean), v.value("deviation", s.deviation), v.value("seed", s.seed);
    v.value("stream", s.stream), v.value("whole", s.whole), v.value("kernelOffset", s.kernel_offset);
    v.value("channelOffset", s.channel_offset);
  }
};

// y = x, shapes equal, strides free; types equal, or floats that are rounded to y's.
struct Copy {
  static constexpr const char* kName = "copy";
  Tensor x, y;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x), v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self&, V&&) {}
};

// y = xs[0] + xs[1] + ..., in that order: gradients that meet, and the reduction across devices once
// transfers have brought the parts together. y may be one of xs.
struct Sum {
  static constexpr const char* kName = "sum";
  std::vector<Tensor> xs;
  Tensor y;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    for (auto& x : s.xs) v.input("xs", x);
    v.output("y", s.y);
  }
  template <class Self, class V>
  static void values(Self&, V&&) {}
};

// Copies x to `to` in the arena of device `device` of the program, behind what this device has done so far
// and beside what it does next; raises `event` when the bytes are there. Both places belong to the transfer
// for the whole step.
struct Transfer {
  static constexpr const char* kName = "transfer";
  Tensor x, to;
  int64_t device = 0;
  int64_t event = 0;
  template <class Self, class V>
  static void visit(Self& s, V&& v) {
    v.input("x", s.x);
  }  // `to` lies in another arena; validated on its own
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("device", s.device), v.value("event", s.event);
  }
};

// What follows on this device starts after `event`.
struct Wait {
  static constexpr const char* kName = "wait";
  int64_t event = 0;
  template <class Self, class V>
  static void visit(Self&, V&&) {}
  template <class Self, class V>
  static void values(Self& s, V&& v) {
    v.value("event", s.event);
  }
};

// What a backend computes. Transfer and Wait are the replay's.
using ComputeOp =
    std::variant<ConvolutionForward, ConvolutionBackwardData, ConvolutionBackwardWeights, LrnForward,
                 LrnBackward, MapNormForward, MapNormBackward, MaxPoolForward, MaxPoolBackward,
                 LrnPoolForward, LrnPoolBackward, ActivationForward, ActivationBackward, DropoutMask, Scale,
                 SoftmaxCrossEntropy, Sgd, ConvolutionUpdate, Preprocess, Fill, Gaussian, Copy, Sum>;

struct Command {
  std::string label;  // the layer it serves, for messages and profiles
  std::variant<ComputeOp, Transfer, Wait> op;
  size_t workspace_offset = 0,
         workspace_bytes = 0;  // scratch in the arena, at least Backend::workspace(op) bytes
};

}  // namespace alexnet
