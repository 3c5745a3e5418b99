// dropout: elements set to zero at random, the others scaled; and the same again with a mask that is known.
#include "core/parallel.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/philox.h"
#include "cpu/isa/strided.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kTask = 16384;  // elements, a multiple of a group and of a tile
constexpr int64_t kTile = 1024;

/** run(first, n) for the tiles of n elements, in parallel. */
template <class Run>
void each_tile(int64_t n, Run run) {
  parallel_for((n + kTask - 1) / kTask, [&](int64_t task) {
    const int64_t end = (task + 1) * kTask < n ? (task + 1) * kTask : n;
    for (int64_t at = task * kTask; at < end; at += kTile) run(at, end - at < kTile ? end - at : kTile);
  });
}

/** Elements [first, first + n) of a view as dense ones of T: in place, or gathered into `buffer`. */
template <class T>
const T* dense(const TensorView& v, int64_t first, int64_t n, T* buffer) {
  if (v.contiguous && v.dtype == dtype_of<T>()) return v.as<T>() + first;
  gather(v, first, n, buffer);
  return buffer;
}

/** out = x times scale where the mask is set, times zero elsewhere. */
template <class T>
void apply(const TensorView& out, const TensorView& x, const uint8_t* mask, int64_t first, int64_t n,
           T scale) {
  alignas(64) T a[kTile], b[kTile];
  const bool direct = out.contiguous && out.dtype == dtype_of<T>();
  const T* const from = dense(x, first, n, a);
  T* const to = direct ? out.as<T>() + first : b;
  for (int64_t i = 0; i < n; i++) to[i] = from[i] * (mask[i] ? scale : T{0});
  if (!direct) scatter(to, out, first, n);
}

template <class T>
void drop(const Launch& l) {
  const TensorView &out = l.out(0), &x = l.in();
  uint8_t* const mask = l.out(1).as<uint8_t>();
  const double p = l.scalar[3].get();
  const T scale = static_cast<T>(1 / (1 - p));
  // A word below this one keeps its element.
  const uint64_t kept = static_cast<uint64_t>((1 - p) * 0x1p32);
  const Source source(l);
  each_tile(out.numel, [&](int64_t first, int64_t n) {
    for (int64_t i = 0; i < n; i += kGroup32) {
      uint32_t words[4][kLanes];
      source.words((first + i) / kGroup32, words);
      const uint32_t* const word = words[0];
      uint8_t bits[kGroup32];
      for (int k = 0; k < kGroup32; k++) bits[k] = word[k] < kept;
      std::memcpy(mask + first + i, bits, static_cast<size_t>(n - i < kGroup32 ? n - i : kGroup32));
    }
    apply<T>(out, x, mask + first, first, n, scale);
  });
}

template <class T>
void scale_masked(const Launch& l) {
  const TensorView &x = l.in(0), &out = l.out();
  const uint8_t* const mask = l.in(1).as<uint8_t>();
  const T scale = static_cast<T>(l.scalar[0].get());
  each_tile(out.numel, [&](int64_t first, int64_t n) { apply<T>(out, x, mask + first, first, n, scale); });
}

}  // namespace

void kernel_dropout(const Launch& l) { l.compute == DType::f64 ? drop<double>(l) : drop<float>(l); }
void kernel_maskedScale(const Launch& l) {
  l.compute == DType::f64 ? scale_masked<double>(l) : scale_masked<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
