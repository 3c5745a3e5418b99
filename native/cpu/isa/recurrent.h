// What the kernels of recurrent layers share: weights packed once for all of them, working memory.
#pragma once
#include "core/recurrent.h"
#include "cpu/isa/gemm.h"
#include "cpu/isa/strided.h"
#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** Pieces of one block of memory: laid out once without it, to know its size, and once more in it. */
struct Pieces {
  char* memory = nullptr;
  int64_t bytes = 0;

  template <class U>
  U* take(int64_t n) {
    U* const piece = memory ? reinterpret_cast<U*>(memory + bytes) : nullptr;
    bytes += (n * static_cast<int64_t>(sizeof(U)) + 63) / 64 * 64;
    return piece;
  }
};

/** Operand i as elements of T: where it lies, or converted; null if there is none. */
template <class T>
T* operand(const Launch& l, int i, Pieces& pieces) {
  if (i < 0) return nullptr;
  const TensorView& v = l.views[i];
  if (v.dtype == dtype_of<T>()) return v.as<T>();
  T* const x = pieces.take<T>(v.numel);
  if (x && i >= l.outputs) gather(v, 0, v.numel, x);
  return x;
}

/** Puts an output where it belongs, if it was made elsewhere. */
template <class T>
void put_back(const Launch& l, int i, const T* x) {
  if (i >= 0 && l.views[i].dtype != dtype_of<T>()) scatter(x, l.views[i], 0, l.views[i].numel);
}

/** A matrix [k, n] in panels of some columns, each dense: GEMM takes them as they are. */
template <class T>
struct Panels {
#if defined(__aarch64__)
  static constexpr int64_t kWide = Lanes<T>::count * 4;
#else
  static constexpr int64_t kWide = Lanes<T>::count * 2;
#endif
  T* data = nullptr;
  int64_t k = 0, n = 0;

  static int64_t elements(int64_t k, int64_t n) { return (n + kWide - 1) / kWide * kWide * k; }

  /** Of s, whose rows and columns are so far apart. */
  void pack(const T* s, int64_t row, int64_t column) {
    for (int64_t j = 0; j < n; j += kWide) {
      T* const d = data + j * k;
      const int64_t wide = n - j < kWide ? n - j : kWide;
      for (int64_t c = 0; c < wide; c++)
        for (int64_t i = 0; i < k; i++) d[i * kWide + c] = s[i * row + (j + c) * column];
    }
  }
};

/** c = a times the columns [j, j + wide) of b, within a panel. */
template <class T>
bool multiply(const Panels<T>& b, int64_t j, int64_t wide, const T* a, int64_t a_row, int64_t rows, T* c,
              int64_t c_row) {
  return gemm(Gemm<T>{rows, wide, b.k, a, a_row, 1, b.data + j * b.k, Panels<T>::kWide, 1, c, c_row});
}

/** c = a b */
template <class T>
bool multiply(const Panels<T>& b, const T* a, int64_t a_row, int64_t rows, T* c, int64_t c_row) {
  bool done = true;
  for (int64_t j = 0; j < b.n; j += Panels<T>::kWide)
    done &=
        multiply(b, j, b.n - j < Panels<T>::kWide ? b.n - j : Panels<T>::kWide, a, a_row, rows, c + j, c_row);
  return done;
}

/** Sequences as tasks, which go through all steps by themselves: so many together. */
struct SequenceTasks {
  static constexpr int64_t kMost = 56;
  int64_t batch, together, tasks;

  SequenceTasks(int64_t n, int64_t threads) : batch(n) {
    int64_t parts = (n + kMost - 1) / kMost;
    if (threads > 1) parts = (parts + threads - 1) / threads * threads;
    if (parts > n) parts = n;
    together = parts ? (n + parts - 1) / parts : 1;
    tasks = (n + together - 1) / together;
  }
  int64_t end(int64_t task) const { return (task + 1) * together < batch ? (task + 1) * together : batch; }
};

/** State rows [begin, begin + n) before step t: of the step taken before it, or the initial ones; where they
 * lie, or copied to `copy`. */
template <class T>
const T* state_before(const Steps& s, int64_t t, int64_t begin, int64_t n, const T* all, const T* initial,
                      int64_t width, T* copy) {
  const int64_t before = s.before(t);
  int64_t old = s.among(before, begin, begin + n);
  if (old > n) old = n;
  const T* const at = all + (old ? s.first[before] + begin : 0) * width;
  if (old == n) return at;
  if (old == 0) return initial + begin * width;
  std::memcpy(copy, at, static_cast<size_t>(old * width) * sizeof(T));
  std::memcpy(copy + old * width, initial + (begin + old) * width,
              static_cast<size_t>((n - old) * width) * sizeof(T));
  return copy;
}

// The lanes of a row from j on, of which n - j are left.
template <class T>
TENON_INLINE Vec<T> lanes(const T* p, int64_t left) {
  return left >= Lanes<T>::count ? load(p) : load_part(p, left);
}
template <class T>
TENON_INLINE void put_lanes(T* p, Vec<T> v, int64_t left) {
  if (left >= Lanes<T>::count)
    store(p, v);
  else
    store_part(p, v, left);
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
