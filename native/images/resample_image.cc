#include "images/resample_image.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numbers>
#include <vector>

#include "images/kernels.h"

namespace alexnet::images {
namespace {

constexpr double kLobes = 3;

// sinc(x) sinc(x / 3), with sin 3a = sin a (3 - 4 sin^2 a).
double lanczos(double x) {
  if (x == 0) return 1;
  if (std::abs(x) >= kLobes) return 0;
  const double angle = std::numbers::pi * x, sine = std::sin(angle / kLobes), square = sine * sine;
  return kLobes * square * (3 - 4 * square) / (angle * angle);
}

struct Line {
  std::vector<int32_t> first, begin;
  std::vector<int16_t> weights;

  Weights view() const { return {first.data(), begin.data(), weights.data()}; }
};

// `size` outputs over [from, from + extent) of a line of `count` inputs.
struct Stretch {
  int64_t count;
  double from, extent;
  int64_t size;
  bool operator==(const Stretch&) const = default;
};

// The kernel is widened where the line is shrunk; inputs off the ends weigh nothing.
Line weigh(const Stretch& stretch) {
  const auto [count, from, extent, size] = stretch;
  const double step = extent / static_cast<double>(size), widened = std::max(step, 1.0);
  Line line;
  line.begin.push_back(0);
  const double reach = kLobes * widened;
  std::vector<double> weights;
  for (int64_t i = 0; i < size; ++i) {
    const double centre = from + (static_cast<double>(i) + 0.5) * step;
    const auto first = std::max<int64_t>(0, std::llround(centre - reach));
    const auto end = std::min<int64_t>(count, std::llround(centre + reach));
    weights.clear();
    double sum = 0;
    for (int64_t j = first; j < end; ++j)
      sum += weights.emplace_back(lanczos((static_cast<double>(j) + 0.5 - centre) / widened));
    line.first.push_back(static_cast<int32_t>(first));
    // Of the running sum what is new is rounded: the weights sum to 1 exactly, however many and small they
    // are.
    double exact = 0;
    int64_t given = 0;
    for (double weight : weights) {
      exact += weight / sum;
      const int64_t now = std::llround(exact * (1 << kWeightBits));
      line.weights.push_back(static_cast<int16_t>(now - given));
      given = now;
    }
    if (line.weights.size() % 2 == 1) line.weights.push_back(0);
    line.begin.push_back(static_cast<int32_t>(line.weights.size()));
  }
  return line;
}

struct Lines {
  Stretch down, across;
  Line rows, columns;
};

// Photographs come in few sizes; weighing takes longer than a quarter of the sums. They stay until the
// thread's next call.
const Lines& lines_of(const Stretch& down, const Stretch& across) {
  constexpr size_t kMost = 32;
  // On the heap: little room is set aside for what threads have of their own.
  thread_local std::deque<Lines> kept;
  for (const Lines& one : kept)
    if (one.down == down && one.across == across) return one;
  if (kept.size() == kMost) kept.pop_front();
  return kept.emplace_back(Lines{down, across, weigh(down), weigh(across)});
}

}  // namespace

void resample_image(const uint8_t* source, int64_t width, int64_t height, const Box& box, int64_t size,
                    uint8_t* target) {
  const auto& [down, across, rows, columns] =
      lines_of({height, box.top, box.height, size}, {width, box.left, box.width, size});
  std::vector<int16_t> lines(static_cast<size_t>(width + 2) * 6);
  best_kernels().resample({.source = source,
                           .source_rows = height,
                           .source_columns = width,
                           .source_pitch = width * 3,
                           .target = target,
                           .size = size,
                           .rows = rows.view(),
                           .columns = columns.view()},
                          lines.data());
}

}  // namespace alexnet::images
