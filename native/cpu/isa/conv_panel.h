// Panels of the matrix that a convolution multiplies its weight with, made from the images as they are
// needed. A column of it is a place of the result, a row a channel and a tap: the element is what that place
// reads of the channel through the tap, zero outside of the image.
#pragma once
#include "cpu/isa/conv_product.h"
#include "cpu/isa/gemm_tile.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** Columns of a panel that are neighbours in one row of places. */
struct PlaceRow {
  int64_t at[4];  // the first place
  int column, count;
};

/** run(row) for columns [first, first + count). */
template <class Run>
void for_place_rows(const Places& p, int64_t first, int64_t count, Run run) {
  PlaceRow row;
  int64_t rest = first;
  for (int i = 3; i >= 0; i--) {
    row.at[i] = rest % p.axis[i].count;
    rest /= p.axis[i].count;
  }
  const int64_t width = p.axis[3].count;
  for (int64_t done = 0; done < count;) {
    const int64_t left = width - row.at[3], n = count - done < left ? count - done : left;
    row.column = static_cast<int>(done);
    row.count = static_cast<int>(n);
    run(row);
    done += n;
    row.at[3] = 0;
    for (int i = 2; i >= 0 && ++row.at[i] == p.axis[i].count; i--) row.at[i] = 0;
  }
}

/** Lanes [first, end) of a vector. */
template <class T>
struct Window {
#if defined(__AVX512F__)
  uint32_t bits;
  Window(int first, int end) : bits(((1u << end) - 1) & ~((1u << first) - 1)) {}
  TENON_INLINE Vec<T> load(const T* p) const {
    if constexpr (sizeof(T) == 4)
      return bit_cast<Vec<T>>(_mm512_maskz_loadu_epi32(static_cast<__mmask16>(bits), p));
    else
      return bit_cast<Vec<T>>(_mm512_maskz_loadu_epi64(static_cast<__mmask8>(bits), p));
  }
#elif defined(__AVX2__)
  __m256i mask;
  Window(int first, int end) : mask(_mm256_andnot_si256(first_lanes<T>(first), first_lanes<T>(end))) {}
  TENON_INLINE Vec<T> load(const T* p) const {
    if constexpr (sizeof(T) == 4)
      return bit_cast<Vec<T>>(_mm256_maskload_epi32(reinterpret_cast<const int*>(p), mask));
    else
      return bit_cast<Vec<T>>(_mm256_maskload_epi64(reinterpret_cast<const long long*>(p), mask));
  }
#else
  int first, end;
  Window(int from, int to) : first(from), end(to) {}
  TENON_INLINE Vec<T> load(const T* p) const {
    if (end - first == Lanes<T>::count) return TENON_ISA::load(p);
    T lane[Lanes<T>::count] = {};
    for (int i = first; i < end; i++) lane[i] = p[i];
    return TENON_ISA::load(lane);
  }
#endif
  Window() = default;
};

/** What a panel's columns read through one tap, the same way in every channel. */
template <class T>
class TapRow {
 public:
  static constexpr int kColumns = Tiling<T>::kColumns, kWidth = Tiling<T>::kWidth,
                       kVectors = Tiling<T>::kVectors;

  /** `tap`: of the last three dimensions. */
  void plan(const Places& p, const PlaceRow* rows, int count, const int64_t* tap) {
    const PlaceAxis& last = p.axis[3];
    dense_ = last.step == 1;
    parts_ = 0;
    for (int v = 0; v <= kVectors; v++) end_[v] = 0;
    near_ = true;
    if (!dense_)
      for (int i = 0; i < kColumns; i++) at_[i] = near_at_[i] = -1;
    const int64_t shift = last.position(0, tap[2]);
    // Which places are inside along the last dimension.
    int64_t lowest = shift < 0 ? -shift : 0, highest = shift < last.size ? last.size - shift : 0;
    if (!dense_) {
      lowest = (lowest + last.step - 1) / last.step;
      highest = (highest + last.step - 1) / last.step;
    }
    for (int r = 0; r < count; r++) {
      const PlaceRow& row = rows[r];
      int64_t base = row.at[0] * p.axis[0].pitch;
      bool inside = true;
      for (int d = 1; d < 3; d++) {
        const int64_t position = p.axis[d].position(row.at[d], tap[d - 1]);
        inside &= p.axis[d].inside(position);
        base += position * p.axis[d].pitch;
      }
      if (!inside) continue;
      int64_t from = row.at[3], to = from + row.count;
      if (from < lowest) from = lowest;
      if (to > highest) to = highest;
      if (from >= to) continue;
      const int first = row.column + static_cast<int>(from - row.at[3]);
      add(first, first + static_cast<int>(to - from), base + (from * last.step + shift), last.step);
    }
    for (int v = 1; v < kVectors; v++)
      if (end_[v] < end_[v - 1]) end_[v] = end_[v - 1];
  }

  /** Writes the rows of `count` channels, `pitch` apart from s on, to rows `step` apart from d on. */
  void write(const T* s, int64_t pitch, T* d, int64_t step, int64_t count) const {
    if (!dense_) {
      for (int64_t n = 0; n < count; n++, s += pitch, d += step) near_ ? write_near(s, d) : write_far(s, d);
      return;
    }
    int most = 0;
    for (int v = 0; v < kVectors; v++) {
      const int n = end_[v] - begin(v);
      if (n > most) most = n;
    }
    if (most <= 1) return write_parts<1>(s, pitch, d, step, count);
    if (most == 2) return write_parts<2>(s, pitch, d, step, count);
    if (most == 3) return write_parts<3>(s, pitch, d, step, count);
    for (int64_t n = 0; n < count; n++, s += pitch, d += step)
      for (int v = 0; v < kVectors; v++) {
        Unsigned<Vec<T>> x{};
        for (int i = begin(v); i < end_[v]; i++)
          x |= bit_cast<Unsigned<Vec<T>>>(part_[i].lanes.load(s + part_[i].at));
        store(d + v * kWidth, bit_cast<Vec<T>>(x));
      }
  }

 private:
  /** Columns [first, end) are elements from `at` on. */
  void add(int first, int end, int64_t at, int64_t step) {
    if (!dense_) {
      near_ &= at + (end - first) * step < INT32_MAX;
      for (int i = first; i < end; i++, at += step) {
        at_[i] = at;
        near_at_[i] = static_cast<int32_t>(at);
      }
      return;
    }
    while (first < end) {
      const int v = first / kWidth, begin = v * kWidth, stop = end < begin + kWidth ? end : begin + kWidth;
      part_[parts_++] = {at - (first - begin), Window<T>(first - begin, stop - begin)};
      end_[v] = parts_;
      at += stop - first;
      first = stop;
    }
  }

  int begin(int v) const { return v ? end_[v - 1] : 0; }

  /** Where vectors have at most P parts: what they are is in registers for all channels. */
  template <int P>
  void write_parts(const T* s, int64_t pitch, T* d, int64_t step, int64_t count) const {
    Part part[kVectors][P];
    for (int v = 0; v < kVectors; v++)
      for (int i = 0; i < P; i++)
        part[v][i] = begin(v) + i < end_[v] ? part_[begin(v) + i] : Part{0, Window<T>(0, 0)};
    for (int64_t n = 0; n < count; n++, s += pitch, d += step)
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) {
        Unsigned<Vec<T>> x{};
#pragma GCC unroll 4
        for (int i = 0; i < P; i++) x |= bit_cast<Unsigned<Vec<T>>>(part[v][i].lanes.load(s + part[v][i].at));
        store(d + v * kWidth, bit_cast<Vec<T>>(x));
      }
  }

  void write_far(const T* s, T* d) const {
    for (int i = 0; i < kColumns; i++) d[i] = at_[i] < 0 ? T{0} : s[at_[i]];
  }

  /** Where distances are few bits, processors gather elements themselves. */
  TENON_INLINE void write_near(const T* s, T* d) const {
#if defined(__AVX512F__)
    for (int i = 0; i < kColumns; i += kWidth) {
      if constexpr (sizeof(T) == 4) {
        const __m512i at = _mm512_loadu_si512(near_at_ + i);
        const __mmask16 inside = _mm512_cmpge_epi32_mask(at, _mm512_setzero_si512());
        _mm512_storeu_ps(d + i, _mm512_mask_i32gather_ps(_mm512_setzero_ps(), inside, at, s, 4));
      } else {
        const __m512i at = _mm512_loadu_si512(at_ + i);
        const __mmask8 inside = _mm512_cmpge_epi64_mask(at, _mm512_setzero_si512());
        _mm512_storeu_pd(d + i, _mm512_mask_i64gather_pd(_mm512_setzero_pd(), inside, at, s, 8));
      }
    }
#else
    write_far(s, d);
#endif
  }

  struct Part {
    int64_t at;  // of lane 0, were it there
    Window<T> lanes;
  };
  bool dense_ = true, near_ = true;
  int parts_ = 0, end_[kVectors + 1];
  Part part_[kColumns + kVectors];
  int64_t at_[kColumns];  // negative: outside
  int32_t near_at_[kColumns];
};

/** Whether all places of these rows are inside of the image through every tap. */
TENON_INLINE bool all_inside(const Places& p, const PlaceRow* rows, int count) {
  for (int d = 1; d < 4; d++) {
    const PlaceAxis& a = p.axis[d];
    const int64_t reach = (a.taps - 1) * a.shift_step, low = reach < 0 ? reach : 0,
                  high = reach < 0 ? 0 : reach;
    for (int r = 0; r < count; r++) {
      const int64_t first = rows[r].at[d], last = d == 3 ? first + rows[r].count - 1 : first;
      if (a.position(first, 0) + low < 0 || a.position(last, 0) + high >= a.size) return false;
    }
  }
  return true;
}

/**
 * Rows [k0, k0 + depth) of columns [first, first + count), at most a panel: row k is channel k / taps, tap
 * k % taps. Channels are `pitch` apart.
 */
template <class T>
void pack_places(const Places& p, const T* source, int64_t pitch, int64_t k0, int64_t depth, int64_t first,
                 int count, T* panel) {
  constexpr int NR = Tiling<T>::kColumns;
  PlaceRow rows[NR];
  int n = 0;
  for_place_rows(p, first, count, [&](const PlaceRow& row) { rows[n++] = row; });
  const int64_t taps = p.taps();
  TapRow<T> row;
  const int64_t used = depth < taps ? depth : taps;
  // Where nothing is outside all taps read the same row, shifted.
  const bool inside = all_inside(p, rows, n);
  const PlaceAxis &a = p.axis[1], &b = p.axis[2], &c = p.axis[3];
  const int64_t none[3] = {0, 0, 0};
  if (inside) row.plan(p, rows, n, none);
  for (int64_t i = 0; i < used; i++) {
    const int64_t k = k0 + i, t = k % taps;
    const int64_t tap[3] = {t / (b.taps * c.taps), t / c.taps % b.taps, t % c.taps};
    int64_t shifted = 0;
    if (inside)
      shifted = tap[0] * a.shift_step * a.pitch + tap[1] * b.shift_step * b.pitch + tap[2] * c.shift_step;
    else
      row.plan(p, rows, n, tap);
    const T* s = source + k / taps * pitch + shifted;
    row.write(s, pitch, panel + i * NR, taps * NR, (depth - i + taps - 1) / taps);
  }
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
