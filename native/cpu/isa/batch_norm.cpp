// Channels normalised by mean and variance over all samples, and the derivative. x is [samples, channels,
// span]; where the span is short, a sample is one row of channels * span columns instead, so that vectors are
// full.
#include "core/parallel.h"
#include "cpu/isa/convert.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/rows.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kPartElements = 8192;  // of a channel, that fit the first cache twice
constexpr int64_t kTaskElements = 16384;
constexpr int64_t kColumns = 256;   // of a tile
constexpr int64_t kPartRows = 128;  // that columns are summed over in T
constexpr int64_t kShortSpan = 16;

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t parts_of(int64_t n, int64_t part) { return (n + part - 1) / part; }

struct Planes {
  explicit Planes(const TensorView& x)
      : samples(x.shape[0]), channels(x.shape[1]), span(x.numel / (samples * channels)) {
    narrow = span < kShortSpan;
    width = channels * span;
    columns = narrow ? span : 1;
    part_samples = narrow ? kPartRows : span < kPartElements ? kPartElements / span : 1;
    parts = parts_of(samples, part_samples);
  }
  /** Samples of part p. */
  int64_t samples_in(int64_t p) const { return least(part_samples, samples - p * part_samples); }
  double count() const { return static_cast<double>(samples * span); }
  size_t sums() const { return static_cast<size_t>(parts * channels * columns); }

  int64_t samples, channels, span;
  bool narrow;
  int64_t width;         // elements of a sample
  int64_t columns;       // of a channel that have sums of their own
  int64_t part_samples;  // of a part
  int64_t parts;
};

/** Mean and sum of squared deviations of some elements. */
struct Moments {
  double mean = 0, squares = 0, count = 0;
  /** Those of both sets (Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm", 1979). */
  void join(const Pair& other, double n) {
    const double d = other.first - mean, all = count + n;
    mean += d * (n / all);
    squares += other.second + d * d * (count * n / all);
    count = all;
  }
};

/** Each column's mean (first) and sum of squared deviations (second) over rows of `width` elements. */
template <class T>
void column_moments(const T* x, int64_t rows, int64_t width, int64_t n, Pair* out) {
  T mean[kColumns], first[kColumns], second[kColumns];
  for (int64_t j = 0; j < n; j++) mean[j] = first[j] = second[j] = 0;
  for (int64_t r = 0; r < rows; r++)
    for (int64_t j = 0; j < n; j++) mean[j] += x[r * width + j];
  const T count = static_cast<T>(rows);
  for (int64_t j = 0; j < n; j++) mean[j] /= count;
  for (int64_t r = 0; r < rows; r++)
    for (int64_t j = 0; j < n; j++) {
      const T d = x[r * width + j] - mean[j];
      first[j] += d;
      second[j] += d * d;
    }
  for (int64_t j = 0; j < n; j++) {
    const double shift = static_cast<double>(first[j]) / static_cast<double>(rows);
    out[j] = {static_cast<double>(mean[j]) + shift,
              static_cast<double>(second[j]) - shift * shift * static_cast<double>(rows)};
  }
}

/** The same of stretches of `span` elements, `width` apart. */
template <class T>
Pair plane_moments(const T* x, int64_t samples, int64_t width, int64_t span) {
  const double n = static_cast<double>(samples * span);
  double sum = 0;
  for (int64_t i = 0; i < samples; i++) sum += static_cast<double>(reduce_run<SumOf<T>>(x + i * width, span));
  const T mean = static_cast<T>(sum / n);
  Pair sums;
  for (int64_t i = 0; i < samples; i++) add_moments(x + i * width, span, mean, sums);
  const double shift = sums.first / n;
  return {static_cast<double>(mean) + shift, sums.second - shift * shift * n};
}

/** run(part, channel or first column, columns) for all sums that are to be made, in parallel. */
template <class Run>
void each_sum(const Planes& p, Run run) {
  const int64_t tiles = p.narrow ? parts_of(p.width, kColumns) : p.channels;
  parallel_for(tiles * p.parts, [&](int64_t task) {
    const int64_t part = task / tiles, tile = task % tiles;
    if (p.narrow)
      run(part, tile * kColumns, least(kColumns, p.width - tile * kColumns));
    else
      run(part, tile, int64_t{1});
  });
}

template <class T>
void find_moments(const Planes& p, const T* x, Pair* sums) {
  each_sum(p, [&](int64_t part, int64_t first, int64_t n) {
    const T* const from = x + part * p.part_samples * p.width;
    Pair* const to = sums + part * p.channels * p.columns + first;
    if (p.narrow)
      column_moments(from + first, p.samples_in(part), p.width, n, to);
    else
      *to = plane_moments(from + first * p.span, p.samples_in(part), p.width, p.span);
  });
}

/** Of channel c, from what was found in all its parts. */
Moments joined(const Planes& p, const Pair* sums, int64_t c) {
  Moments m;
  for (int64_t part = 0; part < p.parts; part++)
    for (int64_t k = 0; k < p.columns; k++)
      m.join(sums[(part * p.channels + c) * p.columns + k],
             static_cast<double>(p.samples_in(part) * (p.narrow ? 1 : p.span)));
  return m;
}

/** old (1 - momentum) + value momentum, at place c. */
void blend(const TensorView& v, int64_t c, double momentum, double value) {
  double old;
  load_strided(v.data, v.dtype, c * v.strides[0], 1, 1, &old);
  old = old * (1 - momentum) + value * momentum;
  store_strided(&old, v.data, v.dtype, c * v.strides[0], 1, 1);
}

/** run(channel, first element, elements): whole planes, or samples, each column of which has its own numbers.
 */
template <class Run>
void each_plane(const Planes& p, Run run) {
  const int64_t size = p.narrow ? p.width : p.span, count = p.narrow ? p.samples : p.samples * p.channels;
  const int64_t together = size < kTaskElements ? kTaskElements / size : 1;
  parallel_for(parts_of(count, together), [&](int64_t task) {
    const int64_t end = least(count, (task + 1) * together);
    for (int64_t i = task * together; i < end; i++) run(p.narrow ? 0 : i % p.channels, i * size, size);
  });
}

/** One number for each channel, repeated for each of its columns if they are many. */
template <class T>
const T* spread_out(const Planes& p, const T* of_channels, T* memory) {
  if (p.columns == 1) return of_channels;
  for (int64_t c = 0; c < p.channels; c++)
    for (int64_t k = 0; k < p.columns; k++) memory[c * p.columns + k] = of_channels[c];
  return memory;
}

/** Bytes of `n` rows of numbers, one for each column. */
template <class T>
size_t rows_bytes(const Planes& p, int n) {
  return static_cast<size_t>(n) * static_cast<size_t>(p.channels * p.columns) * sizeof(T);
}

template <class T>
void forward(const Launch& l) {
  const bool training = l.scalar[0].get() != 0, weighted = l.scalar[3].get() != 0;
  const double eps = l.scalar[1].get(), momentum = l.scalar[2].get();
  const TensorView& x = l.in(0);
  const Planes p(x);
  const int at = training ? 1 : 3;
  const T* const weight = weighted ? l.in(at).as<T>() : nullptr;
  const T* const bias = l.scalar[4].get() != 0 ? l.in(at + weighted).as<T>() : nullptr;
  T *const out = l.out(0).as<T>(), *const mean = l.out(1).as<T>(), *const rstd = l.out(2).as<T>();

  const size_t sum_bytes = training ? p.sums() * sizeof(Pair) : 0;
  char* const memory = static_cast<char*>(l.scratch->bytes(sum_bytes + rows_bytes<T>(p, 5)));
  if (training) {
    Pair* const sums = reinterpret_cast<Pair*>(memory);
    find_moments(p, x.as<T>(), sums);
    for (int64_t c = 0; c < p.channels; c++) {
      const Moments m = joined(p, sums, c);
      const double squares = m.squares < 0 ? 0 : m.squares;
      mean[c] = static_cast<T>(m.mean);
      rstd[c] = static_cast<T>(1 / std::sqrt(squares / m.count + eps));
      if (l.outputs == 5) {
        blend(l.out(3), c, momentum, m.mean);
        blend(l.out(4), c, momentum, squares / (m.count - 1));
      }
    }
  } else {
    const TensorView &known = l.in(1), &spread = l.in(2);
    for (int64_t c = 0; c < p.channels; c++) {
      double variance;
      load_strided(known.data, known.dtype, c * known.strides[0], 1, 1, mean + c);
      load_strided(spread.data, spread.dtype, c * spread.strides[0], 1, 1, &variance);
      rstd[c] = static_cast<T>(1 / std::sqrt(variance + eps));
    }
  }

  const int64_t n = p.channels * p.columns;
  T* const scale = reinterpret_cast<T*>(memory + sum_bytes);
  T* const offset = scale + n;
  for (int64_t c = 0; c < p.channels; c++)
    for (int64_t k = 0; k < p.columns; k++) {
      scale[c * p.columns + k] = weight ? rstd[c] * weight[c] : rstd[c];
      offset[c * p.columns + k] = bias ? bias[c] : T{0};
    }
  const T* const center = spread_out(p, mean, offset + n);
  each_plane(p, [&](int64_t c, int64_t first, int64_t size) {
    const T* const from = x.as<T>() + first;
    if (p.narrow)
      return fill_vectors(out + first, size, [&](int64_t i, auto part) {
        return (part(from + i) - part(center + i)) * part(scale + i) + part(offset + i);
      });
    const Vec<T> m = splat(center[c]), s = splat(scale[c]), b = splat(offset[c]);
    fill_vectors(out + first, size, [&](int64_t i, auto part) { return (part(from + i) - m) * s + b; });
  });
}

/** Each column's sums of g and g xhat over rows of `width` elements. */
template <class T>
void column_products(const T* g, const T* x, const T* mean, const T* rstd, int64_t rows, int64_t width,
                     int64_t n, Pair* out) {
  T first[kColumns], second[kColumns];
  for (int64_t j = 0; j < n; j++) first[j] = second[j] = 0;
  for (int64_t r = 0; r < rows; r++)
    for (int64_t j = 0; j < n; j++) {
      const T grad = g[r * width + j];
      first[j] += grad;
      second[j] += grad * ((x[r * width + j] - mean[j]) * rstd[j]);
    }
  for (int64_t j = 0; j < n; j++) out[j] = {static_cast<double>(first[j]), static_cast<double>(second[j])};
}

template <class T>
void backward(const Launch& l) {
  const TensorView &grad = l.in(0), &x = l.in(1);
  const bool training = l.scalar[0].get() != 0;
  const bool wants_x = l.scalar[2].get() != 0, wants_weight = l.scalar[3].get() != 0;
  const bool wants_bias = l.scalar[4].get() != 0;
  const Planes p(x);
  const T *const mean = l.in(2).as<T>(), *const rstd = l.in(3).as<T>();
  const T* const weight = l.scalar[1].get() != 0 ? l.in(4).as<T>() : nullptr;
  T* const out = wants_x ? l.out(0).as<T>() : nullptr;
  T* const ofWeight = wants_weight ? l.out(wants_x).as<T>() : nullptr;
  T* const ofBias = wants_bias ? l.out(wants_x + wants_weight).as<T>() : nullptr;

  const int64_t n = p.channels * p.columns;
  const bool summed = training || wants_weight || wants_bias;
  const size_t sum_bytes = summed ? p.sums() * sizeof(Pair) : 0;
  char* const memory = static_cast<char*>(l.scratch->bytes(sum_bytes + rows_bytes<T>(p, 5)));
  T* const rows = reinterpret_cast<T*>(memory + sum_bytes);
  const T *const center = spread_out(p, mean, rows), *const inverse = spread_out(p, rstd, rows + n);
  // The gradient of x is g scale - shift - (x - mean) slope.
  T *const scale = rows + 2 * n, *const shift = rows + 3 * n, *const slope = rows + 4 * n;
  Pair* const sums = reinterpret_cast<Pair*>(memory);
  if (summed)
    each_sum(p, [&](int64_t part, int64_t first, int64_t count) {
      const int64_t from = part * p.part_samples * p.width, samples = p.samples_in(part);
      Pair* const to = sums + part * n + first;
      if (p.narrow)
        return column_products(grad.as<T>() + from + first, x.as<T>() + from + first, center + first,
                               inverse + first, samples, p.width, count, to);
      Pair of_part;
      for (int64_t i = 0; i < samples; i++) {
        const int64_t place = from + i * p.width + first * p.span;
        add_products(grad.as<T>() + place, x.as<T>() + place, p.span, mean[first], rstd[first], of_part);
      }
      *to = of_part;
    });
  for (int64_t c = 0; c < p.channels; c++) {
    Pair all;
    for (int64_t part = 0; summed && part < p.parts; part++)
      for (int64_t k = 0; k < p.columns; k++) {
        const Pair& one = sums[part * n + c * p.columns + k];
        all.first += one.first;
        all.second += one.second;
      }
    if (ofWeight) ofWeight[c] = static_cast<T>(all.second);
    if (ofBias) ofBias[c] = static_cast<T>(all.first);
    const double inverse_c = static_cast<double>(rstd[c]);
    const double factor = inverse_c * (weight ? static_cast<double>(weight[c]) : 1);
    for (int64_t k = c * p.columns; k < (c + 1) * p.columns; k++) {
      scale[k] = static_cast<T>(factor);
      shift[k] = static_cast<T>(training ? factor * all.first / p.count() : 0);
      slope[k] = static_cast<T>(training ? factor * inverse_c * all.second / p.count() : 0);
    }
  }
  if (!out) return;
  each_plane(p, [&](int64_t c, int64_t first, int64_t size) {
    const T *const g = grad.as<T>() + first, *const from = x.as<T>() + first;
    if (p.narrow && !training)
      return fill_vectors(out + first, size,
                          [&](int64_t i, auto part) { return part(g + i) * part(scale + i); });
    if (p.narrow)
      return fill_vectors(out + first, size, [&](int64_t i, auto part) {
        return part(g + i) * part(scale + i) - part(shift + i) -
               (part(from + i) - part(center + i)) * part(slope + i);
      });
    const Vec<T> a = splat(scale[c]), b = splat(shift[c]), m = splat(center[c]), s = splat(slope[c]);
    if (!training)
      return fill_vectors(out + first, size, [&](int64_t i, auto part) { return part(g + i) * a; });
    fill_vectors(out + first, size,
                 [&](int64_t i, auto part) { return part(g + i) * a - b - (part(from + i) - m) * s; });
  });
}

}  // namespace

void kernel_batchNorm(const Launch& l) { l.compute == DType::f64 ? forward<double>(l) : forward<float>(l); }
void kernel_batchNormBackward(const Launch& l) {
  l.compute == DType::f64 ? backward<double>(l) : backward<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
