// The gradient of a convolution's weight: for each tap the product of the input's channels, read where they
// lie, and of the result's gradient, its channels packed side by side a few rows of the image at a time. Both
// are added up over the places of the result.
#include <utility>

#include "core/parallel.h"
#include "cpu/isa/conv.h"
#include "cpu/isa/gemm_tile.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** A stretch of places: where the first reads the input, which row of the panel it is, and how many there
 * are.
 */
struct Stretch {
  int64_t input, row, count;
};

template <class T>
struct WeightTile {
  const Stretch* stretch;
  int stretches;
  const T* x;
  int64_t channel, step;  // distances: of the input's channels, of what neighbouring places read
  const T* y;             // rows of Tiling::kColumns
  T* w;
  int64_t w_row;
};

/** Adds a tile of R of the input's channels by V vectors of the result's. */
template <class T, int R, int V>
void weight_tile(const WeightTile<T>& t) {
  constexpr int w = Lanes<T>::count, NR = Tiling<T>::kColumns;
  Vec<T> sum[R][V];
#pragma GCC unroll 16
  for (int i = 0; i < R; i++)
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) sum[i][j] = Vec<T>{};
  const int64_t lda = t.channel, step = t.step;
  for (int s = 0; s < t.stretches; s++) {
    const T* const a = t.x + t.stretch[s].input;
    const T* y = t.y + t.stretch[s].row * NR;
    // Addresses of every third row, as in the matrix product.
    const T* row[5] = {a, a + 3 * lda, a + 6 * lda, a + 9 * lda, a + 12 * lda};
    for (int64_t k = 0; k < t.stretch[s].count; k++, y += NR) {
      Vec<T> v[V];
#pragma GCC unroll 4
      for (int j = 0; j < V; j++) v[j] = load(y + j * w);
#pragma GCC unroll 16
      for (int i = 0; i < R; i++) {
        const T x = row[i / 3][(i % 3) * lda];
#pragma GCC unroll 4
        for (int j = 0; j < V; j++) sum[i][j] += x * v[j];
      }
      row[0] += step;
      if (R > 3) row[1] += step;
      if (R > 6) row[2] += step;
      if (R > 9) row[3] += step;
      if (R > 12) row[4] += step;
    }
  }
  T* out = t.w;
#pragma GCC unroll 16
  for (int i = 0; i < R; i++, out += t.w_row)
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) store(out + j * w, load(out + j * w) + sum[i][j]);
}

/** By (rows - 1) * kVectors + vectors - 1. */
template <class T, class Indices>
struct WeightTiles;
template <class T, int... I>
struct WeightTiles<T, std::integer_sequence<int, I...>> {
  static constexpr void (*f[])(const WeightTile<T>&) = {
      weight_tile<T, I / Tiling<T>::kVectors + 1, I % Tiling<T>::kVectors + 1>...};
};
template <class T>
using AllWeightTiles =
    WeightTiles<T, std::make_integer_sequence<int, Tiling<T>::kRows * Tiling<T>::kVectors>>;

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t rounded(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

constexpr int64_t kMostRows = 256;        // of places, at a time
constexpr int64_t kMostPacked = 1 << 17;  // elements, at a time

/** What is done, and where the parts of it lie. Rows of places are numbered through all images. */
template <class T>
struct WeightProduct {
  static constexpr int64_t NR = Tiling<T>::kColumns;
  const Convolution& g;
  const ConvOperands<T> t;
  int64_t width, image_rows, rows, together;  // places of a row; rows of an image, of all, at a time
  int64_t f_panels, f_width, height, c_panels;
  T *packed, *sums;

  WeightProduct(const Convolution& convolution, const ConvOperands<T>& operands, T* scratch)
      : g(convolution), t(operands) {
    width = g.axis[2].out;
    image_rows = g.axis[0].out * g.axis[1].out;
    rows = g.batch * image_rows;
    f_panels = (g.f + NR - 1) / NR;
    f_width = rounded(g.f, Tiling<T>::kWidth);
    const int64_t row = g.groups * f_panels * NR * width;
    together = row ? kMostPacked / row : 1;
    together = together < 1 ? 1 : least(least(together, kMostRows), rows);
    // Channels whose rows fall on the same cache sets are taken fewer at a time.
    const bool alias = g.in_size() * static_cast<int64_t>(sizeof(T)) % 2048 == 0;
    height = alias ? least(6, Tiling<T>::kRows) : Tiling<T>::kRows;
    c_panels = (g.c + height - 1) / height;
    packed = scratch;
    sums = scratch ? scratch + together * row : nullptr;
  }
  int64_t sums_size() const { return g.groups * g.taps() * g.c * f_width; }
  int64_t scratch() const { return together * g.groups * f_panels * NR * width + sums_size(); }
  T* panel(int64_t group, int64_t q) const { return packed + (group * f_panels + q) * together * width * NR; }

  /** The gradient's rows [first, end), channels side by side. */
  void pack(int64_t first, int64_t end) const {
    const int64_t images = (end - 1) / image_rows - first / image_rows + 1;
    parallel_for(g.groups * f_panels * images, [&](int64_t task) {
      const int64_t image = first / image_rows + task % images, q = task / images % f_panels,
                    group = task / images / f_panels;
      const int64_t begin = image * image_rows, from = begin > first ? begin : first,
                    to = least(begin + image_rows, end), count = least(NR, g.f - q * NR);
      const T* const y = t.y + ((image * g.groups + group) * g.f + q * NR) * g.out_size();
      T* const d = panel(group, q) + (from - first) * width * NR;
      const int64_t places = (to - from) * width;
      if (count < NR)
        for (int64_t i = 0; i < places * NR; i++) d[i] = T{0};
      pack_panel(y + (from - begin) * width, g.out_size(), 1, count, places, d, NR);
    });
  }

  /** The stretches that a tap reads the input in, for rows [first, end). */
  int stretches(int64_t tap, int64_t first, int64_t end, Stretch* to) const {
    const ConvAxis &a = g.axis[0], &b = g.axis[1], &c = g.axis[2];
    const int64_t i = tap / (b.kernel * c.kernel), j = tap / c.kernel % b.kernel, k = tap % c.kernel;
    int64_t a0, a1, b0, b1, c0, c1;
    a.inside(i, a0, a1);
    b.inside(j, b0, b1);
    c.inside(k, c0, c1);
    if (c0 >= c1) return 0;
    int n = 0;
    for (int64_t r = first; r < end; r++) {
      const int64_t p = r % image_rows / b.out, q = r % b.out;
      if (p < a0 || p >= a1 || q < b0 || q >= b1) continue;
      const int64_t at = r / image_rows * g.groups * g.c * g.in_size() +
                         (a.source(p, i) * b.in + b.source(q, j)) * c.in + c.source(c0, k);
      to[n++] = {at, (r - first) * width + c0, c1 - c0};
    }
    return n;
  }

  /** Adds what rows [first, end) give to the sums. */
  void add(int64_t first, int64_t end) const {
    const int64_t taps = g.taps();
    parallel_for(g.groups * taps * c_panels, [&](int64_t task) {
      const int64_t q = task % c_panels, tap = task / c_panels % taps, group = task / c_panels / taps;
      Stretch stretch[kMostRows];
      WeightTile<T> tile;
      tile.stretch = stretch;
      tile.stretches = stretches(tap, first, end, stretch);
      if (tile.stretches == 0) return;
      const int64_t low = g.c / c_panels, taller = g.c % c_panels;
      const int64_t c = q * low + least(q, taller);
      const int count = static_cast<int>(low + (q < taller));
      tile.channel = g.in_size();
      tile.step = g.axis[2].stride;
      tile.x = t.x + (group * g.c + c) * g.in_size();
      tile.w_row = f_width;
      for (int64_t f = 0; f < f_panels; f++) {
        const int vectors = static_cast<int>(least(NR, f_width - f * NR) / Tiling<T>::kWidth);
        tile.y = panel(group, f);
        tile.w = sums + ((group * taps + tap) * g.c + c) * f_width + f * NR;
        AllWeightTiles<T>::f[(count - 1) * Tiling<T>::kVectors + vectors - 1](tile);
      }
    });
  }

  /** The sums, [group, tap, c, f], as a weight. */
  void put() const {
    const int64_t taps = g.taps();
    parallel_for(g.groups * g.f, [&](int64_t task) {
      const int64_t group = task / g.f, f = task % g.f;
      T* w = t.w + task * g.c * taps;
      for (int64_t c = 0; c < g.c; c++)
        for (int64_t tap = 0; tap < taps; tap++) *w++ = sums[((group * taps + tap) * g.c + c) * f_width + f];
    });
  }
};

}  // namespace

template <class T>
int64_t weight_scratch(const Convolution& g) {
  return WeightProduct<T>(g, {}, nullptr).scratch();
}

template <class T>
void convolve_weight_tiles(const Convolution& g, const ConvOperands<T>& t, T* scratch) {
  const WeightProduct<T> p(g, t, scratch);
  if (g.c == 0 || g.f == 0) return;
  for (int64_t i = 0; i < p.sums_size(); i++) p.sums[i] = T{0};
  if (p.width > 0)
    for (int64_t first = 0; first < p.rows; first += p.together) {
      const int64_t end = least(first + p.together, p.rows);
      p.pack(first, end);
      p.add(first, end);
    }
  p.put();
}

#define TENON_WEIGHT(T)                                   \
  template int64_t weight_scratch<T>(const Convolution&); \
  template void convolve_weight_tiles(const Convolution&, const ConvOperands<T>&, T*);

TENON_WEIGHT(float)
TENON_WEIGHT(double)

#undef TENON_WEIGHT

}  // namespace TENON_ISA
}  // namespace tenon
