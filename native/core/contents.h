// What is said of contents that would lead outside an operand. The conditions are checked where the contents
// are: core/contents.cc in host memory, kernels on GPUs. One complaint for each op with kChecksContents.
#pragma once

#include <string>

#include "core/ops.h"

namespace alexnet {

// "label 12 of image 3 is no class; expected -1 to 9"
std::string label_complaint(const SoftmaxCrossEntropy& op, int64_t image, int32_t label);

// "top of view 3 is -1.000000; expected an integer from 0 to 32"; left where it is not top.
std::string crop_complaint(const Preprocess& op, int64_t view, bool left, double value);

}  // namespace alexnet
