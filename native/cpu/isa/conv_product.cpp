// The weight is packed once. Threads take blocks of columns: for each part of the depth a panel is made from
// the images, and multiplied with all rows of the weight while it is in the cache. Each element adds up in
// the same order, whatever the blocks.
#include "cpu/isa/conv_product.h"

#include "core/parallel.h"
#include "cpu/gemm_scratch.h"
#include "cpu/isa/conv_panel.h"

namespace tenon {
namespace TENON_ISA {

namespace {

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

template <class T>
int64_t panels_of(const PlaceProduct<T>& p) {
  return (p.m + Tiling<T>::kRows - 1) / Tiling<T>::kRows;
}

/** The rows of one panel of A. */
template <class T>
struct PanelRows {
  int64_t first;
  int count;
  PanelRows(const PlaceProduct<T>& p, int64_t q) {
    const int64_t height = p.m / panels_of(p), taller = p.m % panels_of(p);
    first = q * height + least(q, taller);
    count = static_cast<int>(height + (q < taller));
  }
};

/** The weight as panels: of each group, part of the depth, and panel of rows. */
template <class T>
void pack_weight(const PlaceProduct<T>& p, T* packed) {
  const int64_t panels = panels_of(p), depth = p.depth(), part = panel_depth<T>(depth),
                taps = p.places.taps();
  const PlaceAxis *const a = p.places.axis, &last = a[3];
  constexpr int64_t pitch = Tiling<T>::kPitch;
  parallel_for(p.groups * panels, [&](int64_t task) {
    const int64_t group = task / panels, q = task % panels;
    const PanelRows<T> rows(p, q);
    const T* const w = p.weight + group * p.weight_group + rows.first * p.weight_row;
    for (int64_t k0 = 0; k0 < depth; k0 += part) {
      const int64_t deep = least(part, depth - k0);
      T* const to = packed + ((group * depth + k0) * panels + q * deep) * pitch;
      if (p.weight_channel == taps) {  // all taps, in their order
        pack_panel(w + k0, p.weight_row, 1, rows.count, deep, to, pitch);
        continue;
      }
      for (int64_t k = 0; k < deep; k++) {
        const int64_t t = (k0 + k) % taps;
        const int64_t tap = (a[1].tap + t / (a[2].taps * last.taps) * a[1].tap_step) +
                            (a[2].tap + t / last.taps % a[2].taps * a[2].tap_step) +
                            (last.tap + t % last.taps * last.tap_step);
        const T* const from = w + (k0 + k) / taps * p.weight_channel + tap;
        for (int i = 0; i < rows.count; i++) to[k * pitch + i] = from[i * p.weight_row];
      }
    }
  });
}

/** Columns [first, end) of a group's product, of image n alone if that isn't negative. */
template <class T>
struct PlaceBlock {
  int64_t group, n, first, end;
};

/** to[i] = from[i] + more */
template <class T>
void add_number(const T* from, T more, T* to, int64_t n) {
  constexpr int64_t w = Lanes<T>::count;
  int64_t i = 0;
  for (; i + w <= n; i += w) store(to + i, load(from + i) + more);
  if (i < n) store_part(to + i, load_part(from + i, n - i) + more, n - i);
}

/** A buffer's columns to where they belong. */
template <class T>
void put_places(const PlaceProduct<T>& p, const PlaceBlock<T>& b, const T* c, int64_t width) {
  T* const out = p.out + b.group * p.out_group;
  const T* const bias = p.bias ? p.bias + b.group * p.m : nullptr;
  int64_t column = 0;
  for_place_rows(p.places, b.first, b.end - b.first, [&](const PlaceRow& row) {
    int64_t at = 0;
    for (int i = 0; i < 4; i++) at += row.at[i] * p.out_pitch[i];
    for (int64_t i = 0; i < p.m; i++) {
      const T* const from = c + i * width + column;
      T* const to = out + i * p.out_row + at;
      const T more = bias ? bias[i] : T{0};
      if (p.out_pitch[3] == 1)
        add_number(from, more, to, row.count);
      else
        for (int64_t j = 0; j < row.count; j++) to[j * p.out_pitch[3]] = from[j] + more;
    }
    column += row.count;
  });
}

template <class T>
bool multiply_block(const PlaceProduct<T>& product, const T* packed, const PlaceBlock<T>& b) {
  constexpr int NR = Tiling<T>::kColumns;
  PlaceProduct<T> p = product;
  const bool direct = b.n >= 0;
  const int64_t depth = p.depth(), part = panel_depth<T>(depth), panels = panels_of(p);
  const int64_t width = (b.end - b.first + NR - 1) / NR * NR;
  const T* source = p.source + b.group * p.source_group;
  T* const panel = static_cast<T*>(gemm_scratch(0, static_cast<size_t>(part * NR) * sizeof(T)));
  if (!panel) return false;
  T* c;
  int64_t c_row;
  if (direct) {
    source += b.n * p.places.axis[0].pitch;
    p.places.axis[0].count = 1;
    c = p.out + b.group * p.out_group + b.n * p.out_pitch[0] + b.first;
    c_row = p.out_row;
  } else {
    c = static_cast<T*>(gemm_scratch(1, static_cast<size_t>(p.m * width) * sizeof(T)));
    if (!c) return false;
    c_row = width;
  }
  for (int64_t k0 = 0; k0 < depth; k0 += part) {
    const int64_t deep = least(part, depth - k0);
    const T* const weight = packed + (b.group * depth + k0) * panels * Tiling<T>::kPitch;
    for (int64_t j = b.first; j < b.end; j += NR) {
      const int columns = static_cast<int>(least(NR, b.end - j));
      pack_places(p.places, source, p.source_channel, k0, deep, j, columns, panel);
      for (int64_t q = 0; q < panels; q++) {
        const PanelRows<T> rows(p, q);
        Tile<T> t{};
        t.k = deep;
        t.a = weight + q * deep * Tiling<T>::kPitch;
        t.b = panel;
        t.ldb = NR;
        t.c = c + rows.first * c_row + (j - b.first);
        t.ldc = c_row;
        t.accumulate = k0 > 0;
        multiply_panels(t, rows.count, columns);
        if (direct && p.bias && k0 + part >= depth)
          for (int i = 0; i < rows.count; i++) {
            T* const row = t.c + i * c_row;
            add_number(row, p.bias[b.group * p.m + rows.first + i], row, columns);
          }
      }
    }
  }
  if (!direct) put_places(p, b, c, width);
  return true;
}

constexpr double kAlone = 0x1p17;  // products that one thread does sooner than several

/** Whether an image's places fill vectors well enough to be a product of their own. */
template <class T>
bool fills_vectors(int64_t columns) {
  constexpr int64_t w = Tiling<T>::kWidth;
  return columns * 10 >= (columns + w - 1) / w * w * 9;
}

}  // namespace

template <class T>
int64_t packed_size(int64_t groups, int64_t m, int64_t depth) {
  return groups * ((m + Tiling<T>::kRows - 1) / Tiling<T>::kRows) * Tiling<T>::kPitch * depth;
}

template <class T>
bool multiply(const PlaceProduct<T>& p, T* packed) {
  constexpr int64_t NR = Tiling<T>::kColumns;
  if (p.places.columns() == 0 || p.m == 0) return true;
  pack_weight(p, packed);
  const PlaceAxis* const a = p.places.axis;
  const int64_t image = a[1].count * a[2].count * a[3].count;
  const bool dense = p.out_pitch[3] == 1 && (a[2].count == 1 || p.out_pitch[2] == a[3].count) &&
                     (a[1].count == 1 || p.out_pitch[1] == a[2].count * a[3].count);
  const bool direct = dense && fills_vectors<T>(image);
  const int64_t images = direct ? p.batch : 1, columns = direct ? image : p.places.columns();
  int64_t wide = 1024;
  if (!direct && p.m * wide > (1 << 18)) wide = (1 << 18) / p.m;
  // As many blocks as keep the threads busy, if there are so many panels.
  const int64_t threads = num_threads(), wanted = (4 * threads + images * p.groups - 1) / (images * p.groups);
  if (threads > 1 && wide > columns / wanted) wide = columns / wanted;
  wide = wide < NR ? NR : wide / NR * NR;
  const int64_t blocks = (columns + wide - 1) / wide, tasks = images * p.groups * blocks;
  bool failed = false;  // set by any task
  const auto run = [&](int64_t task) {
    const int64_t block = task % blocks, rest = task / blocks;
    const PlaceBlock<T> b{rest % p.groups, direct ? rest / p.groups : -1, block * wide,
                          least(columns, (block + 1) * wide)};
    if (!multiply_block(p, packed, b)) __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
  };
  const double products =
      static_cast<double>(p.groups * p.m * p.depth()) * static_cast<double>(p.places.columns());
  if (products <= kAlone)
    for (int64_t task = 0; task < tasks; task++) run(task);
  else
    parallel_for(tasks, run);
  return !failed;
}

template int64_t packed_size<float>(int64_t, int64_t, int64_t);
template int64_t packed_size<double>(int64_t, int64_t, int64_t);
template bool multiply(const PlaceProduct<float>&, float*);
template bool multiply(const PlaceProduct<double>&, double*);

}  // namespace TENON_ISA
}  // namespace tenon
