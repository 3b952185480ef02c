#include "cpu/device/backend.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "core/complaints.h"
#include "core/kernel_limits.h"
#include "core/operands.h"

namespace alexnet::cpu {

// ALEXNET_NATIVE_ISA=avx512|avx2|baseline lowers the choice, so that each can be tested where a better one is
// there.
const Kernels& best_kernels() {
  const char* asked = std::getenv("ALEXNET_NATIVE_ISA");
  const std::string_view most = asked ? asked : "avx512";
#if defined(__x86_64__)
  if (most == "avx512" && kernels_avx512() && __builtin_cpu_supports("avx512f") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq"))
    return *kernels_avx512();
  if (most != "baseline" && kernels_avx2() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return *kernels_avx2();
#endif
  return *kernels_baseline();
}

CpuBackend::CpuBackend(int threads)
    : kernels_(best_kernels()), bf16_(best_bf16_kernels()), pool_(std::max(1, threads)) {}

size_t CpuBackend::workspace(const ComputeOp& op) const {
  if (const auto* update = std::get_if<ConvolutionUpdate>(&op))
    return Run::padded(static_cast<size_t>(update->w.count())) * sizeof(float) +
           workspace(update->gradient(update->w));
  const ScratchSize floats = scratch_size(*this, op);
  return (Run::padded(floats.shared) + Run::padded(floats.each) * static_cast<size_t>(pool_.threads())) *
         sizeof(float);
}

// Everything is float32, but a fully connected layer's weights, the largest operands by far, may be bfloat16;
// copies make it.
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
  const Run context{*this, workspace_offset, step};
  std::visit([&](const auto& o) { run(o, context); }, op);
}

ScratchSize scratch_size(const CpuBackend& backend, const ComputeOp& op) {
  const Kernels& kernels = backend.kernels();
  const auto each = [](auto floats) { return ScratchSize{static_cast<size_t>(floats), 0}; };
  const auto pool = [&](const Tensor& x, const Tensor& y, const PoolParameters& p, const LrnParameters* lrn) {
    return each(kernels.lrn_pool_scratch(lrn_pool_of(x, y, p, lrn, Activation::kNone)));
  };
  if (auto* o = std::get_if<ConvolutionForward>(&op)) return scratch_size(backend, *o);
  if (auto* o = std::get_if<ConvolutionBackwardData>(&op)) return scratch_size(backend, *o);
  if (auto* o = std::get_if<ConvolutionBackwardWeights>(&op)) return scratch_size(backend, *o);
  if (auto* o = std::get_if<MaxPoolForward>(&op)) return pool(o->x, o->y, o->pool, nullptr);
  if (auto* o = std::get_if<MaxPoolBackward>(&op)) return pool(o->x, o->dy, o->pool, nullptr);
  if (auto* o = std::get_if<LrnPoolForward>(&op)) return pool(o->x, o->y, o->pool, &o->lrn);
  if (auto* o = std::get_if<LrnPoolBackward>(&op)) return pool(o->x, o->dy, o->pool, &o->lrn);
  if (auto* o = std::get_if<LrnForward>(&op)) return each(kernels.lrn_scratch(lrn_of(o->lrn), o->x.c()));
  if (auto* o = std::get_if<LrnBackward>(&op)) return each(kernels.lrn_scratch(lrn_of(o->lrn), o->x.c()));
  if (auto* o = std::get_if<MapNormForward>(&op)) return each(o->x.c() + 64);
  if (auto* o = std::get_if<MapNormBackward>(&op)) return each(o->x.c() * (1 + 2 * o->x.h() * o->x.w()) + 64);
  return {};
}

}  // namespace alexnet::cpu

namespace alexnet {

std::unique_ptr<Backend> make_cpu_backend(int threads) { return std::make_unique<cpu::CpuBackend>(threads); }

}  // namespace alexnet
