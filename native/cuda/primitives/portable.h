// What the kernels' two compilers do not agree on. nvcc makes the product; the host compiler, with
// native/emulator/include in front, makes the same sources run without a GPU (native/emulator). PTX stays
// inside the wrapper functions of ptx.h, which have a branch for each.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#if defined(__CUDACC__)
// An array in shared memory; dims as in "[16][64]".
#define ALEXNET_SHARED(T, name, dims) __shared__ T name dims
// The launch's dynamic shared memory, as bytes.
#define ALEXNET_DYNAMIC_SHARED(name) extern __shared__ __align__(128) unsigned char name[]
#endif
