// The differences between the kernels' two compilers. nvcc compiles the product. The host compiler, with
// native/emulator/include first on the include path, compiles the same sources to run without a GPU
// (native/emulator). PTX stays inside the wrapper functions of ptx.h, which have a branch for each compiler.
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
