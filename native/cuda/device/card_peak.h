// What a card can do at most, for benchmarks to be held against.
#pragma once

namespace alexnet::cuda {

struct CardPeak {
  double copy_gigabytes;  // read and written a second, by a copy that no cache holds
  // Operations from registers, 10^12 a second, a multiply-add counted as two: float32 on the ordinary cores,
  // and mma.sync on the tensor cores (0 before compute capability 8.0, which has none for these types).
  double fp32_tflops, tf32_tflops, bf16_tflops;
};

// Takes about two seconds of a card, which should have nothing else to do, and at most 2 GiB of its memory.
// Throws Error("DEVICE") or Error("OUT_OF_MEMORY").
CardPeak measure_card(int index);

}  // namespace alexnet::cuda
