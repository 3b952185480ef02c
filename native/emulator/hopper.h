// Instructions of compute capability 9.0 (Hopper) for the host branches of PTX wrappers: barriers in shared
// memory, tensor copies by TMA (Tensor Memory Accelerator), products by warpgroups. They read descriptors as
// the PTX manual describes them; no GPU has confirmed that yet.
//
// Copies and products happen either when they are issued or as late as the program allows (configuration.h,
// "hopper"). A missing wait shows in one or the other, so tests run all four combinations.
#pragma once

#include <cstddef>
#include <cstdint>

#include "emulator/tensor_map.h"

#pragma GCC visibility push(hidden)

namespace emulator {

// mbarrier.init, .arrive, .arrive.expect_tx; waits until the phase of this parity is complete
// (mbarrier.try_wait.parity in a loop). test_wait lets other threads run and returns whether it is complete.
void mbarrier_init(uint64_t* barrier, uint32_t arrivals);
void mbarrier_arrive(uint64_t* barrier);
void mbarrier_arrive_expect_tx(uint64_t* barrier, uint32_t bytes);
bool mbarrier_test_wait(uint64_t* barrier, uint32_t parity);
void mbarrier_wait(uint64_t* barrier, uint32_t parity);

// cp.async.bulk.tensor, shared from global, completing on an mbarrier. Coordinates: the innermost dimension
// first.
void tma_load(void* shared, const CUtensorMap* map, uint64_t* barrier, const int* coordinates);
// .im2col: coordinates of channel, width, height, image; offsets of width and height in the filter.
void tma_load_im2col(void* shared, const CUtensorMap* map, uint64_t* barrier, const int* coordinates,
                     const uint16_t* offsets);
// cp.async.bulk.tensor, global from shared; groups as of cp.async.bulk.
void tma_store(const CUtensorMap* map, const void* shared, const int* coordinates);
void tma_store_commit();
void tma_store_wait(int groups_allowed_pending);

// wgmma.mma_async.sync.aligned.m64n<columns>k16.f32.bf16.bf16 with both operands in shared memory. `d` are
// this thread's columns / 2 sums; `adds` as scale-d. Operands lie with k innermost, or where transposed with
// rows or columns innermost.
void wgmma_m64k16_bf16(float* d, int columns, uint64_t a, uint64_t b, bool adds, bool a_transposed = false,
                       bool b_transposed = false);
void wgmma_fence();
void wgmma_commit();
void wgmma_wait(int groups_allowed_pending);

// fence.mbarrier_init, fence.proxy.async and setmaxnreg do nothing: the emulator needs no such ordering or
// register limits.
inline void fence_mbarrier_init() {}
inline void fence_proxy_async() {}
inline void set_maximum_registers(int) {}

}  // namespace emulator

#pragma GCC visibility pop
