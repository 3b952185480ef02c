// CUDA C++'s language extensions for the host compiler: qualifiers, the thread's coordinates, barriers and
// shared arrays.
#pragma once

// Standard headers that use __noinline__ themselves have to be included before it is defined as a macro.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "emulator/vector_types.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __managed__
#define __grid_constant__
#define __launch_bounds__(...)
#define __cluster_dims__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(n) alignas(n)

// For the emulator's functions that are compiled in kernels' files: their accesses are the emulator's own and
// are not checked.
#define EMULATOR_UNCHECKED __attribute__((no_sanitize("thread")))

#pragma GCC visibility push(hidden)

namespace emulator {

// A place in the source, which identifies a barrier or a shared array. Each instantiation has its own.
struct Site {
  const char* file;
  int line;
};

// These are constant for a thread; with the attribute the compiler calls them only once.
__attribute__((const)) uint3 thread_index();
__attribute__((const)) uint3 block_index();
__attribute__((const)) dim3 block_dimensions();
__attribute__((const)) dim3 grid_dimensions();

void synchronise_block(const Site* site);
int synchronise_block_counting(const Site* site, int predicate);
void* shared_array(const Site* site, size_t bytes, size_t alignment);
unsigned char* dynamic_shared_memory();

void thread_fence(bool whole_card);
[[noreturn]] void trap();
long long card_clock();
unsigned shared_address(const void* address);

// These are not macros, because members of cudaLaunchConfig_t have the same names. Each number is read when
// it is used.
template <dim3 (*kGet)()>
struct Dimensions {
  template <unsigned dim3::*kMember>
  struct Number {
    EMULATOR_UNCHECKED operator unsigned() const { return kGet().*kMember; }
  };
  Number<&dim3::x> x;
  Number<&dim3::y> y;
  Number<&dim3::z> z;
  EMULATOR_UNCHECKED operator dim3() const { return kGet(); }
};

}  // namespace emulator

#pragma GCC visibility pop

inline constexpr emulator::Dimensions<emulator::block_dimensions> blockDim{};
inline constexpr emulator::Dimensions<emulator::grid_dimensions> gridDim{};

#define EMULATOR_SITE                                            \
  ([]() EMULATOR_UNCHECKED -> const emulator::Site* {            \
    static constexpr emulator::Site site = {__FILE__, __LINE__}; \
    return &site;                                                \
  }())

#define threadIdx (emulator::thread_index())
#define blockIdx (emulator::block_index())
inline constexpr int warpSize = 32;

#define __syncthreads() emulator::synchronise_block(EMULATOR_SITE)
#define __syncthreads_count(predicate) emulator::synchronise_block_counting(EMULATOR_SITE, (predicate) != 0)
#define __syncthreads_or(predicate) (__syncthreads_count(predicate) != 0)
#define __syncthreads_and(predicate) (__syncthreads_count((predicate) == 0) == 0)

#define ALEXNET_SHARED(T, name, dims)             \
  using name##_shared_type = T dims;              \
  auto& name = *static_cast<name##_shared_type*>( \
      emulator::shared_array(EMULATOR_SITE, sizeof(name##_shared_type), alignof(name##_shared_type)))
#define ALEXNET_DYNAMIC_SHARED(name) unsigned char* name = emulator::dynamic_shared_memory()

inline void __threadfence() { emulator::thread_fence(true); }
inline void __threadfence_system() { emulator::thread_fence(true); }
inline void __threadfence_block() { emulator::thread_fence(false); }
[[noreturn]] inline void __trap() { emulator::trap(); }
inline long long clock64() { return emulator::card_clock(); }
inline size_t __cvta_generic_to_shared(const void* address) { return emulator::shared_address(address); }
