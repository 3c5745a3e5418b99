#include "cuda/gemm.h"

#include "cuda/blas.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

/** Kernels that do the same with tiles of several sizes, the largest first; one or two are enough for some.
 */
struct Family {
  TiledKernel size[3];
  const char* join;
  int64_t sum_bytes;  // of a sum
};

constexpr Family kF32 = {
    {{"gemm_large_f32", kLargeTile}, {"gemm_medium_f32", kMediumTile}, {"gemm_small_f32", kSmallTile}},
    "gemm_join_f32",
    4};
constexpr Family kF64 = {
    {{"gemm_medium_f64", kMediumShallowTile}, {"gemm_small_f64", kSmallShallowTile}, {}}, "gemm_join_f64", 8};
constexpr Family kI32 = {{{"gemm_small_i32", kSmallTile}, {}, {}}, "gemm_join_i32", 4};
constexpr Family kI64 = {{{"gemm_small_i64", kSmallShallowTile}, {}, {}}, "gemm_join_i64", 8};
constexpr Family kAnyF32 = {
    {{"gemm_medium_any_f32", kMediumTile}, {"gemm_small_any_f32", kSmallTile}, {}}, "gemm_join_f32", 4};
constexpr Family kAnyI32 = {{{"gemm_small_any_i32", kSmallShallowTile}, {}, {}}, "gemm_join_i32", 4};
constexpr Family kF16 = {
    {{"gemm_large_f16", kLargeHalfTile}, {"gemm_small_f16", kSmallHalfTile}, {}}, "gemm_join_f32", 4};
constexpr Family kBf16 = {
    {{"gemm_large_bf16", kLargeHalfTile}, {"gemm_small_bf16", kSmallHalfTile}, {}}, "gemm_join_f32", 4};

bool on_tensor_cores(const Family& f) { return &f == &kF16 || &f == &kBf16; }

const Family& family_of(const Gemm& g, const Queue& q) {
  switch (g.type) {
    case DType::f32: return kF32;
    case DType::f64: return kF64;
    case DType::i32: return kI32;
    case DType::i64: return kI64;
    case DType::f16: return q.capability() >= 80 ? kF16 : kAnyF32;
    case DType::bf16: return q.capability() >= 80 ? kBf16 : kAnyF32;
    default: return kAnyI32;
  }
}

// So many tiles keep a large GPU busy; with fewer, smaller ones are taken, as for matrices that would leave
// half of a tile empty.
constexpr int64_t kManyTiles = 96;
// With still fewer, k is cut to parts, so that there are about so many blocks, each with enough to do.
constexpr int64_t kWantedBlocks = 256;
constexpr int64_t kLeastPart = 256;
constexpr int64_t kMostParts = 64;
// A part is of whole panels.
constexpr int64_t kPanel = 32;

// So many blocks a multiprocessor at most: they go on to other items if there are more.
constexpr int64_t kMostBlocks = 256;

int64_t count_tiles(const GemmTile& t, int64_t m, int64_t n, int64_t batches) {
  return divide_up(m, t.rows) * divide_up(n, t.columns) * batches;
}

/**
 * Where B is the same for a whole dimension of the batch, and A's matrices follow each other as their rows
 * do, they are one matrix.
 */
void fold_rows(Gemm& g) {
  while (g.batch.count) {
    const Dim<2>& last = g.batch.at[g.batch.count - 1];
    if (last.stride[1] != 0 || (g.m != 1 && last.stride[0] != g.m * g.a_row)) return;
    if (g.m == 1) g.a_row = last.stride[0];
    g.m *= last.size;
    g.batch.count--;
  }
}

/** What kernels are told of the output. */
GemmParameters result_of(const Gemm& g) {
  GemmParameters p = {};
  p.bias = g.bias;
  p.bias_stride = g.bias_stride;
  p.out = g.out;
  p.m = g.m;
  p.n = g.n;
  p.k = p.part = g.k;
  p.parts = 1;
  p.batches = g.batch.numel();
  p.type = g.type;
  p.activation = g.activation;
  return p;
}

void join(const GemmParameters& p, const char* kernel, Queue& q) {
  q.launch(kernel, {blocks_for(p.batches * p.m * p.n, kJoinThreads, 1, q)}, kJoinThreads, p);
}

// Sums of halves in float32, to which bias and activation are still to come, take no more memory than this.
constexpr int64_t kMostWideBytes = int64_t{256} << 20;

/** False when cuBLAS is not to make this product, or can't. */
bool multiply_by_blas(const Gemm& g, Queue& q) {
  BlasProduct product;
  if (!prefers_blas(g, q.capability()) || !as_blas_product(g, product)) return false;
  GemmParameters p = result_of(g);
  const bool finished = !g.bias && g.activation == Activation::none;
  const bool wide = !finished && element_size(g.type) == 2;
  const int64_t wide_bytes = wide ? divide_up(p.batches * p.m * p.n * 4, 256) * 256 : 0;
  if (wide_bytes > kMostWideBytes) return false;
  Blas* const blas = q.blas();
  if (!blas) return false;
  char* const memory = static_cast<char*>(q.scratch(static_cast<size_t>(wide_bytes) + Blas::kWorkspace));
  p.partial = wide ? memory : g.out;
  if (!blas->multiply(product, g.type, p.partial, wide ? DType::f32 : g.type, memory + wide_bytes))
    return false;
  if (!finished) join(p, g.type == DType::f64 ? kF64.join : kF32.join, q);
  return true;
}

}  // namespace

TileChoice choose_tiles(const TiledKernel (&kernels)[3], int64_t m, int64_t n, int64_t k, int64_t batches) {
  TileChoice c = {0, 0, 1, k};
  const auto tiles_of = [&](int s) { return count_tiles(kernels[s].tile, m, n, batches); };
  const auto fills = [&](const GemmTile& t) { return m > t.rows / 2 && n > t.columns / 2; };
  while (c.size < 2 && kernels[c.size + 1].name &&
         (tiles_of(c.size) < kManyTiles || !fills(kernels[c.size].tile)))
    c.size++;
  c.tiles = tiles_of(c.size);
  if (c.tiles < kWantedBlocks / 2) {
    const int64_t parts = clamp(kWantedBlocks / c.tiles, int64_t{1}, kMostParts);
    const int64_t part = divide_up(divide_up(k, parts), kPanel) * kPanel;
    c.part = part < kLeastPart ? kLeastPart : part;
    c.parts = c.part < k ? divide_up(k, c.part) : 1;
  }
  return c;
}

unsigned blocks_of_items(int64_t items, const Queue& q) {
  return static_cast<unsigned>(clamp(items, int64_t{1}, kMostBlocks * q.multiprocessors()));
}

void gemm(Gemm g, Queue& q) {
  if (g.m == 0 || g.n == 0 || g.batch.numel() == 0) return;
  fold_rows(g);
  if (multiply_by_blas(g, q)) return;
  GemmParameters p = result_of(g);
  p.a = {g.a, g.a_row, g.a_column, lies_along_k(g.m, g.a_row, g.k, g.a_column)};
  p.b = {g.b, g.b_column, g.b_row, lies_along_k(g.n, g.b_column, g.k, g.b_row)};
  p.dims = g.batch.count;
  g.batch.copy_to(p.dim);

  const Family& family = family_of(g, q);
  const TileChoice choice = choose_tiles(family.size, g.m, g.n, g.k, p.batches);
  const TiledKernel& kernel = family.size[choice.size];
  p.part = choice.part;
  p.parts = choice.parts;
  if (p.parts > 1)
    p.partial = q.scratch(static_cast<size_t>(p.parts * p.batches * p.m * p.n * family.sum_bytes));
  q.launch(kernel.name, {blocks_of_items(choice.tiles * p.parts, q)}, kernel.tile.threads, p,
           on_tensor_cores(family) ? half_shared_bytes(kernel.tile) : 0);
  if (p.parts > 1) join(p, family.join, q);
}

}  // namespace cuda
}  // namespace tenon
