// Host side of sorting, for the ops that are built on it.
#pragma once
#include "core/launch.h"
#include "cuda/kernels/sort.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** Which bits of keys there are for elements of a dtype, and how they are made. */
struct KeyKind {
  KeyRule rule;
  int begin, end;  // all other bits are the same in all keys
  bool wide;       // 8 bytes, else 4
  int64_t bytes() const { return wide ? 8 : 4; }
};
KeyKind key_kind(DType compute, DType elements, bool descending);

/** The parts of an op's working memory: all are named, then claimed together. */
class WorkingMemory {
 public:
  /** A part of so many bytes. */
  size_t part(int64_t count, int64_t bytes) {
    const size_t at = bytes_;
    bytes_ += (static_cast<size_t>(count) * static_cast<size_t>(bytes) + 255) & ~size_t{255};
    return at;
  }
  void claim(Queue& q) { memory_ = static_cast<char*>(q.scratch(bytes_)); }
  template <class T>
  T* at(size_t part) const {
    return reinterpret_cast<T*>(memory_ + part);
  }

 private:
  char* memory_ = nullptr;
  size_t bytes_ = 0;
};

/** Parts for [rows][n] keys and their places. */
struct PairsPart {
  size_t keys, index;
  int64_t n;
  PairsPart(WorkingMemory& m, const KeyKind& kind, int64_t rows, int64_t count)
      : keys(m.part(rows * count, kind.bytes())), index(m.part(rows * count, sizeof(uint32_t))), n(count) {}
  Pairs in(const WorkingMemory& m) const { return {m.at<void>(keys), m.at<uint32_t>(index), n}; }
};

/** Rows along dimension `dim`, in the order that neighbours in x have; an output has x's other sizes. */
Lanes lanes_of(const TensorView& x, const TensorView& out, int dim);

/** Places in rows have 32 bits: false, with the error, if there are more. */
bool check_length(const Launch&, int64_t n);

/** Launches the kernel that makes keys of rows; without `index` places are not written. */
void make_keys(Queue&, const Launch&, const Lanes&, const KeyKind&, void* keys, uint32_t* index);

/** Counters that sort_pairs needs. */
int64_t sort_counters(int64_t rows, int64_t n);
/**
 * Sorts rows of n pairs, stable. They go to `a` and, from there, to `b` and back; the result is in one of
 * them. What is sorted may be in `b`.
 */
Pairs sort_pairs(Queue&, const KeyKind&, const Pairs& from, int64_t rows, int64_t n, const Pairs& a,
                 const Pairs& b, uint32_t* counters);

/**
 * Elements of rows to the outputs, as many as they have room for along dimension `dim`. `validated`: after a
 * failure nothing is written.
 */
void take(Queue&, const Lanes&, const TensorView* values, const TensorView& places, int dim,
          const uint32_t* index, int64_t pitch, bool validated = false);

/** A kernel's name by the width of keys. */
inline const char* by_width(const KeyKind& k, const char* narrow, const char* wide) {
  return k.wide ? wide : narrow;
}

}  // namespace cuda
}  // namespace tenon
