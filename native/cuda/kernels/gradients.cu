// What is done to all gradients of a network at once: their norm, clipping, unscaling.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/block.h"
#include "cuda/kernels/gradients.h"
#include "cuda/kernels/tensor_list_loops.h"

namespace tenon {
namespace cuda {

namespace {

struct Add {
  static TENON_DEVICE double join(double a, double b) { return a + b; }
};

// ---- the norm ----

/** Squares, in double, which holds those of all floats. */
class Squares {
 public:
  static constexpr int kUnroll = 4;
  TENON_DEVICE bool reads(int) const { return true; }
  TENON_DEVICE bool writes(int) const { return false; }
  template <class C>
  TENON_DEVICE void change(C* x, int j) {
    const double value = static_cast<double>(x[0]);
    sum_[j] += value * value;
  }

  /** Of the whole block. */
  TENON_DEVICE void leave(double* partial) const {
    static_assert(kMostPacked == 4, "as many sums");
    const double mine = (sum_[0] + sum_[1]) + (sum_[2] + sum_[3]);
    const double sum = join_team<Add, kListThreads>(mine, {kLogTeamThreads, 1});
    if (threadIdx.x == 0) *partial = sum;
  }

 private:
  static_assert(kListThreads == kTeamThreads, "a block is one team");
  double sum_[kMostPacked] = {};  // of each place in a pack
};

template <class T, class C>
TENON_DEVICE void norm_dense(const DenseNorm& p) {
  Squares squares;
  each_dense<T, C>(p.list, squares);
  squares.leave(p.partial + p.list.earlier + blockIdx.x);
}

template <class C>
TENON_DEVICE void norm_strided(const StridedNorm& p) {
  Squares squares;
  const int64_t first = blockIdx.x * p.chunk, rest = p.tensor.numel - first;
  each_strided<C>(p.tensor, first + threadIdx.x, first + (rest < p.chunk ? rest : p.chunk), kListThreads,
                  squares);
  squares.leave(p.partial + blockIdx.x);
}

// ---- clipping and unscaling ----

/** Scales as the norm exceeds the largest one. */
template <class C>
class Clip {
 public:
  static constexpr int kUnroll = 1;
  TENON_DEVICE explicit Clip(const Scaling& s)
      : factor_(static_cast<C>(s.number.get()) /
                (load_one<C>(s.norm, s.norm_type, 0) + static_cast<C>(1e-6))) {}
  TENON_DEVICE bool idle() const { return factor_ >= 1; }  // which NaN isn't
  TENON_DEVICE bool reads(int) const { return true; }
  TENON_DEVICE bool writes(int) const { return true; }
  TENON_DEVICE void change(C* x, int) const { x[0] *= factor_; }
  TENON_DEVICE void finish(const Scaling&) const {}

 private:
  const C factor_;
};

/** Scales, and finds out whether there was an infinite element or NaN. */
template <class C>
class Unscale {
 public:
  static constexpr int kUnroll = 1;
  TENON_DEVICE explicit Unscale(const Scaling& s) : factor_(static_cast<C>(s.number.get())) {}
  TENON_DEVICE bool idle() const { return false; }
  TENON_DEVICE bool reads(int) const { return true; }
  TENON_DEVICE bool writes(int) const { return true; }
  TENON_DEVICE void change(C* x, int) {
    wild_ |= x[0] - x[0] != C{0};
    x[0] *= factor_;
  }
  TENON_DEVICE void finish(const Scaling& s) const {
    constexpr unsigned one = 0x3f800000;
    if (__syncthreads_or(wild_) && threadIdx.x == 0) atomicExch(reinterpret_cast<unsigned*>(s.found), one);
  }

 private:
  const C factor_;
  bool wild_ = false;
};

template <class T, class C, class Op>
TENON_DEVICE void scale_dense(const DenseScale& p) {
  Op op(p.scaling);
  if (op.idle()) return;
  each_dense<T, C>(p.list, op);
  op.finish(p.scaling);
}

template <class C, class Op>
TENON_DEVICE void scale_strided(const StridedScale& p) {
  Op op(p.scaling);
  if (op.idle()) return;
  each_strided<C>(p.tensor, op);
  op.finish(p.scaling);
}

}  // namespace

#define TENON_NORM(type, T, C) \
  KERNEL(gradients_norm_##type, kListThreads, DenseNorm)(const DenseNorm p) { norm_dense<T, C>(p); }
TENON_NORM(f32, float, float)
TENON_NORM(f64, double, double)
TENON_NORM(f16, Half, float)
TENON_NORM(bf16, BFloat16, float)
#undef TENON_NORM
KERNEL(gradients_norm_strided_f32, kListThreads, StridedNorm)(const StridedNorm p) { norm_strided<float>(p); }
KERNEL(gradients_norm_strided_f64, kListThreads, StridedNorm)(const StridedNorm p) {
  norm_strided<double>(p);
}

KERNEL(gradients_norm_join, kJoinThreads, JoinNorm)(const JoinNorm p) {
  double sum = 0;
  for (int64_t i = threadIdx.x; i < p.parts; i += kJoinThreads) sum += p.partial[i];
  const double norm = sqrt(join_team<Add, kJoinThreads>(sum, {kLogJoinThreads, 1}));
  if (threadIdx.x != 0) return;
  if (p.wide)
    store_one(p.out, p.out_type, 0, norm);
  else
    store_one(p.out, p.out_type, 0, static_cast<float>(norm));
}

#define TENON_SCALE(name, type, T, C, Op)                     \
  KERNEL(gradients_##name##_##type, kListThreads, DenseScale) \
  (const DenseScale p) { scale_dense<T, C, Op<C>>(p); }
#define TENON_SCALE_STRIDED(name, type, C, Op)                          \
  KERNEL(gradients_##name##_strided_##type, kListThreads, StridedScale) \
  (const StridedScale p) { scale_strided<C, Op<C>>(p); }
#define TENON_SCALES(name, Op)                 \
  TENON_SCALE(name, f32, float, float, Op)     \
  TENON_SCALE(name, f64, double, double, Op)   \
  TENON_SCALE(name, f16, Half, float, Op)      \
  TENON_SCALE(name, bf16, BFloat16, float, Op) \
  TENON_SCALE_STRIDED(name, f32, float, Op)    \
  TENON_SCALE_STRIDED(name, f64, double, Op)
TENON_SCALES(clip, Clip)
TENON_SCALES(unscale, Unscale)
#undef TENON_SCALES
#undef TENON_SCALE_STRIDED
#undef TENON_SCALE

}  // namespace cuda
}  // namespace tenon
