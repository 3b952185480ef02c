#include "core/ops/convolution.h"

#include "core/complaints.h"
#include "core/ops/bounds.h"

namespace alexnet {

void ConvolutionParameters::check(const char* x_name, const Tensor& x, const char* w_name, const Tensor& w,
                                  const char* y_name, const Tensor& y) const {
  require_float(x_name, x), require_float(w_name, w), require_float(y_name, y);
  require_range("stride", stride, 1, kLargestWindow);
  for (const int64_t side : {padding.top, padding.left, padding.bottom, padding.right})
    require_range("padding", side, 0, kLargestWindow);
  require_range("groups", groups, 1, x.c());
  require(x.c() % groups == 0 && w.n() % groups == 0, is("groups", groups),
          std::string("a divisor of ") + x_name + "'s " + text_of(x.c()) + " channels and of " + w_name +
              "'s " + text_of(w.n()) + " kernels");
  require(w.c() == x.c() / groups, is(w_name, w.shape),
          text_of(x.c() / groups) + " channels, " + x_name + "'s " + text_of(x.c()) + " over " +
              text_of(groups) + " groups");
  const int64_t rows = x.h() + padding.top + padding.bottom - w.h();
  const int64_t columns = x.w() + padding.left + padding.right - w.w();
  require(rows >= 0 && columns >= 0, std::string(w_name) + "'s window of " + text_of(w.h()) + "x" +
                                         text_of(w.w()) + " is larger than " + x_name + " (" +
                                         shape_text(x.shape) + ") with its padding");
  require_shape(y_name, y, {x.n(), rows / stride + 1, columns / stride + 1, w.n()});
}

namespace {

void check_vector(const char* name, const std::optional<Tensor>& tensor, int64_t length) {
  if (tensor) require_float(name, *tensor), require_shape(name, *tensor, vector_of(length));
}

}  // namespace

void ConvolutionForward::check() const {
  convolution.check("x", x, "w", w, "y", y);
  check_vector("bias", bias, w.n());
  if (dropout) dropout->check(y);
  require_finite("scale", scale);
}

void ConvolutionBackwardData::check() const { convolution.check("dx", dx, "w", w, "dy", dy); }

void ConvolutionBackwardWeights::check() const {
  convolution.check("x", x, "dw", dw, "dy", dy);
  check_vector("db", db, dw.n());
}

void ConvolutionUpdate::check() const {
  convolution.check("x", x, "w", w, "dy", dy);
  require_alike("w", w, {{"v", &v}});
  if (copy) require_alike("w", w, {{"copy", &*copy}});
  check_vector("db", db, w.n());
  require_finite("momentum", momentum), require_finite("decay", decay);
  require_range("rate", rate, 0, kLargestIndex);
}

}  // namespace alexnet
