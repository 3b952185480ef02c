// Ops that touch each number once, shared out in even parts.

#include <algorithm>
#include <cstring>

#include "core/bfloat16.h"
#include "cpu/device/backend.h"

namespace alexnet::cpu {

namespace {

// Elements below which waking the other threads costs more than it saves.
constexpr int64_t kGrain = 16384;

}  // namespace

void run(const ActivationForward& op, const Run& run) {
  run.pool().share(op.x.count(), kGrain, [&](int64_t begin, int64_t end, int) {
    run.kernels().activation_forward(static_cast<int>(op.activation), run.data(op.x) + begin,
                                     run.data(op.y) + begin, end - begin);
  });
}

void run(const ActivationBackward& op, const Run& run) {
  run.pool().share(op.y.count(), kGrain, [&](int64_t begin, int64_t end, int) {
    run.kernels().activation_backward(static_cast<int>(op.activation), run.data(op.y) + begin,
                                      run.data(op.dy) + begin, run.data(op.dx) + begin, end - begin);
  });
  // relu's output is positive only where the mask let it through.
  if (op.dropout && op.activation != Activation::kRelu)
    apply_dropout(*op.dropout, op.dx, run.data(op.dx), run);
}

void run(const DropoutMask& op, const Run& run) {
  float* y = run.data(op.y);
  if (op.x.offset != op.y.offset) std::memcpy(y, run.data(op.x), op.x.bytes());
  apply_dropout(op.dropout, op.y, y, run);
}

void apply_dropout(const Dropout& dropout, const Tensor& y, float* data, const Run& run) {
  const uint32_t threshold = dropout_threshold(dropout.rate);
  const int64_t area = y.h() * y.w();
  run.pool().share(y.n() * area, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t p = begin; p < end; ++p) {
      float* row =
          data + p / area * y.strides[0] + p % area / y.w() * y.strides[1] + p % y.w() * y.strides[2];
      const uint64_t first = static_cast<uint64_t>(p * dropout.channels + dropout.channel_offset);
      std::array<uint32_t, 4> words{};
      for (int64_t c = 0; c < y.c(); ++c) {
        const uint64_t index = first + static_cast<uint64_t>(c);
        if (c == 0 || index % 4 == 0)
          words = random_block(dropout.seed, dropout.stream, run.step.number, index / 4);
        if (words[index % 4] < threshold) row[c] = 0;
      }
    }
  });
}

void run(const Scale& op, const Run& run) {
  run.pool().share(op.x.count(), kGrain, [&](int64_t begin, int64_t end, int) {
    run.kernels().scale(static_cast<float>(op.factor), run.data(op.x) + begin, run.data(op.y) + begin,
                        end - begin);
  });
}

void run(const Sgd& op, const Run& run) {
  for (const auto& s : op.segments) {
    const float rate = run.step.learning_rates.at(static_cast<size_t>(s.rate));
    const float decay = static_cast<float>(s.decay * static_cast<double>(rate));
    run.pool().share(s.w.count(), kGrain, [&](int64_t begin, int64_t end, int) {
      run.kernels().sgd(run.data(s.w) + begin, run.data(s.v) + begin, run.data(s.g) + begin,
                        static_cast<float>(op.momentum), decay, rate, end - begin);
      if (s.copy) std::copy(run.data(s.w) + begin, run.data(s.w) + end, run.data(*s.copy) + begin);
    });
  }
}

void run(const Fill& op, const Run& run) {
  const float value = static_cast<float>(op.value);
  run.pool().share(op.y.count(), kGrain, [&](int64_t begin, int64_t end, int) {
    float* y = run.data(op.y);
    for (int64_t i = begin; i < end; ++i) y[i] = value;
  });
}

// A row of numbers as they are, or float32 as bfloat16.
static void copy_row(const std::byte* from, DType dtype, std::byte* to, DType target, int64_t count) {
  if (dtype == target) {
    std::memcpy(to, from, static_cast<size_t>(count) * bytes_of(dtype));
    return;
  }
  const auto* numbers = reinterpret_cast<const float*>(from);
  auto* halves = reinterpret_cast<uint16_t*>(to);
  for (int64_t i = 0; i < count; ++i) halves[i] = static_cast<uint16_t>(to_bfloat16(numbers[i]));
}

void run(const Copy& op, const Run& run) {
  const int64_t area = op.x.h() * op.x.w();
  const auto at = [&](const Tensor& t, int64_t p) {
    const int64_t elements =
        p / area * t.strides[0] + p % area / t.w() * t.strides[1] + p % t.w() * t.strides[2];
    return run.backend.at<std::byte>(t.offset) + static_cast<size_t>(elements) * bytes_of(t.dtype);
  };
  run.pool().share(op.x.n() * area, 256, [&](int64_t begin, int64_t end, int) {
    for (int64_t p = begin; p < end; ++p)
      copy_row(at(op.x, p), op.x.dtype, at(op.y, p), op.y.dtype, op.x.c());
  });
}

void run(const Sum& op, const Run& run) {
  const int64_t channels = op.y.c(), area = op.y.h() * op.y.w();
  const auto at = [&](const Tensor& t, int64_t p) {
    return run.data(t) + p / area * t.strides[0] + p % area / t.w() * t.strides[1] + p % t.w() * t.strides[2];
  };
  run.pool().share(op.y.n() * area, 64, [&](int64_t begin, int64_t end, int) {
    for (int64_t p = begin; p < end; ++p) {
      // Added up beside: y may be any of the terms.
      float total[256];
      for (int64_t c0 = 0; c0 < channels; c0 += 256) {
        const int64_t count = channels - c0 < 256 ? channels - c0 : 256;
        std::memcpy(total, at(op.xs[0], p) + c0, static_cast<size_t>(count) * sizeof(float));
        for (size_t i = 1; i < op.xs.size(); ++i)
          run.kernels().add(total, at(op.xs[i], p) + c0, total, count);
        std::memcpy(at(op.y, p) + c0, total, static_cast<size_t>(count) * sizeof(float));
      }
    }
  });
}

}  // namespace alexnet::cpu
