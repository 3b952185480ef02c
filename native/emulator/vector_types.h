// CUDA's short vectors, aligned as on a GPU.
#pragma once

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

#define EMULATOR_VECTOR1(name, type) \
  struct name {                      \
    type x;                          \
  };                                 \
  inline name make_##name(type x) { return {x}; }
#define EMULATOR_VECTOR2(name, type)      \
  struct alignas(2 * sizeof(type)) name { \
    type x, y;                            \
  };                                      \
  inline name make_##name(type x, type y) { return {x, y}; }
#define EMULATOR_VECTOR3(name, type) \
  struct name {                      \
    type x, y, z;                    \
  };                                 \
  inline name make_##name(type x, type y, type z) { return {x, y, z}; }
#define EMULATOR_VECTOR4(name, type)                                   \
  struct alignas(4 * sizeof(type) < 16 ? 4 * sizeof(type) : 16) name { \
    type x, y, z, w;                                                   \
  };                                                                   \
  inline name make_##name(type x, type y, type z, type w) { return {x, y, z, w}; }
#define EMULATOR_VECTORS(name, type) \
  EMULATOR_VECTOR1(name##1, type)    \
  EMULATOR_VECTOR2(name##2, type)    \
  EMULATOR_VECTOR3(name##3, type)    \
  EMULATOR_VECTOR4(name##4, type)

EMULATOR_VECTORS(char, signed char)
EMULATOR_VECTORS(uchar, unsigned char)
EMULATOR_VECTORS(short, short)
EMULATOR_VECTORS(ushort, unsigned short)
EMULATOR_VECTORS(int, int)
EMULATOR_VECTORS(uint, unsigned)
EMULATOR_VECTORS(longlong, long long)
EMULATOR_VECTORS(ulonglong, unsigned long long)
EMULATOR_VECTORS(float, float)
EMULATOR_VECTORS(double, double)

#undef EMULATOR_VECTORS
#undef EMULATOR_VECTOR4
#undef EMULATOR_VECTOR3
#undef EMULATOR_VECTOR2
#undef EMULATOR_VECTOR1
