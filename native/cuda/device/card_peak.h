// The peak rates of a GPU (card), which benchmarks are compared with.
#pragma once

namespace alexnet::cuda {

struct CardPeak {
  double copy_gigabytes;  // read and written a second, by a copy larger than the caches
  // Operations from registers, 10^12 a second, a multiply-add counted as two: float32 on the ordinary cores,
  // and mma.sync on the tensor cores (0 below compute capability 8.0, which has no mma.sync for these types).
  double fp32_tflops, tf32_tflops, bf16_tflops;
};

// Takes about two seconds, and at most 2 GiB of the card's memory. The card should be otherwise idle. Throws
// Error("DEVICE") or Error("OUT_OF_MEMORY").
CardPeak measure_card(int index);

}  // namespace alexnet::cuda
