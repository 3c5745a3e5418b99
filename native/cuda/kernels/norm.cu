// Normalisation in steps, of sets of elements that no single team has: sums over parts of lines (rows, planes
// or columns), what they come to for each set, and what that makes of each element. The gradients of weights
// and biases are such sums, too.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/locate.h"
#include "cuda/kernels/norm_sums.h"
#include "cuda/kernels/quotient.h"

namespace tenon {
namespace cuda {

namespace {

struct BlockTeam {
  template <class Op, class T>
  static TENON_DEVICE T join(T value, const TeamShape& s) {
    return join_team<Op, kTeamThreads>(value, s);
  }
};

/** The part of a line that a block has, as one lane sees it. */
struct LinePart {
  int64_t line, x, statistic, weight;  // where the line, its statistic and its weight begin
  int64_t elements, end;               // of the part; it ends nowhere if there is no such line
  int64_t begin, step, lanes;          // of the lane's batches
  bool there;

  TENON_DEVICE LinePart(const NormLines& lines_of, int64_t number, unsigned lane)
      : line(number), there(number < lines_of.count) {
    const int64_t first = blockIdx.y * lines_of.part, rest = lines_of.elements - first;
    elements = rest < lines_of.part ? rest : lines_of.part;
    end = there ? first + elements : 0;
    begin = first + lane;
    lanes = int64_t{1} << lines_of.shape.log_lanes;
    step = lanes * kBatch;
    int64_t at[3] = {0, 0, 0};
    if (there) locate(lines_of.dim, lines_of.dims, line, at);
    x = at[0];
    statistic = at[1];
    weight = at[2];
  }
};

/** A number that lines have: one for all elements, or one for each. */
template <class T>
class LineStatistic {
 public:
  TENON_DEVICE LineStatistic(const void* data, const LinePart& part, int64_t step)
      : data_(static_cast<const T*>(data)), step_(step), all_(0) {
    if (!data_ || !part.there) return;
    data_ += part.statistic;
    if (step_ == 0) all_ = *data_;
  }
  /** Of element i of the batch from k on, which is there. */
  TENON_DEVICE T at(const LinePart& part, int64_t k, int i) const {
    return data_ && step_ ? data_[(k + i * part.lanes) * step_] : all_;
  }

 private:
  const T* data_;
  int64_t step_;
  T all_;
};

template <class T>
TENON_DEVICE void gather_moments(const MomentsParameters& p) {
  const NormLines& lines = p.lines;
  const Seat seat = seat_of(lines.shape);
  const int64_t teams = blockDim.x >> lines.shape.log_lanes;
  for (int64_t tile = blockIdx.x; tile * teams < lines.count; tile += gridDim.x) {
    const LinePart part(lines, tile * teams + seat.team, seat.lane);
    const T* const x = static_cast<const T*>(p.x) + part.x;
    NormBatch<T> batch;
    batch.load(x, part.begin, part.lanes, part.end, lines.stride);
    T rough = 0;
    if (p.centred) {
      const int64_t known = part.elements < part.step ? part.elements : part.step;
      rough = BlockTeam::join<AddOne>(batch.sum(), lines.shape) / static_cast<T>(known);
    }
    TwoSums<T> sums;
    batch.add_moments(rough, sums);
#pragma unroll 1
    for (int64_t k = part.begin + part.step; k < part.end; k += part.step) {
      batch.load(x, k, part.lanes, part.end, lines.stride);
      batch.add_moments(rough, sums);
    }
    const Two<double> all = BlockTeam::join<AddTwo>(sums.wide(), lines.shape);
    if (seat.lane != 0 || !part.there) continue;
    const double shift = p.centred ? all.first / static_cast<double>(part.elements) : 0;
    p.partial[blockIdx.y * lines.count + part.line] = {static_cast<double>(rough) + shift,
                                                       all.second - shift * all.first};
  }
}

/** Mean and sum of squared deviations of so many elements. */
struct Moments {
  double count, mean, squares;
};
TENON_DEVICE Moments exchange(Moments m, unsigned bits) {
  return {exchange(m.count, bits), exchange(m.mean, bits), exchange(m.squares, bits)};
}
struct JoinMoments {
  /** Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm", 1979. */
  static TENON_DEVICE Moments join(const Moments& a, const Moments& b) {
    if (b.count == 0) return a;
    if (a.count == 0) return b;
    const double count = a.count + b.count, share = b.count / count, d = b.mean - a.mean;
    return {count, a.mean + d * share, a.squares + b.squares + d * d * (a.count * share)};
  }
};

/** old (1 - momentum) + value momentum */
TENON_DEVICE void move_statistic(const RunningStatistic& s, int64_t set, double momentum, double value) {
  const int64_t at = set * s.stride;
  const double old = load_one<double>(s.data, s.dtype, at);
  store_one(s.data, s.dtype, at, old * (1 - momentum) + value * momentum);
}

template <class T>
TENON_DEVICE void join_moments(const MomentsJoinParameters& p) {
  const NormSets& sets = p.sets;
  const Seat seat = seat_of(sets.shape);
  const int64_t teams = blockDim.x >> sets.shape.log_lanes, lanes = int64_t{1} << sets.shape.log_lanes;
  for (int64_t tile = blockIdx.x; tile * teams < sets.count; tile += gridDim.x) {
    const int64_t set = tile * teams + seat.team;
    Moments mine = {0, 0, 0};
#pragma unroll 1
    for (int64_t k = seat.lane; set < sets.count && k < sets.partials; k += lanes) {
      int64_t at[2];
      locate(sets.dim, sets.dims, k, at);
      const NormPair pair = p.partial[set * sets.step + at[0]];
      const int64_t rest = p.elements - at[1] * p.part;
      mine = JoinMoments::join(mine,
                               {static_cast<double>(rest < p.part ? rest : p.part), pair.first, pair.second});
    }
    const Moments all = join_team<JoinMoments, kTeamThreads>(mine, sets.shape);
    if (seat.lane != 0 || set >= sets.count) continue;
    if (p.mean) static_cast<T*>(p.mean)[set] = static_cast<T>(all.mean);
    static_cast<T*>(p.rstd)[set] = static_cast<T>(inverse_deviation(all.squares, all.count, p.eps));
    if (!p.running[0].data) continue;
    move_statistic(p.running[0], set, p.momentum, all.mean);
    move_statistic(p.running[1], set, p.momentum, (all.squares < 0 ? 0.0 : all.squares) / (all.count - 1));
  }
}

template <class T>
TENON_DEVICE void take_known(const KnownParameters& p) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t c = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; c < p.channels; c += step) {
    const double variance = load_one<double>(p.known[1].data, p.known[1].dtype, c * p.known[1].stride);
    static_cast<T*>(p.mean)[c] = load_one<T>(p.known[0].data, p.known[0].dtype, c * p.known[0].stride);
    static_cast<T*>(p.rstd)[c] = static_cast<T>(1 / sqrt(variance + p.eps));
  }
}

template <class T>
TENON_DEVICE void apply(const NormApplyParameters& p) {
  const NormLines& lines = p.lines;
  const Seat seat = seat_of(lines.shape);
  const int64_t teams = blockDim.x >> lines.shape.log_lanes;
  for (int64_t tile = blockIdx.x; tile * teams < lines.count; tile += gridDim.x) {
    const LinePart part(lines, tile * teams + seat.team, seat.lane);
    if (!part.there) continue;
    const LineStatistic<T> means(p.mean, part, lines.statistic_step);
    const LineStatistic<T> rstds(p.rstd, part, lines.statistic_step);
    const T weight = p.weight ? static_cast<const T*>(p.weight)[part.weight] : T{1};
    const T bias = p.bias ? static_cast<const T*>(p.bias)[part.weight] : T{0};
#pragma unroll 1
    for (int64_t k = part.begin; k < part.end; k += part.step) {
      NormBatch<T> x;
      x.load(static_cast<const T*>(p.x) + part.x, k, part.lanes, part.end, lines.stride);
#pragma unroll
      for (int i = 0; i < kBatch; i++)
        if (x.here[i]) x.at[i] = (x.at[i] - means.at(part, k, i)) * (rstds.at(part, k, i) * weight) + bias;
      x.store(static_cast<T*>(p.out) + part.x, k, part.lanes, lines.stride);
    }
  }
}

template <class T>
TENON_DEVICE void gather_products(const NormSumsParameters& p) {
  const NormLines& lines = p.lines;
  const Seat seat = seat_of(lines.shape);
  const int64_t teams = blockDim.x >> lines.shape.log_lanes;
  const T* const weight = static_cast<const T*>(p.weight);
  for (int64_t tile = blockIdx.x; tile * teams < lines.count; tile += gridDim.x) {
    const LinePart part(lines, tile * teams + seat.team, seat.lane);
    const LineStatistic<T> means(p.mean, part, lines.statistic_step);
    const LineStatistic<T> rstds(p.rstd, part, lines.statistic_step);
    TwoSums<T> sums;
#pragma unroll 1
    for (int64_t k = part.begin; k < part.end; k += part.step) {
      NormBatch<T> g, x;
      T product[kBatch];
      g.load(static_cast<const T*>(p.grad) + part.x, k, part.lanes, part.end, lines.stride);
      x.load(static_cast<const T*>(p.x) + part.x, k, part.lanes, part.end, lines.stride);
#pragma unroll
      for (int i = 0; i < kBatch; i++) {
        product[i] = 0;
        if (!g.here[i]) continue;
        if (weight) g.at[i] = g.at[i] * weight[part.weight + quotient(k + i * part.lanes, p.span)];
        product[i] = g.at[i] * ((x.at[i] - means.at(part, k, i)) * rstds.at(part, k, i));
      }
      sums.take(g.at, product);
    }
    const Two<double> all = BlockTeam::join<AddTwo>(sums.wide(), lines.shape);
    if (seat.lane == 0 && part.there)
      p.partial[blockIdx.y * lines.count + part.line] = {all.first, all.second};
  }
}

/** What the sums of a set are wanted for. */
template <class T>
TENON_DEVICE void use_products(const NormSumsJoinParameters& p, const Two<double>& all, int64_t set) {
  if (p.of_weight) static_cast<T*>(p.of_weight)[set] = static_cast<T>(all.second);
  if (p.of_bias) static_cast<T*>(p.of_bias)[set] = static_cast<T>(all.first);
  if (!p.shift) return;
  const double rstd = static_cast<double>(static_cast<const T*>(p.rstd)[set]);
  const double factor = p.factor ? rstd * static_cast<double>(static_cast<const T*>(p.factor)[set]) : rstd;
  static_cast<T*>(p.shift)[set] = static_cast<T>(p.centred ? factor * all.first / p.elements : 0);
  static_cast<T*>(p.slope)[set] = static_cast<T>(factor * rstd * all.second / p.elements);
}

template <class T>
TENON_DEVICE void join_products(const NormSumsJoinParameters& p) {
  const NormSets& sets = p.sets;
  const Seat seat = seat_of(sets.shape);
  const int64_t teams = blockDim.x >> sets.shape.log_lanes, lanes = int64_t{1} << sets.shape.log_lanes;
  for (int64_t tile = blockIdx.x; tile * teams < sets.count; tile += gridDim.x) {
    const int64_t set = tile * teams + seat.team;
    const T* const weight =
        p.weight ? static_cast<const T*>(p.weight) + set % sets.groups * sets.channels : nullptr;
    Two<double> mine = {0, 0};
#pragma unroll 1
    for (int64_t k = seat.lane; set < sets.count && k < sets.partials; k += lanes) {
      int64_t at[3];
      locate(sets.dim, sets.dims, k, at);
      const NormPair pair = p.partial[set * sets.step + at[0]];
      const double by = weight ? static_cast<double>(weight[at[2]]) : 1;
      mine = AddTwo::join(mine, Two<double>{by * pair.first, by * pair.second});
    }
    const Two<double> all = BlockTeam::join<AddTwo>(mine, sets.shape);
    if (seat.lane == 0 && set < sets.count) use_products<T>(p, all, set);
  }
}

template <class T>
TENON_DEVICE void spread(const NormSpreadParameters& p) {
  const NormLines& lines = p.lines;
  const Seat seat = seat_of(lines.shape);
  const int64_t teams = blockDim.x >> lines.shape.log_lanes;
  for (int64_t tile = blockIdx.x; tile * teams < lines.count; tile += gridDim.x) {
    const LinePart part(lines, tile * teams + seat.team, seat.lane);
    if (!part.there) continue;
    const LineStatistic<T> means(p.mean, part, lines.statistic_step);
    const LineStatistic<T> rstds(p.rstd, part, lines.statistic_step);
    const LineStatistic<T> shifts(p.shift, part, lines.statistic_step);
    const LineStatistic<T> slopes(p.slope, part, lines.statistic_step);
    const T weight = p.weight ? static_cast<const T*>(p.weight)[part.weight] : T{1};
#pragma unroll 1
    for (int64_t k = part.begin; k < part.end; k += part.step) {
      NormBatch<T> g, x;
      g.load(static_cast<const T*>(p.grad) + part.x, k, part.lanes, part.end, lines.stride);
      if (p.slope) x.load(static_cast<const T*>(p.x) + part.x, k, part.lanes, part.end, lines.stride);
#pragma unroll
      for (int i = 0; i < kBatch; i++) {
        if (!g.here[i]) continue;
        g.at[i] = g.at[i] * (rstds.at(part, k, i) * weight);
        if (p.slope)
          g.at[i] =
              g.at[i] - shifts.at(part, k, i) - (x.at[i] - means.at(part, k, i)) * slopes.at(part, k, i);
      }
      g.store(static_cast<T*>(p.out) + part.x, k, part.lanes, lines.stride);
    }
  }
}

}  // namespace

#define TENON_NORM(name, f, P)                                           \
  KERNEL(norm_##name##_f32, kTeamThreads, P)(const P p) { f<float>(p); } \
  KERNEL(norm_##name##_f64, kTeamThreads, P)(const P p) { f<double>(p); }

TENON_NORM(moments, gather_moments, MomentsParameters)
TENON_NORM(moments_join, join_moments, MomentsJoinParameters)
TENON_NORM(known, take_known, KnownParameters)
TENON_NORM(apply, apply, NormApplyParameters)
TENON_NORM(sums, gather_products, NormSumsParameters)
TENON_NORM(sums_join, join_products, NormSumsJoinParameters)
TENON_NORM(spread, spread, NormSpreadParameters)

#undef TENON_NORM

}  // namespace cuda
}  // namespace tenon
