// softmax, log softmax and their derivatives along one dimension. A team of threads has a row: its elements
// stay in registers between the two passes if there are at most kBatch a thread, else they are read twice.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/block.h"
#include "cuda/kernels/locate.h"
#include "cuda/kernels/softmax.h"

namespace tenon {
namespace cuda {

template <class T>
struct Add {
  static TENON_DEVICE T join(T a, T b) { return a + b; }
};
/** NaN beats everything. */
template <class T>
struct Maximum {
  static TENON_DEVICE T join(T a, T b) { return b > a || b != b ? b : a; }
};

/** Every so many elements of a row, as a thread has them: the i-th is there if i < n. */
template <class T>
struct Batch {
  T a[kBatch], b[kBatch];
  int n;
};

template <class Op, class T>
TENON_DEVICE T join_batch(T (&x)[kBatch]) {
#pragma unroll
  for (int half = kBatch / 2; half; half /= 2)
#pragma unroll
    for (int i = 0; i < half; i++) x[i] = Op::join(x[i], x[i + half]);
  return x[0];
}

// Of each op: what a thread gathers of its batches (`take`), what the team makes of it (`join`), and the
// result for an element. `take` of an only batch leaves to `join` what is more exact with the whole row
// known.

/** The largest element, and the sum of exp(x - largest). */
template <class T, bool kLog>
struct Softmax {
  static constexpr int kInputs = 1;
  T largest = -static_cast<T>(INFINITY), shift = 0;
  double sum = 0;

  static TENON_DEVICE T largest_of(const Batch<T>& batch) {
    T x[kBatch];
#pragma unroll
    for (int i = 0; i < kBatch; i++) x[i] = i < batch.n ? batch.a[i] : -static_cast<T>(INFINITY);
    return join_batch<Maximum<T>>(x);
  }
  static TENON_DEVICE T sum_of(const Batch<T>& batch, T largest) {
    T x[kBatch];
#pragma unroll
    for (int i = 0; i < kBatch; i++) x[i] = i < batch.n ? exp(batch.a[i] - largest) : T{0};
    return join_batch<Add<T>>(x);
  }

  TENON_DEVICE void take(const Batch<T>& batch) {
    const T most = Maximum<T>::join(largest, largest_of(batch));
    if (most == -static_cast<T>(INFINITY)) return;  // nothing but -inf so far: a sum of zeros
    sum = sum * static_cast<double>(exp(largest - most)) + static_cast<double>(sum_of(batch, most));
    largest = most;
  }
  TENON_DEVICE void join(const TeamShape& shape) {
    const T most = join_team<Maximum<T>, kRowThreads>(largest, shape);
    const T scale = largest == most ? T{1} : exp(largest - most);
    largest = most;
    finish(join_team<Add<T>, kRowThreads>(static_cast<T>(sum * static_cast<double>(scale)), shape));
  }
  TENON_DEVICE void join(const Batch<T>& only, const TeamShape& shape) {
    largest = join_team<Maximum<T>, kRowThreads>(largest_of(only), shape);
    finish(join_team<Add<T>, kRowThreads>(sum_of(only, largest), shape));
  }
  TENON_DEVICE void finish(T total) {
    total += largest - largest;  // NaN if the largest is infinite
    shift = kLog ? log(total) : 1 / total;
  }
  TENON_DEVICE T result(T x, T) const { return kLog ? x - largest - shift : exp(x - largest) * shift; }
};

/** y (g - sum(g y)); of log softmax: g - exp(y) sum(g). */
template <class T, bool kLog>
struct SoftmaxBackward {
  static constexpr int kInputs = 2;
  double sum = 0;
  T total = 0;

  static TENON_DEVICE T sum_of(const Batch<T>& batch) {
    T x[kBatch];
#pragma unroll
    for (int i = 0; i < kBatch; i++)
      x[i] = i < batch.n ? (kLog ? batch.a[i] : batch.a[i] * batch.b[i]) : T{0};
    return join_batch<Add<T>>(x);
  }

  TENON_DEVICE void take(const Batch<T>& batch) { sum += static_cast<double>(sum_of(batch)); }
  TENON_DEVICE void join(const TeamShape& shape) {
    total = join_team<Add<T>, kRowThreads>(static_cast<T>(sum), shape);
  }
  TENON_DEVICE void join(const Batch<T>& only, const TeamShape& shape) {
    total = join_team<Add<T>, kRowThreads>(sum_of(only), shape);
  }
  TENON_DEVICE T result(T g, T y) const { return kLog ? g - exp(y) * total : y * (g - total); }
};

/** A row as a lane of its team sees it. */
template <class T, int kInputs>
class Row {
 public:
  TENON_DEVICE Row(const SoftmaxParameters& p, int64_t row) : p_(p), there_(row < p.rows) {
    at_[0] = at_[1] = at_[2] = 0;
    if (there_) locate(p.dim, p.dims, row, at_);
  }

  /** Elements first, first + lanes, ... */
  TENON_DEVICE void load(int64_t first, int64_t lanes, Batch<T>& batch) const {
    batch.n = 0;
#pragma unroll
    for (int i = 0; i < kBatch; i++) batch.a[i] = batch.b[i] = 0;
    if (!there_ || first >= p_.n) return;
    int64_t offset[kBatch];
#pragma unroll
    for (int i = 0; i < kBatch; i++) batch.n += first + i * lanes < p_.n;
    places(0, first, lanes, batch.n, offset);
    load_each(p_.a, p_.a_type, offset, batch.a);
    if (kInputs == 1) return;
    places(1, first, lanes, batch.n, offset);
    load_each(p_.b, p_.b_type, offset, batch.b);
  }

  template <class Op>
  TENON_DEVICE void store(int64_t first, int64_t lanes, const Batch<T>& batch, const Op& op) const {
    if (batch.n == 0) return;
    int64_t offset[kBatch];
    T x[kBatch];
    places(2, first, lanes, batch.n, offset);
#pragma unroll
    for (int i = 0; i < kBatch; i++) x[i] = op.result(batch.a[i], batch.b[i]);
    store_each(p_.out, p_.out_type, offset, x, batch.n);
  }

 private:
  /** Of elements that are not there: the first one's. */
  TENON_DEVICE void places(int operand, int64_t first, int64_t lanes, int n,
                           int64_t (&offset)[kBatch]) const {
    const int64_t begin = at_[operand] + first * p_.stride[operand], step = lanes * p_.stride[operand];
#pragma unroll
    for (int i = 0; i < kBatch; i++) offset[i] = i < n ? begin + i * step : begin;
  }

  const SoftmaxParameters& p_;
  const bool there_;
  int64_t at_[3];
};

template <class T, class Op>
TENON_DEVICE void along_rows(const SoftmaxParameters& p) {
  const Seat seat = seat_of(p.shape);
  const int64_t lanes = int64_t{1} << p.shape.log_lanes, step = lanes * kBatch;
  const int64_t teams = blockDim.x >> p.shape.log_lanes;
  for (int64_t tile = blockIdx.x; tile * teams < p.rows; tile += gridDim.x) {
    const Row<T, Op::kInputs> row(p, tile * teams + seat.team);
    Batch<T> batch;
    Op op;
    if (p.n <= step) {
      row.load(seat.lane, lanes, batch);
      op.join(batch, p.shape);
      row.store(seat.lane, lanes, batch, op);
      continue;
    }
#pragma unroll 1
    for (int64_t first = seat.lane; first < p.n; first += step) {
      row.load(first, lanes, batch);
      op.take(batch);
    }
    op.join(p.shape);
#pragma unroll 1
    for (int64_t first = seat.lane; first < p.n; first += step) {
      row.load(first, lanes, batch);
      row.store(first, lanes, batch, op);
    }
  }
}

#define TENON_SOFTMAX(name, type, T, ...)                         \
  KERNEL(softmax_##name##_##type, kRowThreads, SoftmaxParameters) \
  (const SoftmaxParameters p) { along_rows<T, __VA_ARGS__>(p); }

TENON_SOFTMAX(plain, f32, float, Softmax<float, false>)
TENON_SOFTMAX(plain, f64, double, Softmax<double, false>)
TENON_SOFTMAX(log, f32, float, Softmax<float, true>)
TENON_SOFTMAX(log, f64, double, Softmax<double, true>)
TENON_SOFTMAX(backward, f32, float, SoftmaxBackward<float, false>)
TENON_SOFTMAX(backward, f64, double, SoftmaxBackward<double, false>)
TENON_SOFTMAX(log_backward, f32, float, SoftmaxBackward<float, true>)
TENON_SOFTMAX(log_backward, f64, double, SoftmaxBackward<double, true>)

#undef TENON_SOFTMAX

}  // namespace cuda
}  // namespace tenon
