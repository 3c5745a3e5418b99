// rowNorm and the gradient of its input, where a team of threads has a row: its elements stay in registers
// between the passes if there are at most kBatch a thread, else they are read twice.
#include "cuda/kernels/locate.h"
#include "cuda/kernels/norm_sums.h"

namespace tenon {
namespace cuda {

namespace {

/** As join_team, of lanes that are neighbours: of up to a whole block. */
struct RowTeam {
  template <class Op, class T>
  static TENON_DEVICE T join(T value, const TeamShape& s) {
    SHARED(part, T[kNormThreads / 32]);
    const unsigned lanes = 1u << s.log_lanes, t = threadIdx.x, warps = lanes / 32;
#pragma unroll 1
    for (unsigned bit = (lanes < 32 ? lanes : 32) / 2; bit; bit /= 2)
      value = Op::join(value, exchange(value, bit));
    if (lanes <= 32) return value;
    __syncthreads();  // an earlier join may still be reading
    if (t % 32 == 0) part[t / 32] = value;
    __syncthreads();
    value = part[(t >> s.log_lanes) * warps + (t & (warps - 1))];
#pragma unroll 1
    for (unsigned bit = warps / 2; bit; bit /= 2) value = Op::join(value, exchange(value, bit));
    return value;
  }

  /** What `find`, which is slow, makes of sums that all lanes have: found once if the team is of many warps.
   */
  template <class Result, class Find>
  static TENON_DEVICE Result once(const Seat& seat, const TeamShape& s, Find find) {
    SHARED(found, Result[kTeamThreads / 64]);
    if (s.log_lanes <= 5) return find();
    // Nobody still reads what was found before: there was a join in between.
    if (seat.lane == 0) found[seat.team] = find();
    __syncthreads();
    return found[seat.team];
  }
};

/** Sums of up to so many elements are joined in the elements' type. */
constexpr int64_t kNarrowElements = 4096;

/** What all lanes of a team have gathered of a row. */
template <class T>
TENON_DEVICE Two<double> total(const TwoSums<T>& sums, int64_t elements, const TeamShape& shape) {
  if constexpr (sizeof(T) < sizeof(double))
    if (elements <= kNarrowElements) {
      const Two<T> all = RowTeam::join<AddTwo>(sums.narrow(), shape);
      return {static_cast<double>(all.first), static_cast<double>(all.second)};
    }
  return RowTeam::join<AddTwo>(sums.wide(), shape);
}

/** What the elements of a row are multiplied by, or have added: w[place / span]. */
template <class T>
class RowWeights {
 public:
  TENON_DEVICE RowWeights(const void* weights, int64_t row, int64_t groups, int64_t channels,
                          const Dim<1>& span)
      : w_(static_cast<const T*>(weights)), span_(span) {
    if (w_ && groups > 1) w_ += row % groups * channels;
  }
  TENON_DEVICE bool any() const { return w_ != nullptr; }
  TENON_DEVICE T at(uint32_t place) const { return w_[divide(place, span_)]; }

 private:
  const T* w_;
  const Dim<1>& span_;
};

template <class T>
TENON_DEVICE void normalize_rows(const RowNormParameters& p) {
  const Seat seat = seat_of(p.shape);
  const uint32_t lanes = 1u << p.shape.log_lanes, step = lanes * kBatch;
  const uint32_t size = static_cast<uint32_t>(p.size);
  const int64_t teams = blockDim.x >> p.shape.log_lanes;
  const double count = static_cast<double>(p.size);
  for (int64_t tile = blockIdx.x; tile * teams < p.rows; tile += gridDim.x) {
    const int64_t row = tile * teams + seat.team;
    const bool there = row < p.rows;
    const int64_t begin = there ? row * p.size : 0;
    const uint32_t n = there ? size : 0;
    const T* const x = static_cast<const T*>(p.x) + begin;
    NormBatch<T> batch;
    batch.load(x, seat.lane, lanes, n);
    T rough = 0;
    if (p.mean)
      rough = RowTeam::join<AddOne>(batch.sum(), p.shape) / static_cast<T>(size < step ? size : step);
    TwoSums<T> sums;
    batch.add_moments(rough, sums);
#pragma unroll 1
    for (uint32_t k = seat.lane + step; k < n; k += step) {
      batch.load(x, k, lanes, n);
      batch.add_moments(rough, sums);
    }
    const Two<double> all = total(sums, p.size, p.shape);
    const Two<T> found = RowTeam::once<Two<T>>(seat, p.shape, [&]() -> Two<T> {
      const double shift = p.mean ? all.first / count : 0;
      return {static_cast<T>(static_cast<double>(rough) + shift),
              static_cast<T>(inverse_deviation(all.second - shift * shift * count, count, p.eps))};
    });
    const T mean = found.first, rstd = found.second;
    if (there && seat.lane == 0) {
      if (p.mean) static_cast<T*>(p.mean)[row] = mean;
      static_cast<T*>(p.rstd)[row] = rstd;
    }
    const RowWeights<T> weight(p.weight, row, p.groups, p.channels, p.span);
    const RowWeights<T> bias(p.bias, row, p.groups, p.channels, p.span);
    T* const out = static_cast<T*>(p.out) + begin;
#pragma unroll 1
    for (uint32_t k = seat.lane; k < n; k += step) {
      if (size > step) batch.load(x, k, lanes, n);
#pragma unroll
      for (int i = 0; i < kBatch; i++) {
        const uint32_t place = k + static_cast<uint32_t>(i) * lanes;
        T& y = batch.at[i];
        y = (y - mean) * rstd;
        if (batch.here[i] && weight.any()) y = y * weight.at(place);
        if (batch.here[i] && bias.any()) y = y + bias.at(place);
      }
      batch.store(out, k, lanes);
    }
  }
}

/** g w and x - mean of a batch; zeros where there is nothing. */
template <class T>
struct GradientBatch {
  NormBatch<T> g, x;

  TENON_DEVICE void load(const T* grad, const T* row, const RowWeights<T>& weight, T mean, uint32_t first,
                         uint32_t lanes, uint32_t n) {
    g.load(grad, first, lanes, n);
    x.load(row, first, lanes, n);
#pragma unroll
    for (int i = 0; i < kBatch; i++) {
      if (!g.here[i]) continue;
      if (weight.any()) g.at[i] = g.at[i] * weight.at(first + static_cast<uint32_t>(i) * lanes);
      x.at[i] = x.at[i] - mean;
    }
  }
  TENON_DEVICE void add_to(TwoSums<T>& sums, T rstd) const {
    T product[kBatch];
#pragma unroll
    for (int i = 0; i < kBatch; i++) product[i] = g.at[i] * (x.at[i] * rstd);
    sums.take(g.at, product);
  }
};

template <class T>
TENON_DEVICE void spread_rows(const RowNormBackwardParameters& p) {
  const Seat seat = seat_of(p.shape);
  const uint32_t lanes = 1u << p.shape.log_lanes, step = lanes * kBatch;
  const int64_t teams = blockDim.x >> p.shape.log_lanes;
  const double count = static_cast<double>(p.size);
  for (int64_t tile = blockIdx.x; tile * teams < p.rows; tile += gridDim.x) {
    const int64_t row = tile * teams + seat.team;
    const bool there = row < p.rows;
    const int64_t begin = there ? row * p.size : 0;
    const uint32_t n = there ? static_cast<uint32_t>(p.size) : 0;
    const T* const grad = static_cast<const T*>(p.grad) + begin;
    const T* const x = static_cast<const T*>(p.x) + begin;
    const T mean = there && p.mean ? static_cast<const T*>(p.mean)[row] : T{0};
    const T rstd = there ? static_cast<const T*>(p.rstd)[row] : T{0};
    const RowWeights<T> weight(p.weight, row, p.groups, p.channels, p.span);
    GradientBatch<T> batch;
    batch.load(grad, x, weight, mean, seat.lane, lanes, n);
    TwoSums<T> sums;
    batch.add_to(sums, rstd);
#pragma unroll 1
    for (uint32_t k = seat.lane + step; k < n; k += step) {
      batch.load(grad, x, weight, mean, k, lanes, n);
      batch.add_to(sums, rstd);
    }
    const Two<double> all = total(sums, p.size, p.shape);
    const Two<T> found = RowTeam::once<Two<T>>(seat, p.shape, [&]() -> Two<T> {
      const double scale = static_cast<double>(rstd);
      return {static_cast<T>(p.mean ? scale * all.first / count : 0),
              static_cast<T>(scale * scale * all.second / count)};
    });
    const T shift = found.first, slope = found.second;
    T* const out = static_cast<T*>(p.out) + begin;
#pragma unroll 1
    for (uint32_t k = seat.lane; k < n; k += step) {
      if (p.size > step) batch.load(grad, x, weight, mean, k, lanes, n);
#pragma unroll
      for (int i = 0; i < kBatch; i++) batch.g.at[i] = batch.g.at[i] * rstd - shift - batch.x.at[i] * slope;
      batch.g.store(out, k, lanes);
    }
  }
}

}  // namespace

#define TENON_ROW_NORM(type, T, threads)                               \
  KERNEL(row_norm_##type, threads, RowNormParameters)                  \
  (const RowNormParameters p) { normalize_rows<T>(p); }                \
  KERNEL(row_norm_backward_##type, threads, RowNormBackwardParameters) \
  (const RowNormBackwardParameters p) { spread_rows<T>(p); }

TENON_ROW_NORM(f32, float, kNormThreads)
TENON_ROW_NORM(f64, double, kNormThreads / 2)

#undef TENON_ROW_NORM

}  // namespace cuda
}  // namespace tenon
