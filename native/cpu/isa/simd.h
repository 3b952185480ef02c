// Vectors of floats as wide as the instruction set this file is compiled for. Included by the isa_*.cc files
// only, inside a namespace of their own; nothing of the standard library with code in it may be included
// there: the linker keeps one copy of such functions, and it might be the one that needs AVX-512.
#pragma once

#include <stddef.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The register tile is ALEXNET_ROWS x two vectors of sums, with room for two vectors and a broadcast beside
// them: 12 of 16 registers, or 20 of 32 (as many pointers as rows have to fit the general registers, too).
#if defined(__AVX512F__)
#define ALEXNET_LANES 16
#define ALEXNET_ROWS 10
#elif defined(__AVX2__)
#define ALEXNET_LANES 8
#define ALEXNET_ROWS 6
#elif defined(__aarch64__)
#define ALEXNET_LANES 4
#define ALEXNET_ROWS 10
#else
#define ALEXNET_LANES 4
#define ALEXNET_ROWS 6
#endif
