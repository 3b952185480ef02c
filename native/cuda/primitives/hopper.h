// Instructions of compute capability 9.0 (Hopper) that CUDA C++ has no functions for, one function each, as
// in ptx.h: barriers in shared memory, loads by TMA (Tensor Memory Accelerator), and the instructions around
// wgmma (wgmma.h). Compiled for other GPUs they trap, and no kernel that contains them is launched there.
#pragma once

#include <cuda.h>

#include "cuda/primitives/ptx.h"

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define ALEXNET_HOPPER 1
#endif

namespace alexnet::cuda {

// A barrier's phases have parities 0, 1, 0, ...; a phase is complete after `arrivals` arrivals, when the
// bytes that they announced have arrived.
using Barrier = uint64_t;

__device__ __forceinline__ void initialise(Barrier* barrier, int arrivals) {
#if defined(ALEXNET_HOPPER)
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals));
#elif defined(__CUDA_ARCH__)
  __trap();
#elif !defined(__CUDACC__)
  emulator::mbarrier_init(barrier, static_cast<uint32_t>(arrivals));
#endif
}

// Makes initialised barriers visible to TMA.
__device__ __forceinline__ void publish_barriers() {
#if defined(ALEXNET_HOPPER)
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#elif !defined(__CUDACC__)
  emulator::fence_mbarrier_init();
#endif
}

__device__ __forceinline__ void arrive(Barrier* barrier) {
#if defined(ALEXNET_HOPPER)
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
#elif !defined(__CUDACC__)
  emulator::mbarrier_arrive(barrier);
#endif
}

__device__ __forceinline__ void arrive_expecting(Barrier* barrier, int bytes) {
#if defined(ALEXNET_HOPPER)
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)),
               "r"(bytes)
               : "memory");
#elif !defined(__CUDACC__)
  emulator::mbarrier_arrive_expect_tx(barrier, static_cast<uint32_t>(bytes));
#endif
}

// Waits until the phase of this parity is complete. For a new barrier, the phase before the first counts as
// complete.
__device__ __forceinline__ void wait(Barrier* barrier, int parity) {
#if defined(ALEXNET_HOPPER)
  asm volatile(
      "{\n"
      ".reg .pred complete;\n"
      "again:\n"
      "mbarrier.try_wait.parity.shared::cta.b64 complete, [%0], %1;\n"
      "@!complete bra again;\n"
      "}" ::"r"(shared_address(barrier)),
      "r"(parity)
      : "memory");
#elif !defined(__CUDACC__)
  emulator::mbarrier_wait(barrier, static_cast<uint32_t>(parity));
#endif
}

// Loads a box of a three-dimensional tensor, innermost dimension first, into shared memory; its bytes count
// for the barrier. Past the tensor's ends it loads zeros.
__device__ __forceinline__ void load_box(void* shared, const CUtensorMap& map, Barrier* barrier, int x, int y,
                                         int z) {
#if defined(ALEXNET_HOPPER)
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, "
      "%5}], [%2];" ::"r"(shared_address(shared)),
      "l"(&map), "r"(shared_address(barrier)), "r"(x), "r"(y), "r"(z)
      : "memory");
#elif !defined(__CUDACC__)
  const int at[] = {x, y, z};
  emulator::tma_load(shared, &map, barrier, at);
#endif
}

struct Place {
  int image, row, column;
};

// Loads 64 channels, from `channel` on, of the pixels under one tap of successive windows, the first at
// `first` ("im2col"). Outside the images it loads zeros.
__device__ __forceinline__ void load_pixels(void* shared, const CUtensorMap& map, Barrier* barrier,
                                            int channel, const Place& first, int tap_row, int tap_column) {
#if defined(ALEXNET_HOPPER)
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes [%0], [%1, {%3, "
      "%4, "
      "%5, %6}], [%2], {%7, %8};" ::"r"(shared_address(shared)),
      "l"(&map), "r"(shared_address(barrier)), "r"(channel), "r"(first.column), "r"(first.row),
      "r"(first.image), "h"(static_cast<uint16_t>(tap_column)), "h"(static_cast<uint16_t>(tap_row))
      : "memory");
#elif !defined(__CUDACC__)
  const int at[] = {channel, first.column, first.row, first.image};
  const uint16_t tap[] = {static_cast<uint16_t>(tap_column), static_cast<uint16_t>(tap_row)};
  emulator::tma_load_im2col(shared, &map, barrier, at, tap);
#endif
}

// Sets the registers a thread of a warpgroup from here on.
template <int kCount>
__device__ __forceinline__ void give_up_registers() {
#if defined(ALEXNET_HOPPER)
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kCount));
#endif
}
template <int kCount>
__device__ __forceinline__ void take_registers() {
#if defined(ALEXNET_HOPPER)
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kCount));
#endif
}

// Required between other uses of the sums and the products that add to them.
__device__ __forceinline__ void begin_products() {
#if defined(ALEXNET_HOPPER)
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#elif !defined(__CUDACC__)
  emulator::wgmma_fence();
#endif
}

// Closes a group of products.
__device__ __forceinline__ void commit_products() {
#if defined(ALEXNET_HOPPER)
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#elif !defined(__CUDACC__)
  emulator::wgmma_commit();
#endif
}

// Waits until all but the last kPending groups of this warpgroup are done.
template <int kPending>
__device__ __forceinline__ void wait_for_products() {
#if defined(ALEXNET_HOPPER)
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
#elif !defined(__CUDACC__)
  emulator::wgmma_wait(kPending);
#endif
}

// The descriptor by which wgmma reads an operand from shared memory, where TMA stored rows of 128 bytes with
// the 128-byte swizzle; eight rows are 1024 bytes. With k along the rows, the next eight rows are the next
// 1024 bytes. With k across, each row is one k, with 64 of the other index; the next 64 are `leading` bytes
// further on.
__device__ __forceinline__ uint64_t operand_at(const void* shared, int leading) {
#if defined(__CUDACC__) && !defined(__CUDA_ARCH__)
  return 0;
#else
#if defined(__CUDA_ARCH__)
  const uint64_t address = shared_address(shared);
#else
  const uint64_t address = __cvta_generic_to_shared(shared);
#endif
  return (address & 0x3ffff) >> 4 | static_cast<uint64_t>(leading >> 4) << 16 | uint64_t{1024 >> 4} << 32 |
         uint64_t{1} << 62;
#endif
}

}  // namespace alexnet::cuda
