// Vectors as wide as the instruction set that a source is compiled for (native/sources.json: isa). Such a
// source keeps its kernels in a namespace of its own and includes nothing of the standard library that has
// code in it: the linker keeps one copy of such functions, and it might be the one that needs AVX-512.
#pragma once

#include <stddef.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Floats of a vector.
#if defined(__AVX512F__)
#define ALEXNET_LANES 16
#elif defined(__AVX2__)
#define ALEXNET_LANES 8
#else
#define ALEXNET_LANES 4
#endif
