// Vectors as wide as the instruction set this file is compiled for. Only sources in folders named isa include
// it, inside a namespace of their own. They include nothing of the standard library that has code in it: the
// linker keeps one copy of such functions, and it might be the one that needs AVX-512.
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
