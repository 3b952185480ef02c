// Instructions that CUDA C++ has no functions for, one function each. Compiled by nvcc they are PTX; compiled
// by the host compiler they call the emulator (native/emulator), which runs the kernels without a GPU.
//
// Asynchronous copies to shared memory, ldmatrix and mma.sync exist from compute capability 8.0 on. Below it
// a copy is a load and a store; the others trap, and no kernel that contains them is launched there.
#pragma once

#include "cuda/primitives/numbers.h"
#include "cuda/primitives/portable.h"

namespace alexnet::cuda {

#if defined(__CUDA_ARCH__)
__device__ __forceinline__ uint32_t shared_address(const void* shared) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(shared));
}
#endif

// Copies 16 bytes from global to shared memory if `there`; otherwise writes zeros and does not read `global`.
// The copy bypasses the first-level cache, and the second-level cache fetches 128 bytes at a time, because
// the next step reads the neighbouring bytes.
__device__ __forceinline__ void copy_pack(void* shared, const void* global, bool there) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(shared_address(shared)),
               "l"(global), "r"(there ? 16 : 0)
               : "memory");
#elif defined(__CUDA_ARCH__)
  *static_cast<uint4*>(shared) = there ? __ldg(static_cast<const uint4*>(global)) : uint4{0, 0, 0, 0};
#elif !defined(__CUDACC__)
  emulator::cp_async(shared, global, 16, there ? 16 : 0);
#endif
}

// Copies one element likewise. There is no asynchronous copy of 2 bytes: a bfloat16 is loaded and stored
// immediately.
__device__ __forceinline__ void copy_number(float* shared, const float* global, bool there) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(shared_address(shared)), "l"(global),
               "r"(there ? 4 : 0)
               : "memory");
#elif defined(__CUDA_ARCH__)
  *shared = there ? *global : 0;
#elif !defined(__CUDACC__)
  emulator::cp_async(shared, global, 4, there ? 4 : 0);
#endif
}
__device__ __forceinline__ void copy_number(Bfloat16* shared, const Bfloat16* global, bool there) {
  *shared = there ? *global : Bfloat16{0};
}

// Closes a group of copies.
__device__ __forceinline__ void commit_copies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#elif !defined(__CUDACC__)
  emulator::cp_async_commit();
#endif
}

// Waits until all but the last kPending groups of this thread have arrived.
template <int kPending>
__device__ __forceinline__ void wait_for_copies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
#elif !defined(__CUDACC__)
  emulator::cp_async_wait(kPending);
#endif
}

// Four matrices of 8 rows of 16 bytes; lane l gives the address of row l % 8 of matrix l / 8. Lane l receives
// from each the 4 bytes at row l / 4, word l % 4. Transposed, for 16-bit numbers: rows 2 * (l % 4) and the
// next, column l / 4.
template <bool kTransposed>
__device__ __forceinline__ void load_matrices(uint32_t (&r)[4], const void* row) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  if constexpr (kTransposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(row))
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(row))
                 : "memory");
#elif defined(__CUDA_ARCH__)
  __trap();
#elif !defined(__CUDACC__)
  emulator::ldmatrix(r, row, 4, kTransposed);
#endif
}

// d += a * b, by a warp: a 16 x 16 of bfloat16, b 16 x 8, d 16 x 8 of float32.
__device__ __forceinline__ void multiply_add(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                                             Bfloat16) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#elif defined(__CUDA_ARCH__)
  __trap();
#elif !defined(__CUDACC__)
  emulator::mma_m16n8k16_bf16(d, a, b);
#endif
}

// The same with a 16 x 8 and b 8 x 8 of tf32.
__device__ __forceinline__ void multiply_add(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2],
                                             float) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#elif defined(__CUDA_ARCH__)
  __trap();
#elif !defined(__CUDACC__)
  emulator::mma_m16n8k8_tf32(d, a, b);
#endif
}

// The bits of a float32 rounded to tf32: to nearest, halves away from zero. Without this, the multiplier
// would truncate the lower bits, and every product would be too small in magnitude.
__device__ __forceinline__ uint32_t rounded_to_tf32(uint32_t bits) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  uint32_t rounded;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(__uint_as_float(bits)));
  return rounded;
#elif defined(__CUDA_ARCH__)
  __trap();
  return bits;
#else
  const bool finite = (bits & 0x7f800000u) != 0x7f800000u;
  return finite ? (bits + 0x1000u) & ~0x1fffu : bits;
#endif
}

}  // namespace alexnet::cuda
