// Where a matrix product's sums are stored, and how they are processed first:
//   y = scale * mask * activation(sum + bias + (accumulate ? y : 0))
// for all three passes of a convolution; the gradients use less of it. If there is a velocity, y are weights,
// and the sums are their gradient, to which the update rule is applied. The sums of a part of k are stored in
// the workspace unprocessed; finish.cu adds the parts and does the rest.
#pragma once

#include <type_traits>

#include "core/ops.h"
#include "cuda/gemm/operand.cuh"
#include "cuda/learning/update_rule.h"
#include "cuda/primitives/numbers.h"
#include "cuda/primitives/philox.h"

namespace alexnet::cuda {

struct Output {
  // Row m of the product is pixel m of a strided tensor, column n is the pixel's channel group * group_step +
  // n.
  void* data = nullptr;
  bool bfloat16 = false;
  int64_t image_step = 0, row_step = 0, column_step = 0, group_step = 0;  // in elements
  bool even = false;                                                      // all pixels are column_step apart
  Divisor rows_an_image, rows_an_image_row;
  int rows = 0, columns = 0;  // of a group's product
  bool fours = false;         // whether four adjacent elements from any multiple of four on are aligned

  const float* bias = nullptr;  // groups * columns
  bool accumulate = false;
  Activation activation = Activation::kNone;
  float scale = 1;
  const uint32_t* step = nullptr;  // the step's number, if there is dropout
  DropoutKey dropout{};

  float* velocity = nullptr;  // in the order of the weights; these are float32 and dense
  WeightCopy copy;
  float momentum = 0;
  double decay = 0;
  const float* rate = nullptr;

  float* parts = nullptr;  // split x group x rows x pitch, if k is split into parts
  int groups = 1, pitch = 0;

  // The values of four adjacent columns that are the same for all rows; some columns may lie past the last.
  struct Columns {
    int64_t offset, unit;
    int count;
    float bias[4];
  };

  __device__ __forceinline__ Columns columns_at(int group, int n) const {
    const int channel = group * columns + n;
    Columns c{group * group_step + n, channel, columns - n < 4 ? columns - n : 4, {}};
    if (bias != nullptr) {
#pragma unroll
      for (int i = 0; i < 4; ++i)
        if (i < c.count) c.bias[i] = bias[channel + i];
    }
    return c;
  }

  // Whether the short form of `store` is sufficient.
  __device__ __forceinline__ bool plain() const {
    return !accumulate && activation != Activation::kTanh && step == nullptr;
  }

  // Stores four sums of row m.
  template <bool kPlain>
  __device__ __forceinline__ void store(const Columns& c, int m, float (&v)[4]) const {
    const int64_t at = row_offset(m) + c.offset;
    if (bfloat16)
      store_as<Bfloat16, kPlain>(static_cast<Bfloat16*>(data) + at, c, m, v);
    else
      store_as<float, kPlain>(static_cast<float*>(data) + at, c, m, v);
  }

  // Updates the weights of kAhead rows at a time, so that their reads are in flight together, by `sum(row)`
  // for every `apart`th row from first to end, counted from m.
  template <int kAhead, class Sum>
  __device__ __forceinline__ void update_rows(const Columns& c, int m, int first, int apart, int end,
                                              const Sum& sum) const {
    const UpdateRule rule(momentum, decay, *rate);
    float* const weights = static_cast<float*>(data);
    const bool four = fours && c.count == 4;
#pragma unroll 1
    for (int begin = first; begin < end; begin += kAhead * apart) {
      float w[kAhead][4], v[kAhead][4];
#pragma unroll
      for (int i = 0; i < kAhead; ++i) {
        const int row = begin + i * apart;
        if (row >= end) continue;
        const int64_t at = row_offset(m + row) + c.offset;
        load_columns(weights + at, four, c.count, w[i]), load_columns(velocity + at, four, c.count, v[i]);
      }
#pragma unroll
      for (int i = 0; i < kAhead; ++i) {
        const int row = begin + i * apart;
        if (row >= end) continue;
        const int64_t at = row_offset(m + row) + c.offset;
        const float4 s = sum(row);
        const float gradient[4] = {s.x, s.y, s.z, s.w};
#pragma unroll
        for (int j = 0; j < 4; ++j) rule.update(w[i][j], v[i][j], gradient[j]);
        if (four) {
          cuda::store(velocity + at, v[i]), cuda::store(weights + at, w[i]), copy.store(at, w[i]);
        } else {
#pragma unroll
          for (int j = 0; j < 4; ++j) {
            if (j >= c.count) continue;
            velocity[at + j] = v[i][j], weights[at + j] = w[i][j];
            copy.store<1>(at + j, {w[i][j]});
          }
        }
      }
    }
  }

  __device__ __forceinline__ float* part(int split, int group, int m, int n) const {
    return parts + ((int64_t{split} * groups + group) * rows + m) * pitch + n;
  }

 private:
  template <class T>
  struct alignas(4 * sizeof(T)) Numbers {
    T at[4];
  };

  __device__ __forceinline__ static void load_columns(const float* from, bool four, int count,
                                                      float (&to)[4]) {
    if (four) return load(from, to);
#pragma unroll
    for (int i = 0; i < 4; ++i) to[i] = i < count ? from[i] : 0;
  }

  __device__ __forceinline__ int64_t row_offset(int m) const {
    if (even) return m * column_step;
    const int image = rows_an_image.split(m), row = rows_an_image_row.split(m);
    return image * image_step + row * row_step + m * column_step;
  }

  template <class T, bool kPlain>
  __device__ __forceinline__ void store_as(T* y, const Columns& c, int m, float (&v)[4]) const {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      v[i] += c.bias[i];
      if constexpr (!kPlain) {
        if (accumulate && i < c.count) v[i] += to_float(y[i]);
      }
      v[i] = scale * activated<kPlain>(v[i]);
    }
    if constexpr (!kPlain) {
      if (step != nullptr) drop(dropout.index(m, c.unit), v);
    }
    if (fours && c.count == 4) {
      Numbers<T> numbers;
#pragma unroll
      for (int i = 0; i < 4; ++i) numbers.at[i] = from_float<T>(v[i]);
      *reinterpret_cast<Numbers<T>*>(y) = numbers;
    } else {
#pragma unroll
      for (int i = 0; i < 4; ++i)
        if (i < c.count) y[i] = from_float<T>(v[i]);
    }
  }

  // NaN passes through.
  template <bool kPlain>
  __device__ __forceinline__ float activated(float x) const {
    if (activation == Activation::kRelu) return x < 0 ? 0 : x;
    if constexpr (!kPlain) {
      if (activation == Activation::kTanh) return tanhf(x);
    }
    return x;
  }

  // Drops units among index to index + 3: these are a whole block of random numbers, or the end of one and
  // the beginning of the next.
  __device__ __forceinline__ void drop(uint64_t index, float (&v)[4]) const {
    uint32_t words[4], next[4];
    random_block(dropout.seed, dropout.stream, *step, index / 4, words);
    const auto first = static_cast<uint32_t>(index % 4);
    if (first != 0) {
      random_block(dropout.seed, dropout.stream, *step, index / 4 + 1, next);
#pragma unroll
      for (uint32_t turn = 0; turn < 3; ++turn) {
        if (turn >= first) continue;
        words[0] = words[1], words[1] = words[2], words[2] = words[3], words[3] = next[0];
        next[0] = next[1], next[1] = next[2];
      }
    }
#pragma unroll
    for (int i = 0; i < 4; ++i)
      if (words[i] < dropout.threshold) v[i] = 0;
  }
};

// Writes every `apart`th of the rows from first to end, counted from m: four sums each, from column n on.
// kUpdatedAhead: the rows at a time for products that may update weights; 0 for others.
template <int kUpdatedAhead, class Sum>
__device__ __forceinline__ void write_rows(const Output& output, const Output::Columns& columns, int split,
                                           int group, int m, int n, int first, int apart, int end,
                                           const Sum& sum) {
  const auto store = [&](auto plain, int row) {
    const float4 s = sum(row);
    float v[4] = {s.x, s.y, s.z, s.w};
    output.store<decltype(plain)::value>(columns, m + row, v);
  };
  if (output.parts != nullptr) {
#pragma unroll 4
    for (int row = first; row < end; row += apart)
      *reinterpret_cast<float4*>(output.part(split, group, m + row, n)) = sum(row);
  } else if (kUpdatedAhead > 0 && output.velocity != nullptr) {
    if constexpr (kUpdatedAhead > 0) output.update_rows<kUpdatedAhead>(columns, m, first, apart, end, sum);
  } else if (output.plain()) {
#pragma unroll 4
    for (int row = first; row < end; row += apart) store(std::true_type{}, row);
  } else {
#pragma unroll 1
    for (int row = first; row < end; row += apart) store(std::false_type{}, row);
  }
}

}  // namespace alexnet::cuda
