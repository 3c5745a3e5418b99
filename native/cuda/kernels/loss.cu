// nllLoss, crossEntropy and their derivatives. Sums are gathered in double, in an order that follows
// from the shape alone. Targets are validated in the kernel that decides whether anything is written.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/block.h"
#include "cuda/kernels/locate.h"
#include "cuda/kernels/loss.h"

namespace tenon {
namespace cuda {

static_assert(kLossThreads == kTeamThreads, "a block is one team");
TENON_DEVICE TeamShape whole_block() { return {kLogTeamThreads, 1}; }

struct JoinNll {
  static TENON_DEVICE NllPart join(NllPart a, NllPart b) {
    return {a.loss + b.loss, a.weight + b.weight, a.bad < b.bad ? a.bad : b.bad};
  }
};
TENON_DEVICE NllPart exchange(NllPart part, unsigned bits) {
  return {exchange(part.loss, bits), exchange(part.weight, bits), exchange(part.bad, bits)};
}

/** Offsets of a target: in target, in x at class 0, in out. */
using Places = int64_t[3];

template <class T>
TENON_DEVICE T weight_of(const NllParameters& p, int64_t c) {
  return p.weight ? load_one<T>(p.weight, p.weight_type, c * p.weight_stride) : T{1};
}
/** The loss of target i, which is a class. */
template <class T>
TENON_DEVICE T loss_of(const NllParameters& p, int64_t i, const Places& at, int64_t c, T weight) {
  T value = load_one<T>(p.x, p.x_type, at[1] + c * p.class_stride);
  const T* const rows = static_cast<const T*>(p.rows);
  if (rows) value = (value - rows[2 * i]) - rows[2 * i + 1];
  return -value * weight;
}

/** A row's largest element so far, NaN if there is one, and the sum of exp(x - largest). */
template <class T>
struct RowSum {
  T largest;
  double sum;
};
template <class T>
TENON_DEVICE RowSum<T> exchange(RowSum<T> row, unsigned bits) {
  return {exchange(row.largest, bits), exchange(row.sum, bits)};
}
template <class T>
TENON_DEVICE double rescaled(const RowSum<T>& row, T largest) {
  return row.sum == 0 ? 0.0 : row.sum * static_cast<double>(exp(row.largest - largest));
}
template <class T>
struct JoinRows {
  static TENON_DEVICE RowSum<T> join(const RowSum<T>& a, const RowSum<T>& b) {
    const T largest = b.largest > a.largest || b.largest != b.largest ? b.largest : a.largest;
    if (a.largest == b.largest) return {largest, a.sum + b.sum};
    return {largest, rescaled(a, largest) + rescaled(b, largest)};
  }
};

template <class T>
TENON_DEVICE void sum_rows(const RowParameters& p) {
  for (int64_t i = blockIdx.x; i < p.targets; i += gridDim.x) {
    Places at;
    locate(p.dim, p.dims, i, at);
    RowSum<T> mine = {-static_cast<T>(INFINITY), 0};
    for (int64_t c = threadIdx.x; c < p.classes; c += kLossThreads) {
      const T x = load_one<T>(p.x, p.x_type, at[1] + c * p.class_stride);
      mine = JoinRows<T>::join(mine, {x, 1});
    }
    const RowSum<T> row = join_team<JoinRows<T>, kLossThreads>(mine, whole_block());
    if (threadIdx.x != 0) continue;
    T* const rows = static_cast<T*>(p.rows);
    rows[2 * i] = row.largest;
    rows[2 * i + 1] = static_cast<T>(log(static_cast<T>(row.sum)));
  }
}

/** What all targets come to: the error, or the results. */
template <class T>
TENON_DEVICE void finish_nll(const NllParameters& p, const NllPart& all) {
  if (all.bad != kAllGood) {
    Places at;
    locate(p.dim, p.dims, all.bad, at);
    leave_failure(p.failure, p.op, kTargetOutOfRange, p.target[at[0]], p.classes);
  } else if (p.x && p.failure->state == 0) {
    store_one(p.total, p.total_type, 0, static_cast<T>(all.weight));
    if (p.reduction != kNone)
      store_one(p.out, p.out_type, 0,
                static_cast<T>(p.reduction == kMean ? all.loss / all.weight : all.loss));
  }
}

template <class T>
TENON_DEVICE void gather_nll(const NllParameters& p) {
  const int64_t first = blockIdx.x * p.part;
  const int64_t end = p.targets - first < p.part ? p.targets : first + p.part;
  NllPart mine = {0, 0, kAllGood};
  for (int64_t i = first + threadIdx.x; i < end; i += kLossThreads) {
    Places at;
    locate(p.dim, p.dims, i, at);
    const int64_t c = p.target[at[0]];
    if (c == p.ignore) continue;
    if (c < 0 || c >= p.classes) {
      mine.bad = i < mine.bad ? i : mine.bad;
    } else if (p.x) {
      const T weight = weight_of<T>(p, c);
      mine.loss += static_cast<double>(loss_of(p, i, at, c, weight));
      mine.weight += static_cast<double>(weight);
    }
  }
  const NllPart all = join_team<JoinNll, kLossThreads>(mine, whole_block());
  if (threadIdx.x != 0) return;
  if (p.parts > 1)
    p.partial[blockIdx.x] = all;
  else
    finish_nll<T>(p, all);
}

template <class T>
TENON_DEVICE void join_nll(const NllParameters& p) {
  NllPart mine = {0, 0, kAllGood};
  for (int64_t i = threadIdx.x; i < p.parts; i += kLossThreads) mine = JoinNll::join(mine, p.partial[i]);
  const NllPart all = join_team<JoinNll, kLossThreads>(mine, whole_block());
  if (threadIdx.x == 0) finish_nll<T>(p, all);
}

/** A loss for each target. */
template <class T>
TENON_DEVICE void each_nll(const NllParameters& p) {
  if (p.failure->state != 0) return;
  const int64_t step = static_cast<int64_t>(gridDim.x) * kLossThreads;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kLossThreads + threadIdx.x; i < p.targets; i += step) {
    Places at;
    locate(p.dim, p.dims, i, at);
    const int64_t c = p.target[at[0]];
    store_one(p.out, p.out_type, at[2], c == p.ignore ? T{0} : loss_of(p, i, at, c, weight_of<T>(p, c)));
  }
}

template <class T>
TENON_DEVICE void nll_backward(const NllBackwardParameters& p) {
  if (p.failure->state != 0) return;
  T scale = 0;
  if (p.reduction != kNone) scale = load_one<T>(p.grad, p.grad_type, 0);
  if (p.reduction == kMean) scale = scale / load_one<T>(p.total, p.total_type, 0);
  const int64_t step = static_cast<int64_t>(gridDim.x) * kLossThreads;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * kLossThreads + threadIdx.x; i < p.elements; i += step) {
    int64_t at[6];  // in out, target, grad, x; the class, the target
    locate(p.dim, p.dims, i, at);
    const int64_t c = p.target[at[1]];
    T result = 0;
    if (c != p.ignore && (p.x || c == at[4])) {
      const T grad = p.reduction == kNone ? load_one<T>(p.grad, p.grad_type, at[2]) : scale;
      const T factor = grad * (p.weight ? load_one<T>(p.weight, p.weight_type, c * p.weight_stride) : T{1});
      T probability = 0;
      if (p.x) {
        const T* const row = static_cast<const T*>(p.rows) + 2 * at[5];
        probability = exp((load_one<T>(p.x, p.x_type, at[3]) - row[0]) - row[1]);
      }
      result = (probability - static_cast<T>(c == at[4])) * factor;
    }
    store_one(p.out, p.out_type, at[0], result);
  }
}

#define TENON_LOSS(name, f, P)                                           \
  KERNEL(loss_##name##_f32, kLossThreads, P)(const P p) { f<float>(p); } \
  KERNEL(loss_##name##_f64, kLossThreads, P)(const P p) { f<double>(p); }

TENON_LOSS(nll, gather_nll, NllParameters)
TENON_LOSS(nll_join, join_nll, NllParameters)
TENON_LOSS(nll_each, each_nll, NllParameters)
TENON_LOSS(nll_backward, nll_backward, NllBackwardParameters)
TENON_LOSS(rows, sum_rows, RowParameters)

#undef TENON_LOSS

}  // namespace cuda
}  // namespace tenon
