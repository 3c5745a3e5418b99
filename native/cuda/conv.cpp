// convolution and its two gradients: which kernels make them. kernels/conv.cu and conv_weight.cu make
// products in tiles, kernels/conv_half.cu those of halves on tensor cores, kernels/conv_direct.cu what tiles
// don't suit, gemm() what is a product of matrices as it lies.
#include "cuda/conv.h"

#include "cuda/conv_pack.h"
#include "cuda/gemm.h"
#include "cuda/kernel_table.h"
#include "cuda/kernels/conv.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

int64_t greatest_divisor(int64_t a, int64_t b) {
  while (b) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/** The x of which a x is 1 modulo n; they have no common divisor. By Euclid's algorithm. */
int64_t inverse_modulo(int64_t a, int64_t n) {
  int64_t r = n, next_r = a % n, x = 0, next_x = 1;
  while (next_r) {
    const int64_t whole = r / next_r, rest = r - whole * next_r, y = x - whole * next_x;
    r = next_r, next_r = rest;
    x = next_x, next_x = y;
  }
  return x < 0 ? x + n : x % n;
}

}  // namespace

ConvAxis conv_axis(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding,
                   int64_t dilation) {
  ConvAxis a = {};
  a.in = in;
  a.out = out;
  a.kernel = kernel;
  a.padding = padding;
  a.dilation = dilation;
  a.stride = divisor(stride);
  a.common = greatest_divisor(stride, dilation);
  a.every = divisor(stride / a.common);
  a.apart = dilation / a.common;
  a.inverse = inverse_modulo(a.apart, a.every.size);
  return a;
}

bool is_narrow(const ConvAxis& a) {
  const auto as_double = [](int64_t n) { return static_cast<double>(n); };
  return a.stride.size <= 1 << 15 && as_double(a.out) * as_double(a.stride.size) +
                                             as_double(a.kernel) * as_double(a.dilation) +
                                             as_double(a.padding) + as_double(a.in) <
                                         0x1p29;
}

namespace {

/** Every position is by itself. */
bool is_plain(const ConvAxis& a) {
  return a.kernel == 1 && a.stride.size == 1 && a.padding == 0 && a.in == a.out;
}

/** What a launch computes, operands apart. */
struct Convolution {
  int64_t batch, groups, c, f;  // channels of a group: of the input, of the output
  ConvAxis axis[3];

  Convolution(const Launch& l, const TensorView& x, const TensorView& w, const TensorView& y) {
    const int dims = x.rank - 2;
    groups = l.scalar[3 * dims].integer();
    batch = x.shape[0];
    c = w.shape[1];
    f = w.shape[0] / groups;
    for (int i = 0; i < 3 - dims; i++) axis[i] = plain_axis(1);
    for (int i = 0; i < dims; i++)
      axis[3 - dims + i] = conv_axis(x.shape[2 + i], y.shape[2 + i], w.shape[2 + i], l.scalar[i].integer(),
                                     l.scalar[dims + i].integer(), l.scalar[2 * dims + i].integer());
    // One dimension of neighbours that no kernel reaches across.
    for (int turn = 0; turn < 3; turn++) {
      const int i = (turn + 1) % 2;
      if (!is_plain(axis[i]) || !is_plain(axis[i + 1])) continue;
      axis[i + 1] = plain_axis(axis[i].in * axis[i + 1].in);
      axis[i] = plain_axis(1);
    }
  }
  /** No kernel reaches anything but its own place: products of matrices, image by image. */
  bool is_product() const { return is_plain(axis[0]) && is_plain(axis[1]) && is_plain(axis[2]); }
  int64_t taps() const { return axis[0].kernel * axis[1].kernel * axis[2].kernel; }
  /** Groups of so few channels that tiles would be mostly empty. */
  bool has_small_groups() const { return groups > 1 && c * f <= 16; }

 private:
  static ConvAxis plain_axis(int64_t size) { return conv_axis(size, size, 1, 1, 0, 1); }
};

/** What kernels are told; `transposed` and the operands aside, the same for all three ops. */
ConvParameters parameters_of(const Convolution& g, bool transposed, const TensorView& out) {
  ConvParameters p = {};
  p.out = out.data;
  p.numel = out.numel;
  p.type = out.dtype;
  p.batch = g.batch;
  p.groups = g.groups;
  p.channels = transposed ? g.f : g.c;
  p.m = transposed ? g.c : g.f;
  p.transposed = transposed;
  p.taps = g.taps();
  p.weight_row = transposed ? p.taps : g.c * p.taps;
  p.weight_channel = transposed ? g.c * p.taps : p.taps;
  p.weight_group = g.f * g.c * p.taps;
  p.plane = p.placed_plane = 1;
  int64_t tap_pitch = 1, places = 1;
  for (int d = 2; d >= 0; d--) {
    const ConvAxis& a = g.axis[d];
    p.axis[d] = a;
    p.size[d] = transposed ? a.out : a.in;
    p.placed[d] = transposed ? a.in : a.out;
    p.pitch[d] = p.plane;
    p.placed_pitch[d] = p.placed_plane;
    p.tap_pitch[d] = tap_pitch;
    p.plane *= p.size[d];
    p.placed_plane *= p.placed[d];
    tap_pitch *= a.kernel;
    p.classes[d] = transposed ? clamp(a.stride.size, int64_t{1}, p.placed[d]) : 1;
    const int64_t placed = transposed ? divide_up(p.placed[d], a.stride.size) : p.placed[d];
    p.class_placed[d] = divisor(placed);
    p.by_placed[d] = divisor(p.placed[d]);
    places *= placed;
  }
  p.class_places = divisor(places);
  p.by_plane = divisor(p.placed_plane);
  p.by_rows = divisor(p.m);
  p.by_groups = divisor(p.groups);
  p.parts = 1;
  return p;
}

/**
 * Whether offsets within a group of an image, where each position has `together` elements, are less than
 * 2^31, and so are numbers of places and taps.
 */
bool fits_tiles(const ConvParameters& p, int64_t together) {
  const auto as_double = [](int64_t n) { return static_cast<double>(n); };
  double reach = as_double(p.plane);
  bool narrow = is_narrow(p.batch) && p.placed_plane < int64_t{1} << 30 && is_narrow(p.weight_group);
  for (int d = 0; d < 3; d++) {
    const ConvAxis& a = p.axis[d];
    narrow &= is_narrow(a);
    reach += as_double(a.kernel) * as_double(a.dilation) * as_double(p.pitch[d]);
  }
  return narrow && reach * as_double(together) < 0x1p31 && as_double(p.taps) * as_double(together) < 0x1p31;
}

/** As choose_tiles() takes them. */
using Tiles = TiledKernel[3];

/** Names of the kernels that do the same for one dtype. */
struct ConvKernels {
  Tiles tiled;  // none: only direct
  const char *direct, *wide, *join;
  int64_t sum_bytes;
};

const ConvKernels& kernels_of(DType type, bool of_weight) {
  static constexpr ConvKernels f32[] = {
      {{{"conv_large_f32", kLargeTile}, {"conv_medium_f32", kMediumTile}, {"conv_small_f32", kSmallTile}},
       "conv_direct_f32",
       "conv_wide_any_f32",
       "conv_join_f32",
       4},
      {{{"conv_weight_large_f32", kLargeTile},
        {"conv_weight_medium_f32", kMediumTile},
        {"conv_weight_small_f32", kSmallTile}},
       "conv_weight_direct_f32",
       "conv_weight_wide_any_f32",
       "conv_join_f32",
       4}};
  static constexpr ConvKernels f64[] = {
      {{{"conv_medium_f64", kMediumShallowTile}, {"conv_small_f64", kSmallShallowTile}, {}},
       "conv_direct_f64",
       "conv_wide_f64",
       "conv_join_f64",
       8},
      {{{"conv_weight_medium_f64", kMediumShallowTile}, {"conv_weight_small_f64", kSmallShallowTile}, {}},
       "conv_weight_direct_f64",
       "conv_weight_wide_f64",
       "conv_join_f64",
       8}};
  static constexpr ConvKernels f16[] = {{{{"conv_medium_f16", kMediumTile}, {}, {}},
                                         "conv_direct_f16",
                                         "conv_wide_any_f32",
                                         "conv_join_f32",
                                         4},
                                        {{{"conv_weight_medium_f16", kMediumTile}, {}, {}},
                                         "conv_weight_direct_f16",
                                         "conv_weight_wide_any_f32",
                                         "conv_join_f32",
                                         4}};
  static constexpr ConvKernels bf16[] = {{{{"conv_medium_bf16", kMediumTile}, {}, {}},
                                          "conv_direct_bf16",
                                          "conv_wide_any_f32",
                                          "conv_join_f32",
                                          4},
                                         {{{"conv_weight_medium_bf16", kMediumTile}, {}, {}},
                                          "conv_weight_direct_bf16",
                                          "conv_weight_wide_any_f32",
                                          "conv_join_f32",
                                          4}};
  static constexpr ConvKernels i64[] = {{{}, nullptr, "conv_wide_i64", "conv_join_i64", 8},
                                        {{}, nullptr, "conv_weight_wide_i64", "conv_join_i64", 8}};
  static constexpr ConvKernels any_i32[] = {{{}, nullptr, "conv_wide_any_i32", "conv_join_i32", 4},
                                            {{}, nullptr, "conv_weight_wide_any_i32", "conv_join_i32", 4}};
  switch (type) {
    case DType::f32: return f32[of_weight];
    case DType::f64: return f64[of_weight];
    case DType::f16: return f16[of_weight];
    case DType::bf16: return bf16[of_weight];
    case DType::i64: return i64[of_weight];
    default: return any_i32[of_weight];
  }
}

void join_parts(const ConvParameters& p, const ConvKernels& kernels, Queue& q) {
  if (p.parts > 1) q.launch(kernels.join, {blocks_for(p.numel, kConvThreads, 1, q)}, kConvThreads, p);
}

// On tensor cores from so many multiplications on, which is when it pays to pack the operands, if they are
// then no larger than this.
constexpr double kTensorProducts = 0x1p21;
constexpr int64_t kMostPacked = int64_t{4} << 30;

/** Tiles that multiply halves on tensor cores; null where there are none, or it would not pay. */
const Tiles* tensor_tiles(const ConvParameters& p, bool of_weight, double products, const Queue& q) {
  static constexpr Tiles f16[] = {
      {{"conv_tensor_large_f16", kLargeHalfTile}, {"conv_tensor_small_f16", kSmallHalfTile}, {}},
      {{"conv_weight_tensor_large_f16", kLargeHalfTile},
       {"conv_weight_tensor_small_f16", kSmallHalfTile},
       {}}};
  static constexpr Tiles bf16[] = {
      {{"conv_tensor_large_bf16", kLargeHalfTile}, {"conv_tensor_small_bf16", kSmallHalfTile}, {}},
      {{"conv_weight_tensor_large_bf16", kLargeHalfTile},
       {"conv_weight_tensor_small_bf16", kSmallHalfTile},
       {}}};
  if (q.capability() < 80 || element_size(p.type) != 2 || products < kTensorProducts ||
      !fits_tiles(p, p.padded) || packed_bytes(p, of_weight) > kMostPacked)
    return nullptr;
  return p.type == DType::f16 ? &f16[of_weight] : &bf16[of_weight];
}

/** The products in tiles, of each group and class. `taps`: of the largest class. */
void run_tiles(ConvParameters& p, const ConvKernels& kernels, bool of_weight, int64_t taps, Queue& q) {
  const int64_t products = p.groups * p.classes[0] * p.classes[1] * p.classes[2];
  const int64_t places = p.batch * p.class_places.size;
  set_padded(p);
  const auto as_double = [](int64_t n) { return static_cast<double>(n); };
  const double multiplications =
      as_double(products * p.m) * as_double(places) * as_double(p.channels) * as_double(taps);
  const Tiles* const tensor = tensor_tiles(p, of_weight, multiplications, q);
  const Tiles& tiles = tensor ? *tensor : kernels.tiled;
  const int64_t reads = (tensor ? p.padded : p.channels) * taps;
  const TileChoice choice =
      choose_tiles(tiles, p.m, of_weight ? reads : places, of_weight ? places : reads, products);
  const TiledKernel& kernel = tiles[choice.size];
  p.parts = choice.parts;
  p.part = choice.part;
  const int64_t packed = tensor ? packed_bytes(p, of_weight) : 0;
  const int64_t sums = p.parts > 1 ? p.parts * p.numel * kernels.sum_bytes : 0;
  char* const memory =
      packed + sums ? static_cast<char*>(q.scratch(static_cast<size_t>(packed + sums))) : nullptr;
  p.partial = memory + packed;
  if (tensor) pack(p, of_weight, memory, q);
  q.launch(kernel.name, {blocks_of_items(choice.tiles * p.parts, q)}, kernel.tile.threads, p,
           tensor ? half_shared_bytes(kernel.tile) : 0);
  join_parts(p, kernels, q);
}

/** convolution, or with `transposed` the gradient of its input. */
void convolve(const Convolution& g, bool transposed, const TensorView& source, const TensorView& w,
              const TensorView& out, const TensorView* bias, Queue& q) {
  if (out.numel == 0) return;
  ConvParameters p = parameters_of(g, transposed, out);
  p.source = source.data;
  p.factor = w.data;
  p.bias = bias ? bias->data : nullptr;
  const ConvKernels& kernels = kernels_of(p.type, false);
  const bool narrow = fits_tiles(p, p.channels);
  if (!kernels.direct || !narrow || g.has_small_groups()) {
    const char* const kernel = kernels.direct && narrow ? kernels.direct : kernels.wide;
    q.launch(kernel, {blocks_for(p.numel, kConvThreads, 1, q)}, kConvThreads, p);
    return;
  }
  int64_t taps = 1;
  for (const ConvAxis& a : p.axis) taps *= transposed ? divide_up(a.kernel, a.every.size) : a.kernel;
  run_tiles(p, kernels, false, taps, q);
}

/** Where convolution, or the gradient of its input, is a product of matrices. */
void multiply(const Convolution& g, bool transposed, const TensorView& source, const TensorView& w,
              const TensorView& out, Queue& q) {
  const int64_t size = g.axis[2].in;
  Gemm product;
  product.type = out.dtype;
  product.m = transposed ? g.c : g.f;
  product.n = size;
  product.k = transposed ? g.f : g.c;
  product.a = w.data;
  product.a_row = transposed ? 1 : g.c;
  product.a_column = transposed ? g.c : 1;
  product.b = source.data;
  product.b_row = size;
  product.b_column = 1;
  product.out = out.data;
  product.batch.push({g.batch, {0, g.groups * product.k * size}, 0, 0});
  product.batch.push({g.groups, {g.f * g.c, product.k * size}, 0, 0});
  gemm(product, q);
}

// Images of fewer places are taken together with others rather than as products of their own.
constexpr int64_t kLeastPlaces = 64;

void run(const Launch& l, bool transposed, Queue& q) {
  const TensorView &source = l.in(0), &w = l.in(1), &out = l.out();
  const Convolution g(l, transposed ? out : source, w, transposed ? source : out);
  const TensorView* const bias = l.inputs > 2 ? &l.in(2) : nullptr;
  if (g.is_product() && !bias && !g.has_small_groups() && is_floating(out.dtype) &&
      (g.axis[2].in >= kLeastPlaces || g.batch == 1))
    multiply(g, transposed, source, w, out, q);
  else
    convolve(g, transposed, source, w, out, bias, q);
}

// The gradient of a weight whose elements are few is cut into parts, so that there are about so many blocks,
// each of which has enough places.
constexpr int64_t kWantedBlocks = 1024;
constexpr int64_t kLeastPart = 2048;
constexpr int64_t kMostParts = 64;

}  // namespace

void kernel_convolution(const Launch& l, Queue& q) { run(l, false, q); }
void kernel_convolutionInput(const Launch& l, Queue& q) { run(l, true, q); }

void kernel_convolutionWeight(const Launch& l, Queue& q) {
  const TensorView &y = l.in(0), &x = l.in(1), &out = l.out();
  if (out.numel == 0) return;
  const Convolution g(l, x, out, y);
  ConvParameters p = parameters_of(g, false, out);
  p.source = x.data;
  p.factor = y.data;
  const ConvKernels& kernels = kernels_of(p.type, true);
  const int64_t places = p.batch * p.placed_plane;
  const bool narrow = fits_tiles(p, p.channels);
  if (kernels.direct && narrow && !g.has_small_groups()) {
    run_tiles(p, kernels, true, p.taps, q);
    return;
  }
  const bool direct = kernels.direct && narrow;
  const int64_t together = direct ? kTapsTogether : kWideTapsTogether;
  const int64_t items = p.groups * p.m * p.channels * divide_up(p.taps, together);
  const int64_t wanted = clamp(divide_up(kWantedBlocks, items), int64_t{1}, kMostParts);
  const int64_t part = divide_up(places, wanted);
  p.part = part < kLeastPart ? kLeastPart : part;
  p.parts = places > p.part ? divide_up(places, p.part) : 1;
  if (p.parts > 1) p.partial = q.scratch(static_cast<size_t>(p.parts * p.numel * kernels.sum_bytes));
  q.launch(direct ? kernels.direct : kernels.wide, {blocks_of_items(items * p.parts, q)}, kConvThreads, p);
  join_parts(p, kernels, q);
}

}  // namespace cuda
}  // namespace tenon
