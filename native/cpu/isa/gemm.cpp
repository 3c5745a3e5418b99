// GEMM by register tiles on packed panels (Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008). Rows of A are cut into panels of equal height, so that no tile is wasted; an
// operand is used where it lies when packing could not pay. Every element of C adds its products in the same
// order, whatever the split.
#include "cpu/isa/gemm.h"

#include <utility>

#include "core/parallel.h"
#include "cpu/gemm_scratch.h"
#include "cpu/isa/gemm_tile.h"
#include "cpu/isa/reduce.h"
#include "cpu/isa/transpose8.h"
#include "kernels/math.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** How a tile reads A: from a packed panel, along rows (a[i * lda + k]), along columns (a[k * lda + i]). */
enum Layout { kPacked, kAlongRows, kAlongColumns };

/** One tile of C, R x V vectors; kEdge: the last vector is not whole. */
template <class T, int R, int V, int kLayout, bool kEdge>
void micro_kernel(const Tile<T>& t) {
  constexpr int w = Lanes<T>::count;
  Vec<T> c[R][V];
#pragma GCC unroll 16
  for (int i = 0; i < R; i++)
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) c[i][j] = Vec<T>{};
  const T *a = t.a, *b = t.b;
  const int64_t lda = t.lda, ldb = t.ldb;
  // Addresses of every third row: the others are reached from them by an index register.
  const T* row[5] = {a, a + 3 * lda, a + 6 * lda, a + 9 * lda, a + 12 * lda};
#pragma GCC unroll 16
  for (int i = 0; i < R; i++) {
    __builtin_prefetch(t.c + i * t.ldc, 1);
    __builtin_prefetch(t.c + i * t.ldc + w * V - 1, 1);
  }
#pragma GCC unroll 2
  for (int64_t k = 0; k < t.k; k++) {
    Vec<T> v[V];
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) v[j] = kEdge && j == V - 1 ? load_part(b + j * w, t.last) : load(b + j * w);
#pragma GCC unroll 16
    for (int i = 0; i < R; i++) {
      const T x = kLayout == kAlongRows ? row[i / 3][(i % 3) * lda] : a[i];
#pragma GCC unroll 4
      for (int j = 0; j < V; j++) c[i][j] += x * v[j];
    }
    b += ldb;
    if (kLayout == kPacked) {
      a += Tiling<T>::kPitch;
    } else if (kLayout == kAlongColumns) {
      a += lda;
    } else {
      row[0]++;
      if (R > 3) row[1]++;
      if (R > 6) row[2]++;
      if (R > 9) row[3]++;
      if (R > 12) row[4]++;
    }
  }
  T* out = t.c;
  if (t.accumulate) {
#pragma GCC unroll 16
    for (int i = 0; i < R; i++)
#pragma GCC unroll 4
      for (int j = 0; j < V; j++)
        c[i][j] +=
            kEdge && j == V - 1 ? load_part(out + i * t.ldc + j * w, t.last) : load(out + i * t.ldc + j * w);
  }
#pragma GCC unroll 16
  for (int i = 0; i < R; i++, out += t.ldc)
#pragma GCC unroll 4
    for (int j = 0; j < V; j++) {
      if (kEdge && j == V - 1)
        store_part(out + j * w, c[i][j], t.last);
      else
        store(out + j * w, c[i][j]);
    }
}

template <class T>
using MicroKernel = void (*)(const Tile<T>&);

/** The kernels of one layout by (rows - 1) * kVectors + vectors - 1: constants, so that nothing runs at load.
 */
template <class T, int kLayout, bool kEdge, int... I>
struct KernelRow {
  static constexpr MicroKernel<T> f[] = {
      micro_kernel<T, I / Tiling<T>::kVectors + 1, I % Tiling<T>::kVectors + 1, kLayout, kEdge>...};
};
template <class T, int kLayout, bool kEdge, int... I>
constexpr const MicroKernel<T>* kernel_row(std::integer_sequence<int, I...>) {
  return KernelRow<T, kLayout, kEdge, I...>::f;
}
/** Whether A may be read where it lies: for float32, where that pays; elsewhere its kernels would only take
 * room. */
template <class T>
#if defined(__AVX2__) || defined(__aarch64__)
constexpr bool kReadsInPlace = std::is_same_v<T, float>;
#else
constexpr bool kReadsInPlace = false;
#endif

template <class T>
MicroKernel<T> kernel_of(int layout, bool edge, int rows, int vectors) {
  using All = std::make_integer_sequence<int, Tiling<T>::kRows * Tiling<T>::kVectors>;
  const int i = (rows - 1) * Tiling<T>::kVectors + vectors - 1;
  if constexpr (kReadsInPlace<T>) {
    static constexpr const MicroKernel<T>* in_place[2][2] = {
        {kernel_row<T, kAlongRows, false>(All{}), kernel_row<T, kAlongRows, true>(All{})},
        {kernel_row<T, kAlongColumns, false>(All{}), kernel_row<T, kAlongColumns, true>(All{})}};
    if (layout != kPacked) return in_place[layout == kAlongColumns][edge][i];
  }
  static constexpr const MicroKernel<T>* packed[2] = {kernel_row<T, kPacked, false>(All{}),
                                                      kernel_row<T, kPacked, true>(All{})};
  return packed[edge][i];
}

template <class V>
TENON_INLINE V activate(V x, Activation activation) {
  switch (activation) {
    case Activation::relu: return select(x < V{}, V{}, x);
    case Activation::sigmoid: return math::sigmoid(x);
    case Activation::tanh: return math::tanh(x);
    default: return x;
  }
}

/** Bias and activation, on a finished tile that is still in the cache. */
template <class T>
void finish(T* c, int64_t ldc, int rows, int64_t columns, const T* bias, Activation activation) {
  constexpr int64_t w = Lanes<T>::count;
  for (int i = 0; i < rows; i++, c += ldc) {
    int64_t j = 0;
    for (; j + w <= columns; j += w) {
      Vec<T> x = load(c + j);
      if (bias) x += load(bias + j);
      store(c + j, activate(x, activation));
    }
    if (j == columns) continue;
    Vec<T> x = load_part(c + j, columns - j);
    if (bias) x += load_part(bias + j, columns - j);
    store_part(c + j, activate(x, activation), columns - j);
  }
}

// Packing: vectors of `count` elements at distance `step`, one behind the other at `pitch`.

/** count x depth with dense depth (a transpose), eight by eight in registers; what is short of eight repeats
 * the last. */
template <class T>
void pack_transposed(const T* s, int64_t step, int64_t count, int64_t depth, T* d, int64_t pitch) {
  int64_t i = 0;
  if constexpr (std::is_same_v<T, float>) {
    if (depth >= 8)
      for (; i < count; i += 8) {
        const float* p[8];
        for (int q = 0; q < 8; q++) p[q] = s + (i + q < count ? i + q : count - 1) * step;
        int64_t k = 0;
        for (; k + 16 <= depth; k += 16) {
          transpose8(p, k, d + k * pitch + i, pitch);
          transpose8(p, k + 8, d + (k + 8) * pitch + i, pitch);
        }
        if (k + 8 <= depth) {
          transpose8(p, k, d + k * pitch + i, pitch);
          k += 8;
        }
        for (; k < depth; k++)
          for (int q = 0; q < 8; q++) d[k * pitch + i + q] = p[q][k];
      }
  }
  for (; i < count; i++)
    for (int64_t k = 0; k < depth; k++) d[k * pitch + i] = s[i * step + k];
}

/** depth x count with dense count. */
template <class T>
void pack_dense(const T* s, int64_t step, int64_t count, int64_t depth, T* d, int64_t pitch) {
  constexpr int w = Lanes<T>::count;
  if (count == Tiling<T>::kColumns) {
    for (int64_t k = 0; k < depth; k++)
#pragma GCC unroll 4
      for (int j = 0; j < Tiling<T>::kColumns; j += w) store(d + k * pitch + j, load(s + k * step + j));
    return;
  }
  for (int64_t k = 0; k < depth; k++)
    for (int64_t j = 0; j < count; j++) d[k * pitch + j] = s[k * step + j];
}

/** count at distance `step`, depth at distance `along`. */
template <class T>
void pack(const T* s, int64_t step, int64_t along, int64_t count, int64_t depth, T* d, int64_t pitch) {
  if (along == 1) return pack_transposed(s, step, count, depth, d, pitch);
  if (step == 1) return pack_dense(s, along, count, depth, d, pitch);
  for (int64_t k = 0; k < depth; k++)
    for (int64_t i = 0; i < count; i++) d[k * pitch + i] = s[i * step + k * along];
}

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/** Dense rows of A by one dense column: kRows of them side by side, each with kSums sums, in the same order
 * whatever its neighbours. */
template <class T, int kRows, int kSums>
void row_products(const Gemm<T>& g, int64_t first) {
  constexpr int64_t w = Lanes<T>::count;
  const T* const a = g.a + first * g.a_row;
  Vec<T> sums[kRows][kSums] = {};
  int64_t k = 0;
  for (; k + kSums * w <= g.k; k += kSums * w)
#pragma GCC unroll 8
    for (int s = 0; s < kSums; s++) {
      const Vec<T> b = load(g.b + k + s * w);
#pragma GCC unroll 4
      for (int i = 0; i < kRows; i++) sums[i][s] += load(a + i * g.a_row + k + s * w) * b;
    }
  for (; k + w <= g.k; k += w) {
    const Vec<T> b = load(g.b + k);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) sums[i][0] += load(a + i * g.a_row + k) * b;
  }
  if (const int64_t n = g.k - k) {
    const Vec<T> b = load_part(g.b + k, n);
#pragma GCC unroll 4
    for (int i = 0; i < kRows; i++) sums[i][1] += load_part(a + i * g.a_row + k, n) * b;
  }
#pragma GCC unroll 4
  for (int i = 0; i < kRows; i++) {
    T& c = g.c[(first + i) * g.c_row];
    Vec<T> sum = sums[i][0];
#pragma GCC unroll 8
    for (int s = 1; s < kSums; s++) sum += sums[i][s];
    const T product = join_lanes<SumOf<T>>(sum);
    c = g.accumulate ? c + product : product;
  }
}

/** Whether it is dense rows by a dense vector. */
template <class T>
bool is_vector_product(const Gemm<T>& g) {
  return g.n == 1 && g.a_col == 1 && g.b_row == 1 && g.k >= 2 * Lanes<T>::count;
}

template <class T>
void multiply_vector(const Gemm<T>& g) {
  int64_t i = 0;
  // Long rows one after the other: memory is read ahead best in one stream.
  if (g.k >= 32 * Lanes<T>::count)
    for (; i < g.m; i++) row_products<T, 1, 4>(g, i);
  for (; i + 4 <= g.m; i += 4) row_products<T, 4, 2>(g, i);
  for (; i < g.m; i++) row_products<T, 1, 2>(g, i);
  if (!g.bias && g.activation == Activation::none) return;
  for (i = 0; i < g.m; i++) finish(g.c + i * g.c_row, g.c_row, 1, 1, g.bias, g.activation);
}

/** Elements that fit on the stack: small products ask nobody for memory. */
constexpr int64_t kStack = 2048;

/** How one product is done, and its parts: panels of B, and rows of C by panels of B. */
template <class T>
struct Product {
  using Tl = Tiling<T>;
  static constexpr int NR = Tl::kColumns;

  const Gemm<T>& g;
  bool pack_a, pack_b;
  int layout;  // of A
  int64_t lda;

  // Where an operand lies it can be used if one of its strides is 1, and should be if packing would not be
  // repaid, or if its rows fall on the same cache sets.
  explicit Product(const Gemm<T>& product) : g(product) {
    constexpr int64_t size = sizeof(T);
    const int64_t panels_n = (g.n + NR - 1) / NR, panels_m = (g.m + Tl::kRows - 1) / Tl::kRows;
    const bool a_rows = g.a_col == 1 || g.k == 1, a_columns = g.a_row == 1 || g.m == 1;
    const bool a_aliases = a_rows && (g.a_row * size) % 2048 == 0 && g.m > 7;
    pack_a = !kReadsInPlace<T> || (!a_rows && !a_columns) ||
             ((a_aliases ? panels_n > 1 : panels_n > 8) && g.k > 8);
    const bool b_dense = g.b_col == 1 || g.n == 1, b_aliases = (g.b_row * size) % 1024 == 0;
    pack_b = !b_dense || panels_m > (b_aliases ? 3 : 12);
    layout = pack_a ? kPacked : a_rows ? kAlongRows : kAlongColumns;
    lda = layout == kAlongRows ? g.a_row : g.a_col;
  }

  /** How many of the products from k0 on are added at a time. */
  int64_t depth_from(int64_t k0) const {
    const int64_t rest = g.k - k0;
    return rest <= Tl::kDepth ? rest : rest < 2 * Tl::kDepth ? (rest / 2 + 7) / 8 * 8 : Tl::kDepth;
  }

  /** A part of the sums (depth products from k0 on) for a part of the columns (wide, from j0 on). */
  struct Part {
    int64_t k0, depth, j0, wide;
    int64_t panels() const { return (wide + NR - 1) / NR; }
    int64_t elements() const { return panels() * NR * depth; }
  };

  /** The panels [first, end) of a part of B. */
  void pack_panels(const Part& part, int64_t first, int64_t end, T* packed) const {
    for (int64_t j = first * NR; j < least(end * NR, part.wide); j += NR)
      pack(g.b + part.k0 * g.b_row + (part.j0 + j) * g.b_col, g.b_col, g.b_row, least(NR, part.wide - j),
           part.depth, packed + j * part.depth, NR);
  }

  /** Rows [i0, i0 + high) of C by a part of B; false: no memory for A's panels. */
  bool rows(const Part& part, const T* packed_b, int64_t i0, int64_t high) const {
    alignas(64) T stack[kStack];
    const int64_t panels = (high + Tl::kRows - 1) / Tl::kRows;
    const int64_t height = high / panels, taller = high % panels;
    T* packed_a = nullptr;
    if (pack_a) {
      const int64_t elements = panels * Tl::kPitch * part.depth;
      packed_a = elements <= kStack
                     ? stack
                     : static_cast<T*>(gemm_scratch(1, static_cast<size_t>(elements) * sizeof(T)));
      if (!packed_a) return false;
      for (int64_t q = 0, i = i0; q < panels; q++) {
        const int64_t count = height + (q < taller);
        pack(g.a + i * g.a_row + part.k0 * g.a_col, g.a_row, g.a_col, count, part.depth,
             packed_a + q * Tl::kPitch * part.depth, Tl::kPitch);
        i += count;
      }
    }
    const bool finishes = part.k0 + part.depth >= g.k && (g.bias || g.activation != Activation::none);
    for (int64_t j = 0; j < part.wide; j += NR) {
      const int columns = static_cast<int>(least(NR, part.wide - j));
      const int vectors = (columns + Tl::kWidth - 1) / Tl::kWidth;
      Tile<T> t;
      t.k = part.depth;
      t.lda = lda;
      t.b = packed_b ? packed_b + j * part.depth : g.b + part.k0 * g.b_row + part.j0 + j;
      t.ldb = packed_b ? NR : g.b_row;
      t.ldc = g.c_row;
      t.last = columns - (vectors - 1) * Tl::kWidth;
      t.accumulate = part.k0 > 0 || g.accumulate;
      for (int64_t q = 0, i = i0; q < panels; q++) {
        const int count = static_cast<int>(height + (q < taller));
        t.a = pack_a ? packed_a + q * Tl::kPitch * part.depth : g.a + i * g.a_row + part.k0 * g.a_col;
        t.c = g.c + i * g.c_row + part.j0 + j;
        kernel_of<T>(layout, t.last != Tl::kWidth, count, vectors)(t);
        if (finishes)
          finish(t.c, t.ldc, count, columns, g.bias ? g.bias + part.j0 + j : nullptr, g.activation);
        i += count;
      }
    }
    return true;
  }

  /** run(part) for all parts, one after the other, until it returns false. */
  template <class Run>
  bool each_part(Run run) const {
    int64_t k0 = 0;
    do {
      const int64_t depth = depth_from(k0);
      for (int64_t j0 = 0; j0 < g.n; j0 += Tl::kWide)
        if (!run(Part{k0, depth, j0, least(Tl::kWide, g.n - j0)})) return false;
      k0 += depth;
    } while (k0 < g.k);
    return true;
  }
};

/** Memory for the packed panels of a part of B. */
template <class T>
T* room_for(int64_t elements, T (&stack)[kStack]) {
  return elements <= kStack ? stack
                            : static_cast<T*>(gemm_scratch(0, static_cast<size_t>(elements) * sizeof(T)));
}

template <class T>
bool gemm_alone(const Gemm<T>& g) {
  constexpr int64_t high = Tiling<T>::kHigh;
  if (is_vector_product(g)) {
    multiply_vector(g);
    return true;
  }
  alignas(64) T stack[kStack];
  const Product<T> product(g);
  return product.each_part([&](const auto& part) {
    T* packed = nullptr;
    if (product.pack_b) {
      packed = room_for(part.elements(), stack);
      if (!packed) return false;
      product.pack_panels(part, 0, part.panels(), packed);
    }
    for (int64_t i0 = 0; i0 < g.m; i0 += high)
      if (!product.rows(part, packed, i0, least(high, g.m - i0))) return false;
    return true;
  });
}

/** Blocks of rows are shared out among threads as they come for them; B is packed once, by all. */
template <class T>
bool gemm_by_rows(const Product<T>& product, int threads) {
  constexpr int64_t kRows = Tiling<T>::kRows, kPackTask = 16384;
  const Gemm<T>& g = product.g;
  alignas(64) T stack[kStack];
  // Whole tiles, a few blocks for each thread.
  const int64_t panels = (g.m + kRows - 1) / kRows, blocks = least(panels, int64_t{4} * threads);
  const int64_t high = least((panels + blocks - 1) / blocks * kRows, Tiling<T>::kHigh);
  return product.each_part([&](const auto& part) {
    T* packed = nullptr;
    if (product.pack_b) {
      packed = room_for(part.elements(), stack);
      if (!packed) return false;
      const int64_t together = least(kPackTask / (Tiling<T>::kColumns * part.depth + 1) + 1, part.panels());
      parallel_for((part.panels() + together - 1) / together, [&](int64_t task) {
        product.pack_panels(part, task * together, least((task + 1) * together, part.panels()), packed);
      });
    }
    bool failed = false;  // set by any task
    parallel_for((g.m + high - 1) / high, [&](int64_t task) {
      const int64_t i0 = task * high;
      if (!product.rows(part, packed, i0, least(high, g.m - i0)))
        __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
    });
    return !failed;
  });
}

/** Rows by a vector, in equal parts. */
template <class T>
void multiply_vector_shared(const Gemm<T>& g, int threads) {
  const int64_t tasks = least(threads, g.m);
  parallel_for(tasks, [&](int64_t task) {
    const int64_t first = g.m * task / tasks;
    Gemm<T> part = g;
    part.m = g.m * (task + 1) / tasks - first;
    part.a += first * g.a_row;
    part.c += first * g.c_row;
    multiply_vector(part);
  });
}

/** Columns, at panels, in equal parts. */
template <class T>
bool gemm_by_columns(const Gemm<T>& g, int threads) {
  constexpr int64_t kColumns = Tiling<T>::kColumns;
  const int64_t panels = (g.n + kColumns - 1) / kColumns, tasks = least(threads, panels);
  bool failed = false;  // set by any task
  parallel_for(tasks, [&](int64_t task) {
    const int64_t first = panels * task / tasks * kColumns,
                  end = least(panels * (task + 1) / tasks * kColumns, g.n);
    Gemm<T> part = g;
    part.n = end - first;
    part.b += first * g.b_col;
    part.c += first;
    if (part.bias) part.bias += first;
    if (!gemm_alone(part)) __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
  });
  return !failed;
}

constexpr int64_t kAloneProducts = int64_t{1} << 18;  // m n k up to which one thread is faster than two

template <class T>
bool gemm_any(const Gemm<T>& g) {
  if (g.m == 0 || g.n == 0) return true;
  const int threads = g.m * g.n <= kAloneProducts && g.m * g.n * g.k <= kAloneProducts ? 1 : num_threads();
  if (threads == 1) return gemm_alone(g);
  if (is_vector_product(g)) {
    multiply_vector_shared(g, threads);
    return true;
  }
  // Of the operand along the longer side each thread packs its own part.
  return 2 * g.m >= g.n ? gemm_by_rows(Product<T>(g), threads) : gemm_by_columns(g, threads);
}

}  // namespace

bool gemm(const Gemm<float>& g) { return gemm_any(g); }
bool gemm(const Gemm<double>& g) { return gemm_any(g); }
bool gemm_here(const Gemm<float>& g) { return g.m == 0 || g.n == 0 || gemm_alone(g); }
bool gemm_here(const Gemm<double>& g) { return g.m == 0 || g.n == 0 || gemm_alone(g); }

template <class T>
void multiply_panels(const Tile<T>& t, int rows, int columns) {
  constexpr int w = Tiling<T>::kWidth;
  const int vectors = (columns + w - 1) / w;
  Tile<T> tile = t;
  tile.last = columns - (vectors - 1) * w;
  kernel_of<T>(kPacked, tile.last != w, rows, vectors)(tile);
}
template void multiply_panels(const Tile<float>&, int, int);
template void multiply_panels(const Tile<double>&, int, int);

template <class T>
void pack_panel(const T* s, int64_t step, int64_t along, int64_t count, int64_t depth, T* d, int64_t pitch) {
  pack(s, step, along, count, depth, d, pitch);
}
template void pack_panel(const float*, int64_t, int64_t, int64_t, int64_t, float*, int64_t);
template void pack_panel(const double*, int64_t, int64_t, int64_t, int64_t, double*, int64_t);

}  // namespace TENON_ISA
}  // namespace tenon
