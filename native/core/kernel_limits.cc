#include "core/kernel_limits.h"

#include "core/complaints.h"
#include "core/operands.h"

namespace alexnet {
namespace {

// Weights, and what is as large, always lie dense.
bool is_weights(std::string_view name) {
  return name == "w" || name == "dw" || name == "v" || name == "copy";
}

struct PoolSizes {
  template <class T>
  void value(const char*, const T&) const {}
  void learning_rate(const char*, int64_t) const {}
  void pool_size(const char* name, int64_t size) const {
    require(size <= kMostPoolSize, is(name, size), "at most " + text_of(kMostPoolSize));
  }
};

}  // namespace

void check_dense(const ComputeOp& op) {
  const bool strided = std::visit([](const auto& o) { return o.kTakesStrides; }, op);
  for (const Operand& operand : operands_of(op))
    require(operand.tensor->dense() || (strided && !is_weights(operand.name)),
            std::string(operand.name) + " has strides", "a dense tensor");
}

void check_pool_size(const ComputeOp& op) {
  std::visit([](const auto& o) { o.values(o, PoolSizes{}); }, op);
}

}  // namespace alexnet
