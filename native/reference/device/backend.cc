// The reference backend: every op as plain loops in double, on one thread, never optimised. It is the oracle
// of the conformance suite. With float64 tensors nothing is rounded to a smaller type, so gradients can be
// checked by finite differences.
#include <string_view>
#include <type_traits>

#include "core/complaints.h"
#include "reference/device/ops.h"

namespace alexnet {
namespace {

// Each operand's elements may be float32, float64 or bfloat16; pixels, labels and ranks have the types that
// core/ops/ specifies.
struct CheckTypes {
  const char* op;

  void input(std::string_view name, const Tensor& tensor) const { check(name, tensor.dtype); }
  void input(std::string_view name, const std::optional<Tensor>& tensor) const {
    if (tensor) check(name, tensor->dtype);
  }
  template <class T>
  void output(std::string_view name, const T& tensor) const {
    input(name, tensor);
  }
  template <class T>
  void inout(std::string_view name, const T& tensor) const {
    input(name, tensor);
  }

 private:
  void check(std::string_view name, DType dtype) const {
    const bool fits = name == "images" ? dtype == DType::kUint8
                      : name == "labels" || name == "ranks"
                          ? dtype == DType::kInt32
                          : dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kBfloat16;
    require(fits,
            std::string(op) + ": the reference backend does not take this type for " + std::string(name));
  }
};

class ReferenceBackend final : public HostBackend {
 public:
  size_t workspace(const ComputeOp& op) const override {
    return std::visit([](const auto& o) { return reference::workspace(o); }, op);
  }

  void check(const ComputeOp& op) const override {
    std::visit(
        [](const auto& o) {
          // Copies and constants may have any type; for an op that is not named here the type is checked.
          using Op = std::decay_t<decltype(o)>;
          if constexpr (!OneOf<Op, Copy, Fill>) Op::visit(o, CheckTypes{Op::kName});
        },
        op);
  }

  void execute(const ComputeOp& op, size_t workspace_offset, const Step& step) override {
    std::visit([&](const auto& o) { reference::run(o, *this, step, workspace_offset); }, op);
  }
};

}  // namespace

std::unique_ptr<Backend> make_reference_backend() { return std::make_unique<ReferenceBackend>(); }

}  // namespace alexnet
