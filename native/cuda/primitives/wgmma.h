// The product of a warpgroup: d = (adds ? d : 0) + a * b. d is 64 x kColumns of float32; a and b are bfloat16
// with 16 of k, in shared memory as operand_at (hopper.h) describes. "Across": k runs across an operand's
// rows. Thread t holds in d[j * 4 + i] the sum of row t / 32 * 16 + t % 32 / 4 + i / 2 * 8 and column j * 8 +
// t % 4 * 2 + i % 2. The instruction names every register, so each width of a tile has its own assembly text.
#pragma once

#include "cuda/primitives/hopper.h"

namespace alexnet::cuda {

#if defined(ALEXNET_HOPPER)
#define ALEXNET_NAMES_0 "%0, %1, %2, %3, %4, %5, %6, %7"
#define ALEXNET_NAMES_1 "%8, %9, %10, %11, %12, %13, %14, %15"
#define ALEXNET_NAMES_2 "%16, %17, %18, %19, %20, %21, %22, %23"
#define ALEXNET_NAMES_3 "%24, %25, %26, %27, %28, %29, %30, %31"
#define ALEXNET_NAMES_4 "%32, %33, %34, %35, %36, %37, %38, %39"
#define ALEXNET_NAMES_5 "%40, %41, %42, %43, %44, %45, %46, %47"
#define ALEXNET_NAMES_6 "%48, %49, %50, %51, %52, %53, %54, %55"
#define ALEXNET_NAMES_7 "%56, %57, %58, %59, %60, %61, %62, %63"
#define ALEXNET_NAMES_8 "%64, %65, %66, %67, %68, %69, %70, %71"
#define ALEXNET_NAMES_9 "%72, %73, %74, %75, %76, %77, %78, %79"
#define ALEXNET_NAMES_10 "%80, %81, %82, %83, %84, %85, %86, %87"
#define ALEXNET_NAMES_11 "%88, %89, %90, %91, %92, %93, %94, %95"
#define ALEXNET_NAMES_12 "%96, %97, %98, %99, %100, %101, %102, %103"
#define ALEXNET_NAMES_13 "%104, %105, %106, %107, %108, %109, %110, %111"
#define ALEXNET_NAMES_14 "%112, %113, %114, %115, %116, %117, %118, %119"
#define ALEXNET_NAMES_15 "%120, %121, %122, %123, %124, %125, %126, %127"
#define ALEXNET_SUMS(i)                                                                       \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), \
      "+f"(d[i + 6]), "+f"(d[i + 7])
#define ALEXNET_WGMMA(columns, names, a_name, b_name, adds_name, across_a, across_b, ...)                 \
  asm volatile("{\n.reg .pred adds;\nsetp.ne.b32 adds, " adds_name                                        \
               ", 0;\nwgmma.mma_async.sync.aligned.m64n" columns "k16.f32.bf16.bf16 {" names "}, " a_name \
               ", " b_name ", adds, 1, 1, " across_a ", " across_b ";\n}"                                 \
               : __VA_ARGS__                                                                              \
               : "l"(a), "l"(b), "r"(static_cast<int>(adds)), "n"(kAcrossA ? 1 : 0), "n"(kAcrossB ? 1 : 0))
#endif

template <int kColumns, bool kAcrossA, bool kAcrossB>
__device__ __forceinline__ void multiply_add(float (&d)[kColumns / 2], uint64_t a, uint64_t b, bool adds) {
#if defined(ALEXNET_HOPPER)
  if constexpr (kColumns == 48)
    ALEXNET_WGMMA("48", ALEXNET_NAMES_0 ", " ALEXNET_NAMES_1 ", " ALEXNET_NAMES_2, "%24", "%25", "%26", "%27",
                  "%28", ALEXNET_SUMS(0), ALEXNET_SUMS(8), ALEXNET_SUMS(16));
  else if constexpr (kColumns == 64)
    ALEXNET_WGMMA("64", ALEXNET_NAMES_0 ", " ALEXNET_NAMES_1 ", " ALEXNET_NAMES_2 ", " ALEXNET_NAMES_3, "%32",
                  "%33", "%34", "%35", "%36", ALEXNET_SUMS(0), ALEXNET_SUMS(8), ALEXNET_SUMS(16),
                  ALEXNET_SUMS(24));
  else if constexpr (kColumns == 96)
    ALEXNET_WGMMA("96",
                  ALEXNET_NAMES_0 ", " ALEXNET_NAMES_1 ", " ALEXNET_NAMES_2 ", " ALEXNET_NAMES_3
                                  ", " ALEXNET_NAMES_4 ", " ALEXNET_NAMES_5,
                  "%48", "%49", "%50", "%51", "%52", ALEXNET_SUMS(0), ALEXNET_SUMS(8), ALEXNET_SUMS(16),
                  ALEXNET_SUMS(24), ALEXNET_SUMS(32), ALEXNET_SUMS(40));
  else if constexpr (kColumns == 128)
    ALEXNET_WGMMA("128",
                  ALEXNET_NAMES_0 ", " ALEXNET_NAMES_1 ", " ALEXNET_NAMES_2 ", " ALEXNET_NAMES_3
                                  ", " ALEXNET_NAMES_4 ", " ALEXNET_NAMES_5 ", " ALEXNET_NAMES_6
                                  ", " ALEXNET_NAMES_7,
                  "%64", "%65", "%66", "%67", "%68", ALEXNET_SUMS(0), ALEXNET_SUMS(8), ALEXNET_SUMS(16),
                  ALEXNET_SUMS(24), ALEXNET_SUMS(32), ALEXNET_SUMS(40), ALEXNET_SUMS(48), ALEXNET_SUMS(56));
  else if constexpr (kColumns == 192)
    ALEXNET_WGMMA("192",
                  ALEXNET_NAMES_0 ", " ALEXNET_NAMES_1 ", " ALEXNET_NAMES_2 ", " ALEXNET_NAMES_3
                                  ", " ALEXNET_NAMES_4 ", " ALEXNET_NAMES_5 ", " ALEXNET_NAMES_6
                                  ", " ALEXNET_NAMES_7 ", " ALEXNET_NAMES_8 ", " ALEXNET_NAMES_9
                                  ", " ALEXNET_NAMES_10 ", " ALEXNET_NAMES_11,
                  "%96", "%97", "%98", "%99", "%100", ALEXNET_SUMS(0), ALEXNET_SUMS(8), ALEXNET_SUMS(16),
                  ALEXNET_SUMS(24), ALEXNET_SUMS(32), ALEXNET_SUMS(40), ALEXNET_SUMS(48), ALEXNET_SUMS(56),
                  ALEXNET_SUMS(64), ALEXNET_SUMS(72), ALEXNET_SUMS(80), ALEXNET_SUMS(88));
  else if constexpr (kColumns == 256)
    ALEXNET_WGMMA("256",
                  ALEXNET_NAMES_0 ", " ALEXNET_NAMES_1 ", " ALEXNET_NAMES_2 ", " ALEXNET_NAMES_3
                                  ", " ALEXNET_NAMES_4 ", " ALEXNET_NAMES_5 ", " ALEXNET_NAMES_6
                                  ", " ALEXNET_NAMES_7 ", " ALEXNET_NAMES_8 ", " ALEXNET_NAMES_9
                                  ", " ALEXNET_NAMES_10 ", " ALEXNET_NAMES_11 ", " ALEXNET_NAMES_12
                                  ", " ALEXNET_NAMES_13 ", " ALEXNET_NAMES_14 ", " ALEXNET_NAMES_15,
                  "%128", "%129", "%130", "%131", "%132", ALEXNET_SUMS(0), ALEXNET_SUMS(8), ALEXNET_SUMS(16),
                  ALEXNET_SUMS(24), ALEXNET_SUMS(32), ALEXNET_SUMS(40), ALEXNET_SUMS(48), ALEXNET_SUMS(56),
                  ALEXNET_SUMS(64), ALEXNET_SUMS(72), ALEXNET_SUMS(80), ALEXNET_SUMS(88), ALEXNET_SUMS(96),
                  ALEXNET_SUMS(104), ALEXNET_SUMS(112), ALEXNET_SUMS(120));
  else
    static_assert(kColumns == 0, "no text for this width");
#elif !defined(__CUDACC__)
  emulator::wgmma_m64k16_bf16(d, kColumns, a, b, adds, kAcrossA, kAcrossB);
#endif
}

#if defined(ALEXNET_HOPPER)
#undef ALEXNET_WGMMA
#undef ALEXNET_SUMS
#undef ALEXNET_NAMES_0
#undef ALEXNET_NAMES_1
#undef ALEXNET_NAMES_2
#undef ALEXNET_NAMES_3
#undef ALEXNET_NAMES_4
#undef ALEXNET_NAMES_5
#undef ALEXNET_NAMES_6
#undef ALEXNET_NAMES_7
#undef ALEXNET_NAMES_8
#undef ALEXNET_NAMES_9
#undef ALEXNET_NAMES_10
#undef ALEXNET_NAMES_11
#undef ALEXNET_NAMES_12
#undef ALEXNET_NAMES_13
#undef ALEXNET_NAMES_14
#undef ALEXNET_NAMES_15
#endif

}  // namespace alexnet::cuda
