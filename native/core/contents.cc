// Checks of operands' contents that decide which memory an op reads: labels are indices of logits, crops are
// places in images. They change with every run, so they cannot be checked with the program. One check_places
// for each op that has kChecksContents.
#include "core/contents.h"

#include <cmath>

#include "core/backend.h"
#include "core/complaints.h"

namespace alexnet {

std::string label_complaint(const SoftmaxCrossEntropy& op, int64_t image, int32_t label) {
  return complaint("label " + std::to_string(label) + " of image " + std::to_string(image) + " is no class",
                   "-1 to " + std::to_string(op.logits.c() - 1));
}

std::string crop_complaint(const Preprocess& op, int64_t view, bool left, double value) {
  const int64_t room = left ? op.images.w() - op.y.w() : op.images.h() - op.y.h();
  return complaint(
      (left ? "left of view " : "top of view ") + std::to_string(view) + " is " + std::to_string(value),
      "an integer from 0 to " + std::to_string(room));
}

namespace {

void check_places(const SoftmaxCrossEntropy& op, const HostBackend& arena) {
  if (!op.labels) return;
  const auto* labels = arena.data<int32_t>(*op.labels);
  for (int64_t n = 0; n < op.logits.n(); ++n) {
    const int32_t label = labels[n * op.labels->strides[0]];
    if (label < -1 || label >= op.logits.c()) throw Error("DATA", label_complaint(op, n, label));
  }
}

template <class Number>
void check_crops(const Preprocess& op, const Number* views) {
  const auto require = [&](int64_t n, bool left, double from, int64_t length, int64_t side) {
    if (from >= 0 && std::floor(from) == from && from <= static_cast<double>(side - length)) return;
    throw Error("DATA", crop_complaint(op, n, left, from));
  };
  for (int64_t n = 0; n < op.views.n(); ++n) {
    const Number* view = views + n * op.views.strides[0];
    require(n, false, view[0], op.y.h(), op.images.h());
    require(n, true, view[1], op.y.w(), op.images.w());
  }
}

void check_places(const Preprocess& op, const HostBackend& arena) {
  if (op.views.dtype == DType::kFloat64)
    check_crops(op, arena.data<double>(op.views));
  else
    check_crops(op, arena.data<float>(op.views));
}

}  // namespace

void HostBackend::check_contents(const ComputeOp& op) const {
  std::visit(
      [this]<class Op>(const Op& o) {
        if constexpr (Op::kChecksContents) check_places(o, *this);
      },
      op);
}

}  // namespace alexnet
