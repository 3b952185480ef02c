// Activation, dropout's mask (paper, section 4.2) and scale, element by element, divided evenly among the
// threads.

#include <cstring>

#include "cpu/device/ops.h"
#include "cpu/elementwise/dropout.h"

namespace alexnet::cpu {

void run(const ActivationForward& op, const Execution& on) {
  on.pool().share(op.x.count(), kElementGrain, [&](int64_t begin, int64_t end, int) {
    on.kernels().activation_forward(static_cast<int>(op.activation), on.data(op.x) + begin,
                                    on.data(op.y) + begin, end - begin);
  });
}

void run(const ActivationBackward& op, const Execution& on) {
  on.pool().share(op.y.count(), kElementGrain, [&](int64_t begin, int64_t end, int) {
    on.kernels().activation_backward(static_cast<int>(op.activation), on.data(op.y) + begin,
                                     on.data(op.dy) + begin, on.data(op.dx) + begin, end - begin);
  });
  // relu's output is positive only where the mask kept it.
  if (op.dropout && op.activation != Activation::kRelu) apply_dropout(*op.dropout, op.dx, on.data(op.dx), on);
}

void run(const DropoutMask& op, const Execution& on) {
  float* y = on.data(op.y);
  if (op.x.offset != op.y.offset) std::memcpy(y, on.data(op.x), op.x.bytes());
  apply_dropout(op.dropout, op.y, y, on);
}

void apply_dropout(const Dropout& dropout, const Tensor& y, float* data, const Execution& on) {
  const uint32_t threshold = dropout_threshold(dropout.rate);
  const int64_t area = y.h() * y.w();
  on.pool().share(y.n() * area, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t p = begin; p < end; ++p) {
      float* row =
          data + p / area * y.strides[0] + p % area / y.w() * y.strides[1] + p % y.w() * y.strides[2];
      const uint64_t first = static_cast<uint64_t>(p * dropout.channels + dropout.channel_offset);
      std::array<uint32_t, 4> words{};
      for (int64_t c = 0; c < y.c(); ++c) {
        const uint64_t index = first + static_cast<uint64_t>(c);
        if (c == 0 || index % 4 == 0)
          words = random_block(dropout.seed, dropout.stream, on.step.number, index / 4);
        if (words[index % 4] < threshold) row[c] = 0;
      }
    }
  });
}

void run(const Scale& op, const Execution& on) {
  on.pool().share(op.x.count(), kElementGrain, [&](int64_t begin, int64_t end, int) {
    on.kernels().scale(static_cast<float>(op.factor), on.data(op.x) + begin, on.data(op.y) + begin,
                       end - begin);
  });
}

ScratchSize scratch(const ActivationForward&, const Processor&) { return {}; }
ScratchSize scratch(const ActivationBackward&, const Processor&) { return {}; }
ScratchSize scratch(const DropoutMask&, const Processor&) { return {}; }
ScratchSize scratch(const Scale&, const Processor&) { return {}; }

}  // namespace alexnet::cpu
