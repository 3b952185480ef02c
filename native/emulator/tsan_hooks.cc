// The functions that code compiled with -fsanitize=thread calls. The sanitizer's own library is not linked:
// accesses of kernels are passed to the checker, all others are ignored.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "emulator/block.h"
#include "emulator/checker.h"

#pragma GCC visibility push(hidden)

namespace {

inline __attribute__((always_inline)) void access(const void* address, size_t bytes, emulator::Access kind,
                                                  const void* pc) {
  if (emulator::current_thread != nullptr && emulator::checking)
    emulator::check_access(address, bytes, kind, pc);
}

// For an access that the compiler assumes to be aligned.
inline __attribute__((always_inline)) void aligned_access(const void* address, size_t bytes,
                                                          emulator::Access kind, const void* pc) {
  if (emulator::current_thread == nullptr || !emulator::checking) return;
  if (reinterpret_cast<uintptr_t>(address) % bytes != 0) emulator::check_alignment(address, bytes, pc);
  emulator::check_access(address, bytes, kind, pc);
}

}  // namespace

#define CALLER __builtin_return_address(0)
#define READ emulator::Access::kRead
#define WRITE emulator::Access::kWrite

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_read(void**) {}
void __tsan_vptr_update(void**, void*) {}

#define ACCESSES(bytes)                                                                             \
  void __tsan_read##bytes(void* address) { aligned_access(address, bytes, READ, CALLER); }          \
  void __tsan_write##bytes(void* address) { aligned_access(address, bytes, WRITE, CALLER); }        \
  void __tsan_unaligned_read##bytes(void* address) { access(address, bytes, READ, CALLER); }        \
  void __tsan_unaligned_write##bytes(void* address) { access(address, bytes, WRITE, CALLER); }      \
  void __tsan_volatile_read##bytes(void* address) { aligned_access(address, bytes, READ, CALLER); } \
  void __tsan_volatile_write##bytes(void* address) { aligned_access(address, bytes, WRITE, CALLER); }
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

void __tsan_read_range(void* address, size_t bytes) { access(address, bytes, READ, CALLER); }
void __tsan_write_range(void* address, size_t bytes) { access(address, bytes, WRITE, CALLER); }

void* __tsan_memcpy(void* to, const void* from, size_t bytes) {
  access(from, bytes, READ, CALLER);
  access(to, bytes, WRITE, CALLER);
  return std::memcpy(to, from, bytes);
}
void* __tsan_memmove(void* to, const void* from, size_t bytes) {
  access(from, bytes, READ, CALLER);
  access(to, bytes, WRITE, CALLER);
  return std::memmove(to, from, bytes);
}
void* __tsan_memset(void* to, int value, size_t bytes) {
  access(to, bytes, WRITE, CALLER);
  return std::memset(to, value, bytes);
}

// For the host code in those files; kernels use CUDA's atomic functions.
#define FETCH(bits, name, builtin)                                                                          \
  uint##bits##_t __tsan_atomic##bits##_fetch_##name(volatile uint##bits##_t* address, uint##bits##_t value, \
                                                    int) {                                                  \
    return builtin(address, value, __ATOMIC_SEQ_CST);                                                       \
  }
#define ATOMICS(bits)                                                                                        \
  uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t* address, int) {                   \
    return __atomic_load_n(address, __ATOMIC_SEQ_CST);                                                       \
  }                                                                                                          \
  void __tsan_atomic##bits##_store(volatile uint##bits##_t* address, uint##bits##_t value, int) {            \
    __atomic_store_n(address, value, __ATOMIC_SEQ_CST);                                                      \
  }                                                                                                          \
  uint##bits##_t __tsan_atomic##bits##_exchange(volatile uint##bits##_t* address, uint##bits##_t value,      \
                                                int) {                                                       \
    return __atomic_exchange_n(address, value, __ATOMIC_SEQ_CST);                                            \
  }                                                                                                          \
  FETCH(bits, add, __atomic_fetch_add)                                                                       \
  FETCH(bits, sub, __atomic_fetch_sub)                                                                       \
  FETCH(bits, and, __atomic_fetch_and)                                                                       \
  FETCH(bits, or, __atomic_fetch_or)                                                                         \
  FETCH(bits, xor, __atomic_fetch_xor)                                                                       \
  FETCH(bits, nand, __atomic_fetch_nand)                                                                     \
  int __tsan_atomic##bits##_compare_exchange_strong(                                                         \
      volatile uint##bits##_t* address, uint##bits##_t* expected, uint##bits##_t value, int, int) {          \
    return __atomic_compare_exchange_n(address, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
  }                                                                                                          \
  int __tsan_atomic##bits##_compare_exchange_weak(                                                           \
      volatile uint##bits##_t* address, uint##bits##_t* expected, uint##bits##_t value, int, int) {          \
    return __atomic_compare_exchange_n(address, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
  }                                                                                                          \
  uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(                                                 \
      volatile uint##bits##_t* address, uint##bits##_t expected, uint##bits##_t value, int, int) {           \
    __atomic_compare_exchange_n(address, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);       \
    return expected;                                                                                         \
  }
ATOMICS(8)
ATOMICS(16)
ATOMICS(32)
ATOMICS(64)

void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int) {}

}  // extern "C"

#pragma GCC visibility pop
