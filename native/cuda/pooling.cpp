// maxPool, averagePool and their derivatives: kernels/max_pool.cu and kernels/average_pool.cu.
#include "core/pooling.h"

#include "cuda/dims.h"
#include "cuda/kernel_table.h"
#include "cuda/kernels/pooling.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int64_t kFewTaps = 16;         // of windows apart: up to so many, a thread has a window for itself
constexpr int64_t kFewSharedTaps = 256;  // of windows that overlap, where neighbours read the same

/** Kernels that count in 64 bits, by compute type, and one for float32 that counts in 32. */
struct PoolKernel {
  const char *narrow, *wide[4];
};
#define TENON_POOL_KERNEL(kernel)                                                       \
  {"pool_" kernel "_f32",                                                               \
   {"pool_" kernel "_wide_f32", "pool_" kernel "_wide_f64", "pool_" kernel "_wide_i32", \
    "pool_" kernel "_wide_i64"}}
// Of the names of a derivative those of floats are used.
constexpr PoolKernel kMax = TENON_POOL_KERNEL("max"), kMaxBackward = TENON_POOL_KERNEL("max_backward"),
                     kAverage = TENON_POOL_KERNEL("average"),
                     kAverageBackward = TENON_POOL_KERNEL("average_backward");

int type_index(DType compute) {
  switch (compute) {
    case DType::f32: return 0;
    case DType::f64: return 1;
    case DType::i32: return 2;
    default: return 3;
  }
}

/** Of elements that a window looks at, in one dimension, at most. */
int64_t taps_of(const PoolAxis& a) {
  const int64_t n = a.adaptive ? divide_up(a.in, a.out) + 1 : a.kernel;
  return n < a.in ? n : a.in;
}
/** Of outputs that look at an element. */
int64_t outputs_of(const PoolAxis& a) {
  const int64_t n =
      a.adaptive ? divide_up(a.out, a.in) + 1 : divide_up((a.kernel - 1) * a.dilation + 1, a.stride);
  return n < a.out ? n : a.out;
}

TeamShape team_of(const PoolGeometry& g, bool backward) {
  int64_t taps = 1;
  for (const PoolAxis& a : g.axis) taps *= backward ? outputs_of(a) : taps_of(a);
  const PoolAxis& last = g.axis[2];
  const bool shared = backward || (!last.adaptive && last.stride < last.kernel);
  if (taps <= (shared ? kFewSharedTaps : kFewTaps)) return {0, 0};
  return {clamp(log2_up(divide_up(taps, kBatch)), 3u, kLogTeamThreads), 1};
}

/** What differs between the ops. */
struct PoolOperands {
  const void* from;
  const TensorView* results;
  void* places;
  bool wide, backward;
  int64_t fixed;
  bool padded;
};

template <class I>
void launch_pool(Queue& q, const char* kernel, const PoolGeometry& g, const PoolOperands& of) {
  PoolParameters<I> p = {};
  p.from = of.from;
  p.to = of.results->data;
  p.places = of.places;
  p.wide = of.wide;
  p.fixed = of.fixed;
  p.padded = of.padded;
  p.whole = static_cast<double>(of.fixed);
  if (!of.fixed) {
    p.whole = 1;
    for (const PoolAxis& a : g.axis) p.whole *= static_cast<double>(a.kernel);
  }
  p.failure = q.failure();
  p.results = of.results->numel;
  p.in = g.in();
  p.out = g.out();
  for (int i = 0; i < 3; i++) {
    const PoolAxis& a = g.axis[i];
    p.axis[i].in = static_cast<I>(a.in);
    p.axis[i].out = static_cast<I>(a.out);
    p.axis[i].kernel = static_cast<I>(a.kernel);
    p.axis[i].stride = static_cast<I>(a.stride);
    p.axis[i].padding = static_cast<I>(a.padding);
    p.axis[i].dilation = static_cast<I>(a.dilation);
    p.axis[i].adaptive = a.adaptive;
    p.axis[i].inner(p.inner[i], p.inner_end[i]);
    p.stride[i] = divisor(a.stride);
  }
  const PoolAxis &high = g.axis[1], &wide = g.axis[2];
  p.plane = divisor(of.backward ? p.in : p.out);
  p.height = divisor(of.backward ? high.in : high.out);
  p.width = divisor(of.backward ? wide.in : wide.out);
  p.shape = team_of(g, of.backward);
  q.launch(kernel, {blocks_of_teams(p.results, p.shape, kTeamThreads), 1, 1}, kTeamThreads, p);
}

void run(const Launch& l, Queue& q, const PoolKernel& kernel, const PoolGeometry& g, const PoolOperands& of) {
  if (l.compute == DType::f32 && is_narrow_pool(g))
    launch_pool<int32_t>(q, kernel.narrow, g, of);
  else
    launch_pool<int64_t>(q, kernel.wide[type_index(l.compute)], g, of);
}

/** Of averagePool, whose last two scalars they are. */
void set_divisor(const Launch& l, PoolOperands& of) {
  of.padded = l.scalar[l.scalars - 2].get() != 0;
  of.fixed = l.scalar[l.scalars - 1].integer();
}

/** Gradients of no outputs. */
void clear(const TensorView& v, Queue& q) {
  q.zero(v.data, static_cast<size_t>(v.numel * element_size(v.dtype)));
}

/** Leaves a failure if a place is not in its plane. */
void check_places(const Launch& l, Queue& q, const TensorView& places, int64_t in) {
  PlaceCheck p = {};
  p.failure = q.failure();
  p.op = l.op;
  p.places = places.data;
  p.wide = places.dtype == DType::i64;
  p.count = places.numel;
  p.in = in;
  p.found = static_cast<unsigned long long*>(q.scratch(sizeof *p.found));
  q.zero(p.found, sizeof *p.found);
  q.launch("pool_place_check", {blocks_for(p.count, kTeamThreads, 1, q), 1, 1}, kTeamThreads, p);
  q.launch("pool_place_failure", {}, 32, p);
}

}  // namespace

void kernel_maxPool(const Launch& l, Queue& q) {
  const TensorView &x = l.in(), &out = l.out(0);
  if (out.numel == 0) return;
  PoolOperands of = {};
  of.from = x.data;
  of.results = &out;
  of.places = l.outputs > 1 ? l.out(1).data : nullptr;
  of.wide = l.outputs > 1 && l.out(1).dtype == DType::i64;
  run(l, q, kMax, pool_geometry(l, x, out), of);
}

void kernel_maxPoolBackward(const Launch& l, Queue& q) {
  const TensorView &grad = l.in(0), &places = l.in(1), &out = l.out();
  if (out.numel == 0) return;
  if (grad.numel == 0) return clear(out, q);
  const PoolGeometry g = pool_geometry(l, out, grad);
  check_places(l, q, places, g.in());
  PoolOperands of = {};
  of.from = grad.data;
  of.results = &out;
  of.places = places.data;
  of.wide = places.dtype == DType::i64;
  of.backward = true;
  run(l, q, kMaxBackward, g, of);
}

void kernel_averagePool(const Launch& l, Queue& q) {
  const TensorView &x = l.in(), &out = l.out();
  if (out.numel == 0) return;
  PoolOperands of = {};
  of.from = x.data;
  of.results = &out;
  set_divisor(l, of);
  run(l, q, kAverage, pool_geometry(l, x, out), of);
}

void kernel_averagePoolBackward(const Launch& l, Queue& q) {
  const TensorView &grad = l.in(), &out = l.out();
  if (out.numel == 0) return;
  if (grad.numel == 0) return clear(out, q);
  PoolOperands of = {};
  of.from = grad.data;
  of.results = &out;
  of.backward = true;
  set_divisor(l, of);
  run(l, q, kAverageBackward, pool_geometry(l, out, grad), of);
}

}  // namespace cuda
}  // namespace tenon
