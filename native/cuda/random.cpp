// Random fills: kernels/random.cu.
#include "cuda/kernels/random.h"

#include "core/random.h"
#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

namespace {

constexpr unsigned kThreads = 256;

RandomTarget target_of(const TensorView& out) {
  RandomTarget t;
  t.data = out.data;
  t.numel = out.numel;
  t.rank = out.contiguous ? 0 : out.rank;
  for (int i = 0; i < t.rank; i++) t.shape[i] = out.shape[i], t.stride[i] = out.strides[i];
  return t;
}

/** Arguments are checked here, so they have to be here. */
template <class Draws>
bool read_here(const Launch& l, const char* op, Draws& p) {
  if (!l.scalar[3].cell && !l.scalar[4].cell) return read_arguments(l, p.arguments);
  set_error(*l.error, ErrorCode::internal, "%s: on CUDA, only seed and offset can be in cells", op);
  return false;
}

template <class Draws>
void fill(const Launch& l, const char* op, const char* const (&kernels)[kDTypeCount], Queue& q) {
  const TensorView& out = l.out();
  Draws p;
  if (!read_here(l, op, p) || out.numel == 0) return;
  p.source = source_of(l);
  p.target = target_of(out);
  q.launch(kernels[static_cast<int>(out.dtype)], {blocks_for(out.numel, kThreads, 4, q)}, kThreads, p);
}

// clang-format off
#define TENON_NAMES(op)                                                                            \
  {"random_" op "_f32", "random_" op "_f64", "random_" op "_f16", "random_" op "_bf16",            \
   "random_" op "_i8", "random_" op "_u8", "random_" op "_i16", "random_" op "_i32",               \
   "random_" op "_i64", "random_" op "_bool"}
// clang-format on

}  // namespace

void kernel_uniform(const Launch& l, Queue& q) {
  fill<UniformDraws>(l, "uniform", TENON_NAMES("uniform"), q);
}
void kernel_normal(const Launch& l, Queue& q) { fill<NormalDraws>(l, "normal", TENON_NAMES("normal"), q); }
void kernel_randint(const Launch& l, Queue& q) {
  fill<RandintDraws>(l, "randint", TENON_NAMES("randint"), q);
}

void kernel_randperm(const Launch& l, Queue& q) {
  const TensorView& out = l.out();
  const int64_t n = out.numel;
  if (n == 0) return;
  const bool direct = out.dtype == DType::i64;
  char* const scratch = static_cast<char*>(
      q.scratch(static_cast<size_t>(n) * (sizeof(uint32_t) + (direct ? 0 : sizeof(int64_t)))));
  Permutation p;
  p.source = source_of(l);
  p.numel = n;
  p.target = out.data;
  p.values = direct ? out.as<int64_t>() : reinterpret_cast<int64_t*>(scratch);
  p.owners = reinterpret_cast<uint32_t*>(scratch + (direct ? 0 : static_cast<size_t>(n) * sizeof(int64_t)));
  const Blocks blocks{blocks_for(n, kThreads, 4, q)};
  q.launch("random_randperm_start", blocks, kThreads, p);
  const int64_t threads = n < kSwapThreads ? (n + 31) / 32 * 32 : kSwapThreads;
  q.launch("random_randperm_swap", {1}, static_cast<unsigned>(threads), p);
  if (direct) return;
  static const char* const kernels[kDTypeCount] = TENON_NAMES("randperm");
  q.launch(kernels[static_cast<int>(out.dtype)], blocks, kThreads, p);
}

}  // namespace cuda
}  // namespace tenon
