// Atomic functions of CUDA C++. Only one emulated thread runs at a time, so an update is a read and a write.
// Its atomicity matters only to the checker, for which atomics do not race with each other.
#pragma once

#include <cstddef>
#include <type_traits>

#include "emulator/language.h"

#pragma GCC visibility push(hidden)

namespace emulator {

void check_atomic(void* address, size_t bytes);

template <class T, class Change>
EMULATOR_UNCHECKED inline T update(T* address, Change change) {
  check_atomic(address, sizeof(T));
  const T old = *address;
  *address = change(old);
  return old;
}

}  // namespace emulator

#pragma GCC visibility pop

#define EMULATOR_ATOMIC(name, expression)                                                            \
  template <class T>                                                                                 \
  EMULATOR_UNCHECKED inline T name(T* address, std::type_identity_t<T> value) {                      \
    return emulator::update(address, [value](T old) EMULATOR_UNCHECKED -> T { return expression; }); \
  }                                                                                                  \
  template <class T>                                                                                 \
  EMULATOR_UNCHECKED inline T name##_block(T* address, std::type_identity_t<T> value) {              \
    return name(address, value);                                                                     \
  }

EMULATOR_ATOMIC(atomicAdd, static_cast<T>(old + value))
EMULATOR_ATOMIC(atomicSub, static_cast<T>(old - value))
EMULATOR_ATOMIC(atomicMax, old < value ? value : old)
EMULATOR_ATOMIC(atomicMin, value < old ? value : old)
EMULATOR_ATOMIC(atomicAnd, static_cast<T>(old& value))
EMULATOR_ATOMIC(atomicOr, static_cast<T>(old | value))
EMULATOR_ATOMIC(atomicXor, static_cast<T>(old ^ value))
EMULATOR_ATOMIC(atomicExch, (static_cast<void>(old), value))
EMULATOR_ATOMIC(atomicInc, old >= value ? T{0} : static_cast<T>(old + 1))
EMULATOR_ATOMIC(atomicDec, old == 0 || old > value ? value : static_cast<T>(old - 1))
#undef EMULATOR_ATOMIC

template <class T>
EMULATOR_UNCHECKED inline T atomicCAS(T* address, std::type_identity_t<T> expected,
                                      std::type_identity_t<T> value) {
  return emulator::update(
      address, [expected, value](T old) EMULATOR_UNCHECKED -> T { return old == expected ? value : old; });
}
