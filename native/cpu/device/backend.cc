#include "cpu/device/backend.h"

#include <algorithm>

#include "core/complaints.h"
#include "core/kernel_limits.h"
#include "core/operands.h"
#include "cpu/convolution/gemm_of.h"
#include "cpu/device/ops.h"

namespace alexnet::cpu {

CpuBackend::CpuBackend(int threads)
    : processor_{best_kernels(), best_bf16_kernels()}, pool_(std::max(1, threads)) {}

size_t CpuBackend::workspace(const ComputeOp& op) const {
  return std::visit([&](const auto& o) { return scratch(o, processor_); }, op).bytes(pool_.threads());
}

size_t CpuBackend::packed_bytes(const ConvolutionForward& op) const {
  return cpu::packed_bytes(op, processor_);
}

void CpuBackend::pack(const ConvolutionForward& op) { cpu::pack(op, *this); }

// All tensors are float32, except that a fully connected layer's weights, by far the largest operands, may be
// bfloat16; copies convert to it.
void CpuBackend::check(const ComputeOp& op) const {
  const auto* forward = std::get_if<ConvolutionForward>(&op);
  const auto* copy = std::get_if<Copy>(&op);
  for (const Operand& operand : operands_of(op)) {
    if (forward && operand.tensor == &forward->w && forward->w.dtype == DType::kBfloat16 &&
        takes_bfloat16_weights(*forward))
      continue;
    if (copy && operand.tensor == &copy->y && copy->x.dtype == DType::kFloat32 &&
        copy->y.dtype == DType::kBfloat16)
      continue;
    if (operand.tensor->dtype == DType::kFloat64 || operand.tensor->dtype == DType::kBfloat16)
      throw Error("BAD_PROGRAM", std::string(operand.name) + ": the cpu computes in float32, received " +
                                     dtype_text(operand.tensor->dtype));
  }
  check_dense(op);
  check_pool_size(op);
}

void CpuBackend::execute(const ComputeOp& op, size_t workspace_offset, const Step& step) {
  const Execution on{*this, workspace_offset, step};
  std::visit([&](const auto& o) { run(o, on); }, op);
}

}  // namespace alexnet::cpu

namespace alexnet {

std::unique_ptr<Backend> make_cpu_backend(int threads) { return std::make_unique<cpu::CpuBackend>(threads); }

}  // namespace alexnet
