// CUDA's small vectors, as <vector_types.h> of the toolkit declares them.
#pragma once

#define TENON_VECTOR2(name, T, alignment) \
  struct alignas(alignment) name {        \
    T x, y;                               \
  };                                      \
  inline name make_##name(T x, T y) { return {x, y}; }
#define TENON_VECTOR4(name, T, alignment) \
  struct alignas(alignment) name {        \
    T x, y, z, w;                         \
  };                                      \
  inline name make_##name(T x, T y, T z, T w) { return {x, y, z, w}; }

TENON_VECTOR2(char2, signed char, 2)
TENON_VECTOR4(char4, signed char, 4)
TENON_VECTOR2(uchar2, unsigned char, 2)
TENON_VECTOR4(uchar4, unsigned char, 4)
TENON_VECTOR2(short2, short, 4)
TENON_VECTOR4(short4, short, 8)
TENON_VECTOR2(ushort2, unsigned short, 4)
TENON_VECTOR4(ushort4, unsigned short, 8)
TENON_VECTOR2(int2, int, 8)
TENON_VECTOR4(int4, int, 16)
TENON_VECTOR2(uint2, unsigned, 8)
TENON_VECTOR4(uint4, unsigned, 16)
TENON_VECTOR2(longlong2, long long, 16)
TENON_VECTOR2(ulonglong2, unsigned long long, 16)
TENON_VECTOR2(float2, float, 8)
TENON_VECTOR4(float4, float, 16)
TENON_VECTOR2(double2, double, 16)

#undef TENON_VECTOR2
#undef TENON_VECTOR4

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned vx = 1, unsigned vy = 1, unsigned vz = 1) : x(vx), y(vy), z(vz) {}
};
