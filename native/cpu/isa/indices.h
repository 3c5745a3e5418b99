// Checks of indices, which are data: whole stretches of them without branches, as they are usually all good.
#pragma once
#include <cstdint>

namespace tenon {
namespace TENON_ISA {

namespace {

/** Negative unless `least` <= i < size, where least <= 0: two differences have their signs together. */
inline int64_t outside(int64_t i, int64_t least, int64_t size) {
  const uint64_t u = static_cast<uint64_t>(i);
  return static_cast<int64_t>((u - static_cast<uint64_t>(least)) | (static_cast<uint64_t>(size) - 1 - u));
}

/** Whether `least` <= i < size for n indices at distance `stride`. */
inline bool all_within(const int64_t* index, int64_t stride, int64_t n, int64_t least, int64_t size) {
  int64_t bad = 0;
  if (stride == 1)
    for (int64_t k = 0; k < n; k++) bad |= outside(index[k], least, size);
  else
    for (int64_t k = 0; k < n; k++) bad |= outside(index[k * stride], least, size);
  return bad >= 0;
}

/** to[i] = from[index[i]]: several are under way at a time. */
template <class T>
inline void pick(T* to, const T* from, const int64_t* index, int64_t n) {
  constexpr int64_t kAbreast = 8;
  int64_t i = 0;
  for (; i + kAbreast <= n; i += kAbreast) {
    T x[kAbreast];
    for (int64_t k = 0; k < kAbreast; k++) x[k] = from[index[i + k]];
    for (int64_t k = 0; k < kAbreast; k++) to[i + k] = x[k];
  }
  for (; i < n; i++) to[i] = from[index[i]];
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
