// Checks the types that the CUDA backend computes with. The ops' own checks have passed before.
#include "core/complaints.h"
#include "core/kernel_limits.h"
#include "core/operands.h"
#include "cuda/device/backend.h"

namespace alexnet::cuda {
namespace {

void require_number(std::string_view name, const Tensor& tensor) {
  require(tensor.dtype == DType::kFloat32 || tensor.dtype == DType::kBfloat16, is(name, tensor.dtype),
          "float32 or bfloat16, which cards compute with");
}

void require_same(std::string_view name, const Tensor& tensor, std::string_view as_name, const Tensor& as) {
  require(tensor.dtype == as.dtype, is(name, tensor.dtype),
          std::string(dtype_text(as.dtype)) + " on a card, as " + std::string(as_name));
}

void check_types(const ConvolutionForward& op) {
  require_number("x", op.x), require_same("w", op.w, "x", op.x);
  if (op.y.dtype != DType::kFloat32) require_same("y", op.y, "x", op.x);
  if (op.bias) require_dtype("bias", *op.bias, DType::kFloat32);
}
void check_types(const ConvolutionBackwardData& op) {
  require_number("dy", op.dy), require_same("w", op.w, "dy", op.dy), require_same("dx", op.dx, "dy", op.dy);
}
void check_types(const ConvolutionBackwardWeights& op) {
  require_number("x", op.x), require_same("dy", op.dy, "x", op.x);
  require_dtype("dw", op.dw, DType::kFloat32);
  if (op.db) require_dtype("db", *op.db, DType::kFloat32);
}
void check_types(const SoftmaxCrossEntropy& op) {
  require_number("logits", op.logits);
  if (op.probabilities) require_dtype("probabilities", *op.probabilities, DType::kFloat32);
  if (op.losses) require_dtype("losses", *op.losses, DType::kFloat32);
  if (op.dlogits) require_number("dlogits", *op.dlogits);
}
void check_types(const Sgd& op) {
  for (const Sgd::Segment& segment : op.segments) {
    require_dtype("w", segment.w, DType::kFloat32), require_dtype("v", segment.v, DType::kFloat32);
    require_dtype("g", segment.g, DType::kFloat32);
    if (segment.copy) require_number("copy", *segment.copy);
  }
}
void check_types(const ConvolutionUpdate& op) {
  require_number("x", op.x), require_same("dy", op.dy, "x", op.x);
  require_dtype("w", op.w, DType::kFloat32), require_dtype("v", op.v, DType::kFloat32);
  if (op.copy) require_number("copy", *op.copy);
  if (op.db) require_dtype("db", *op.db, DType::kFloat32);
}
void check_types(const Preprocess& op) {
  require_dtype("views", op.views, DType::kFloat32), require_dtype("mean", op.mean, DType::kFloat32);
  require_number("y", op.y);
}
void check_statistics(std::initializer_list<std::pair<const char*, const Tensor*>> vectors) {
  for (const auto& [name, tensor] : vectors) require_dtype(name, *tensor, DType::kFloat32);
}
void check_types(const BatchNormForward& op) {
  require_number("x", op.x), require_same("y", op.y, "x", op.x);
  check_statistics({{"gamma", &op.gamma},
                    {"beta", &op.beta},
                    {"mean", &op.mean},
                    {"inverse", &op.inverse},
                    {"runningMean", &op.running_mean},
                    {"runningVariance", &op.running_variance}});
}
void check_types(const BatchNormInference& op) {
  require_number("x", op.x), require_same("y", op.y, "x", op.x);
  check_statistics({{"gamma", &op.gamma},
                    {"beta", &op.beta},
                    {"runningMean", &op.running_mean},
                    {"runningVariance", &op.running_variance}});
}
void check_types(const BatchNormBackward& op) {
  require_number("x", op.x), require_same("dy", op.dy, "x", op.x), require_same("dx", op.dx, "x", op.x);
  check_statistics({{"gamma", &op.gamma},
                    {"mean", &op.mean},
                    {"inverse", &op.inverse},
                    {"dgamma", &op.dgamma},
                    {"dbeta", &op.dbeta}});
}
void check_types(const Fill&) {}
void check_types(const Gaussian& op) { require_number("y", op.y); }
void check_types(const Copy& op) {
  if (op.x.dtype != op.y.dtype) require_number("x", op.x), require_number("y", op.y);
}

// Ops whose operands all have one type.
template <class Op>
concept ComputesInItsType =
    OneOf<Op, LrnForward, LrnBackward, MapNormForward, MapNormBackward, MaxPoolForward, MaxPoolBackward,
          LrnPoolForward, LrnPoolBackward, ActivationForward, ActivationBackward, DropoutMask, Scale, Sum>;

void check_types(const ComputesInItsType auto& op) {
  const ComputeOp any = op;
  const std::vector<Operand> operands = operands_of(any);
  for (const Operand& operand : operands) {
    require_number(operand.name, *operand.tensor);
    require_same(operand.name, *operand.tensor, operands[0].name, *operands[0].tensor);
  }
}

}  // namespace

void CudaBackend::check(const ComputeOp& op) const {
  std::visit([](const auto& o) { check_types(o); }, op);
  check_dense(op);
  check_pool_size(op);
}

}  // namespace alexnet::cuda
