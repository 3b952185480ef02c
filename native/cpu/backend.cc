#include "cpu/backend.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "core/status.h"

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

CpuBackend::CpuBackend(int threads) : kernels_(best_kernels()), pool_(std::max(1, threads)) {}

size_t CpuBackend::workspace(const ComputeOp& op) const {
  const ScratchSize floats = scratch_size(kernels_, op);
  return (Run::padded(floats.shared) + Run::padded(floats.each) * static_cast<size_t>(pool_.threads())) *
         sizeof(float);
}

namespace {

// Collects the operands of an op that this backend cannot take.
struct OperandCheck {
  bool strided_allowed;
  std::string problem;
  void one(const char* name, const Tensor& tensor) {
    if (tensor.dtype == DType::kFloat64)
      problem = std::string(name) + ": the cpu computes in float32, received float64";
    if (!strided_allowed && !tensor.dense())
      problem = std::string(name) + ": expected a dense tensor, received strides";
  }
  void one(const char* name, const std::optional<Tensor>& tensor) {
    if (tensor) one(name, *tensor);
  }
  template <class T>
  void input(const char* name, const T& tensor) {
    one(name, tensor);
  }
  template <class T>
  void output(const char* name, const T& tensor) {
    one(name, tensor);
  }
  template <class T>
  void inout(const char* name, const T& tensor) {
    one(name, tensor);
  }
};

template <class Op>
constexpr bool takes_strides =
    std::is_same_v<Op, ConvolutionForward> || std::is_same_v<Op, ConvolutionBackwardData> ||
    std::is_same_v<Op, ConvolutionBackwardWeights> || std::is_same_v<Op, Copy> || std::is_same_v<Op, Sum>;

constexpr int64_t kMostPoolSize = 16;

}  // namespace

void CpuBackend::check(const ComputeOp& op) const {
  std::visit(
      [](const auto& o) {
        using Op = std::decay_t<decltype(o)>;
        OperandCheck check{takes_strides<Op>, {}};
        Op::visit(o, check);
        if constexpr (takes_strides<Op> && requires { o.w; })
          if (!o.w.dense()) check.problem = "w: expected a dense tensor, received strides";
        if constexpr (requires { o.dw; })
          if (!o.dw.dense()) check.problem = "dw: expected a dense tensor, received strides";
        if constexpr (requires { o.pool; })
          if (o.pool.size > kMostPoolSize) check.problem = "poolSize: expected at most 16";
        if (!check.problem.empty()) throw Error("BAD_PROGRAM", check.problem);
      },
      op);
}

void CpuBackend::execute(const ComputeOp& op, size_t workspace_offset, const Step& step) {
  const Run context{*this, workspace_offset, step};
  std::visit([&](const auto& o) { run(o, context); }, op);
}

ScratchSize scratch_size(const Kernels& kernels, const ComputeOp& op) {
  const auto each = [](auto floats) { return ScratchSize{static_cast<size_t>(floats), 0}; };
  const auto pool = [&](const Tensor& x, const Tensor& y, const PoolParameters& p, const LrnParameters* lrn) {
    return each(kernels.lrn_pool_scratch(lrn_pool_of(x, y, p, lrn, Activation::kNone)));
  };
  if (auto* o = std::get_if<ConvolutionForward>(&op)) return scratch_size(kernels, *o);
  if (auto* o = std::get_if<ConvolutionBackwardData>(&op)) return scratch_size(kernels, *o);
  if (auto* o = std::get_if<ConvolutionBackwardWeights>(&op)) return scratch_size(kernels, *o);
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
