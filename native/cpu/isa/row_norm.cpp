// Rows normalised by their own mean and variance, or by their mean square: layer, group and RMS norm, and
// their derivatives. A row is `channels` stretches of elements that have a weight and a bias in common; rows
// r, r + groups, ... have the same weights.
#include "core/parallel.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/rows.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kRowTask = 16384;         // elements of a task
constexpr int64_t kMostParts = 64;          // that sums over rows are split into
constexpr int64_t kPartSums = 4 << 20;      // numbers that all parts hold
constexpr int64_t kRunRows = 128;           // that are summed in T, before that goes into doubles
constexpr int64_t kStreamBytes = 16 << 20;  // results beyond the caches

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/** How x is cut up. */
struct Rows {
  Rows(const TensorView& x, const TensorView& rstd, const Scalar* scalar)
      : count(rstd.numel),
        size(x.numel / count),
        groups(scalar[0].integer()),
        channels(scalar[1].integer()),
        span(size / channels) {}
  int64_t count, size, groups, channels, span;
};

/** One row, its statistics known. */
template <class T>
struct Row {
  T mean, rstd;
};

template <class T>
Row<T> statistics(const T* x, int64_t n, bool centred, double eps) {
  const double count = static_cast<double>(n);
  const T rough = centred ? static_cast<T>(static_cast<double>(reduce_run<SumOf<T>>(x, n)) / count) : T{0};
  Pair sums;
  add_moments(x, n, rough, sums);
  const double shift = centred ? sums.first / count : 0, variance = sums.second / count - shift * shift;
  return {static_cast<T>(static_cast<double>(rough) + shift),
          static_cast<T>(1 / std::sqrt((variance < 0 ? 0 : variance) + eps))};
}

/** (x - mean) rstd w + b, one weight an element. `streamed`: past the caches; rows are whole, aligned
 * vectors. */
template <class T, bool kWeight, bool kBias>
void normalize_row(T* o, const T* x, const T* w, const T* b, int64_t n, Row<T> row, bool streamed) {
  const Vec<T> mean = splat(row.mean), rstd = splat(row.rstd);
  const auto value = [&](int64_t i, auto part) {
    Vec<T> y = (part(x + i) - mean) * rstd;
    if constexpr (kWeight) y = y * part(w + i);
    if constexpr (kBias) y = y + part(b + i);
    return y;
  };
  if (!streamed) return fill_vectors(o, n, value);
  for (int64_t i = 0; i < n; i += Lanes<T>::count)
    stream(o + i, value(i, [](const T* p) { return load(p); }));
}

/** The same, with one weight for each `span` elements. */
template <class T>
void normalize_channels(T* o, const T* x, const T* w, const T* b, const Rows& rows, Row<T> row) {
  const Vec<T> mean = splat(row.mean);
  for (int64_t c = 0; c < rows.channels; c++, o += rows.span, x += rows.span) {
    const Vec<T> scale = splat(w ? row.rstd * w[c] : row.rstd), offset = splat(b ? b[c] : T{0});
    fill_vectors(o, rows.span, [&](int64_t i, auto part) { return (part(x + i) - mean) * scale + offset; });
  }
}

template <class T>
void forward(const Launch& l) {
  const TensorView& x = l.in(0);
  const Rows rows(x, l.out(1), l.scalar);
  const double eps = l.scalar[2].get();
  const bool centred = l.scalar[3].get() != 0, weighted = l.scalar[4].get() != 0;
  const T* const weight = weighted ? l.in(1).as<T>() : nullptr;
  const T* const bias = l.scalar[5].get() != 0 ? l.in(weighted ? 2 : 1).as<T>() : nullptr;
  T *const out = l.out(0).as<T>(), *const rstd = l.out(1).as<T>();
  T* const mean = centred ? l.out(2).as<T>() : nullptr;
  const int64_t bytes = rows.size * static_cast<int64_t>(sizeof(T));
  const bool streamed = rows.count * bytes >= kStreamBytes && bytes % kVectorBytes == 0 &&
                        reinterpret_cast<uintptr_t>(out) % kVectorBytes == 0;
  const int64_t together = most(1, kRowTask / rows.size);
  parallel_for((rows.count + together - 1) / together, [&](int64_t task) {
    const int64_t end = least(rows.count, (task + 1) * together);
    for (int64_t r = task * together; r < end; r++) {
      const T* const from = x.as<T>() + r * rows.size;
      T* const to = out + r * rows.size;
      const int64_t first = r % rows.groups * rows.channels;
      const T *const w = weight ? weight + first : nullptr, *const b = bias ? bias + first : nullptr;
      const Row<T> row = statistics(from, rows.size, centred, eps);
      rstd[r] = row.rstd;
      if (mean) mean[r] = row.mean;
      if (rows.span > 1)
        normalize_channels(to, from, w, b, rows, row);
      else if (w && b)
        normalize_row<T, true, true>(to, from, w, b, rows.size, row, streamed);
      else if (w)
        normalize_row<T, true, false>(to, from, w, b, rows.size, row, streamed);
      else if (b)
        normalize_row<T, false, true>(to, from, w, b, rows.size, row, streamed);
      else
        normalize_row<T, false, false>(to, from, w, b, rows.size, row, streamed);
    }
    if (streamed) stream_fence();
  });
}

/**
 * The sums of g w and g w xhat over a row. With kSums, g xhat and g are added to `ofWeight` and `ofBias` on
 * the way.
 */
template <class T, bool kWeight, bool kSums>
Pair gather_row(const T* g, const T* x, const T* w, int64_t n, Row<T> row, T* ofWeight, T* ofBias) {
  const Vec<T> mean = splat(row.mean), rstd = splat(row.rstd);
  Pair sums;
  for (int64_t at = 0; at < n; at += kReduceBlock) {
    Vec<T> first = {}, second = {};
    const int64_t m = least(n - at, kReduceBlock);
    const auto step = [&](int64_t k, auto part, auto put) {
      const int64_t i = at + k;
      const Vec<T> grad = part(g + i), xhat = (part(x + i) - mean) * rstd;
      Vec<T> weighted = grad;
      if constexpr (kWeight) weighted = grad * part(w + i);
      first += weighted;
      second += weighted * xhat;
      if constexpr (kSums) {
        put(ofWeight + i, part(ofWeight + i) + grad * xhat);
        put(ofBias + i, part(ofBias + i) + grad);
      }
    };
    constexpr int64_t lanes = Lanes<T>::count;
    int64_t k = 0;
    for (; k + lanes <= m; k += lanes)
      step(k, [](const T* p) { return load(p); }, [](T* p, Vec<T> v) { store(p, v); });
    if (k < m) {
      // What lies behind the row counts as zero; so does x, whose xhat does not matter then.
      const int64_t rest = m - k;
      step(
          k, [rest](const T* p) { return load_part(p, rest); },
          [rest](T* p, Vec<T> v) { store_part(p, v, rest); });
    }
    sums.first += static_cast<double>(join_lanes<SumOf<T>>(first));
    sums.second += static_cast<double>(join_lanes<SumOf<T>>(second));
  }
  return sums;
}

/** The same with one weight for each `span` elements. */
template <class T>
Pair gather_channels(const T* g, const T* x, const T* w, const Rows& rows, Row<T> row, T* ofWeight,
                     T* ofBias) {
  Pair sums;
  for (int64_t c = 0; c < rows.channels; c++, g += rows.span, x += rows.span) {
    Pair channel;
    add_products(g, x, rows.span, row.mean, row.rstd, channel);
    const double weight = w ? static_cast<double>(w[c]) : 1;
    sums.first += weight * channel.first;
    sums.second += weight * channel.second;
    if (ofWeight) {
      ofWeight[c] += static_cast<T>(channel.second);
      ofBias[c] += static_cast<T>(channel.first);
    }
  }
  return sums;
}

/** rstd (g w - mean(g w) - xhat mean(g w xhat)) */
template <class T>
void spread_row(T* o, const T* g, const T* x, const T* w, const Rows& rows, Row<T> row, const Pair& sums,
                bool centred) {
  const double n = static_cast<double>(rows.size), rstd = static_cast<double>(row.rstd);
  const Vec<T> scale = splat(row.rstd), mean = splat(row.mean);
  const Vec<T> shift = splat(static_cast<T>(centred ? rstd * sums.first / n : 0));
  const Vec<T> slope = splat(static_cast<T>(rstd * rstd * sums.second / n));
  if (rows.span == 1) {
    if (w)
      return fill_vectors(o, rows.size, [&](int64_t i, auto part) {
        return part(g + i) * part(w + i) * scale - shift - (part(x + i) - mean) * slope;
      });
    return fill_vectors(o, rows.size, [&](int64_t i, auto part) {
      return part(g + i) * scale - shift - (part(x + i) - mean) * slope;
    });
  }
  for (int64_t c = 0; c < rows.channels; c++, o += rows.span, g += rows.span, x += rows.span) {
    const Vec<T> factor = splat(w ? row.rstd * w[c] : row.rstd);
    fill_vectors(o, rows.span, [&](int64_t i, auto part) {
      return part(g + i) * factor - shift - (part(x + i) - mean) * slope;
    });
  }
}

/** What one part of the rows adds to the gradients of weight and bias: in T for some rows, then in doubles.
 */
template <class T>
class PartSums {
 public:
  static int64_t bytes(int64_t channels) {
    return 2 * channels * static_cast<int64_t>(sizeof(T) + sizeof(double));
  }
  PartSums(char* memory, int64_t channels)
      : total(reinterpret_cast<double*>(memory)),
        run(reinterpret_cast<T*>(total + 2 * channels)),
        channels_(channels) {
    for (int64_t i = 0; i < 2 * channels; i++) total[i] = 0, run[i] = 0;
  }
  void flush() {
    for (int64_t i = 0; i < 2 * channels_; i++) total[i] += static_cast<double>(run[i]), run[i] = 0;
  }
  double* const total;  // of the weights, then of the biases
  T* const run;

 private:
  const int64_t channels_;
};

template <class T>
void backward(const Launch& l) {
  const TensorView &grad = l.in(0), &x = l.in(1);
  const Rows rows(x, l.in(2), l.scalar);
  const bool centred = l.scalar[2].get() != 0, weighted = l.scalar[3].get() != 0;
  const bool wants_x = l.scalar[4].get() != 0, wants_weight = l.scalar[5].get() != 0;
  const bool wants_bias = l.scalar[6].get() != 0, sums_rows = wants_weight || wants_bias;
  const T* const rstd = l.in(2).as<T>();
  const T* const mean = centred ? l.in(3).as<T>() : nullptr;
  const T* const weight = weighted ? l.in(centred ? 4 : 3).as<T>() : nullptr;
  T* const out = wants_x ? l.out(0).as<T>() : nullptr;
  const int64_t all = rows.groups * rows.channels;

  int64_t together = most(1, kRowTask / rows.size);
  if (sums_rows) {
    const int64_t parts = most(1, least(kMostParts, kPartSums / all));
    together = most(together, (rows.count + parts - 1) / parts);
  }
  const int64_t parts = (rows.count + together - 1) / together, bytes = PartSums<T>::bytes(all);
  char* const memory =
      sums_rows ? static_cast<char*>(l.scratch->bytes(static_cast<size_t>(parts * bytes))) : nullptr;
  parallel_for(parts, [&](int64_t part) {
    const int64_t begin = part * together, end = least(rows.count, begin + together);
    PartSums<T> sums(sums_rows ? memory + part * bytes : nullptr, sums_rows ? all : 0);
    for (int64_t r = begin; r < end; r++) {
      const int64_t first = r % rows.groups * rows.channels;
      const T *const g = grad.as<T>() + r * rows.size, *const from = x.as<T>() + r * rows.size;
      const T* const w = weight ? weight + first : nullptr;
      const Row<T> row = {mean ? mean[r] : T{0}, rstd[r]};
      T* const ofWeight = sums_rows ? sums.run + first : nullptr;
      T* const ofBias = sums_rows ? ofWeight + all : nullptr;
      Pair of_row;
      if (rows.span > 1)
        of_row = gather_channels(g, from, w, rows, row, ofWeight, ofBias);
      else if (w && sums_rows)
        of_row = gather_row<T, true, true>(g, from, w, rows.size, row, ofWeight, ofBias);
      else if (sums_rows)
        of_row = gather_row<T, false, true>(g, from, w, rows.size, row, ofWeight, ofBias);
      else if (w)
        of_row = gather_row<T, true, false>(g, from, w, rows.size, row, ofWeight, ofBias);
      else
        of_row = gather_row<T, false, false>(g, from, w, rows.size, row, ofWeight, ofBias);
      if (out) spread_row(out + r * rows.size, g, from, w, rows, row, of_row, centred);
      if (sums_rows && ((r - begin + 1) % (kRunRows * rows.groups) == 0 || r + 1 == end)) sums.flush();
    }
  });
  if (!sums_rows) return;
  T* const ofWeight = wants_weight ? l.out(wants_x).as<T>() : nullptr;
  T* const ofBias = wants_bias ? l.out(wants_x + wants_weight).as<T>() : nullptr;
  constexpr int64_t tile = 2048;
  parallel_for((2 * all + tile - 1) / tile, [&](int64_t task) {
    const int64_t first = task * tile, end = least(2 * all, first + tile);
    double* const total = reinterpret_cast<double*>(memory);
    for (int64_t p = 1; p < parts; p++) {
      const double* const more = reinterpret_cast<const double*>(memory + p * bytes);
      for (int64_t i = first; i < end; i++) total[i] += more[i];
    }
    for (int64_t i = first; i < end; i++) {
      if (i < all && ofWeight) ofWeight[i] = static_cast<T>(total[i]);
      if (i >= all && ofBias) ofBias[i - all] = static_cast<T>(total[i]);
    }
  });
}

}  // namespace

void kernel_rowNorm(const Launch& l) { l.compute == DType::f64 ? forward<double>(l) : forward<float>(l); }
void kernel_rowNormBackward(const Launch& l) {
  l.compute == DType::f64 ? backward<double>(l) : backward<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
