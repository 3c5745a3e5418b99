// rowNorm and its derivative: layer, group, instance and RMS norm. Short rows, and long ones of which there
// are enough, are a team's each; of few long ones all blocks have parts.
#include "cuda/dims.h"
#include "cuda/kernel_table.h"
#include "cuda/norm.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int64_t kShortRow = int64_t{kBatch} << kLogNormThreads;  // that a team may keep in registers
constexpr int64_t kManyRows = 128;

/** x, and the statistics of its rows. */
NormShape shape_of(const Launch& l, const TensorView& x, const TensorView& rstd) {
  const int64_t groups = l.scalar[0].integer(), channels = l.scalar[1].integer();
  return {rstd.numel / groups, groups, channels, x.numel / rstd.numel / channels, false};
}

template <class P>
void set_rows(const Launch& l, P& p, const NormShape& s) {
  p.rows = s.samples * s.groups;
  p.size = s.row();
  p.groups = s.groups;
  p.channels = s.channels;
  p.span = divisor(s.span);
  p.shape = team_shape(p.size, 1, 1, 0, kLogNormThreads - (l.compute == DType::f64));
}

template <class P>
void launch_rows(Queue& q, const char* name, const P& p) {
  const unsigned lanes = 1u << p.shape.log_lanes, threads = lanes < kTeamThreads ? kTeamThreads : lanes;
  q.launch(name, {blocks_of_teams(p.rows, p.shape, threads), 1, 1}, threads, p);
}

/** Working memory for one thing after the other. */
class Parts {
 public:
  Parts(Queue& q, size_t bytes) : at_(static_cast<char*>(q.scratch(bytes))) {}
  void* take(size_t bytes) {
    char* const p = at_;
    at_ += rounded(bytes);
    return p;
  }
  static size_t rounded(size_t bytes) { return (bytes + 255) & ~size_t{255}; }

 private:
  char* at_;
};

/** In steps: the statistics of few long rows, then the result. */
void normalize_in_steps(const Launch& l, Queue& q, const NormShape& s, const RowNormParameters& of) {
  MomentsParameters sums = {};
  sums.x = of.x;
  sums.centred = of.mean != nullptr;
  sums.lines = lines_to_sum(s, LineKind::rows);
  sums.partial = static_cast<NormPair*>(q.scratch(partial_bytes(sums.lines)));
  q.launch(pick(l, "norm_moments_f32", "norm_moments_f64"), blocks_of(sums.lines), kTeamThreads, sums);
  MomentsJoinParameters join = {};
  join.partial = sums.partial;
  join.mean = of.mean;
  join.rstd = of.rstd;
  join.elements = sums.lines.elements;
  join.part = sums.lines.part;
  join.eps = of.eps;
  join.sets = sets_of_rows(s, LineKind::rows, sums.lines);
  q.launch(pick(l, "norm_moments_join_f32", "norm_moments_join_f64"), blocks_of(join.sets), kTeamThreads,
           join);
  NormApplyParameters apply = {of.x, of.mean, of.rstd, of.weight, of.bias, of.out, lines_to_change(s, q)};
  q.launch(pick(l, "norm_apply_f32", "norm_apply_f64"), blocks_of(apply.lines), kTeamThreads, apply);
}

/** The sums that gradients are made of, and, unless a team has made it, the gradient of x. */
void sum_gradients(const Launch& l, Queue& q, const NormShape& s, const RowNormBackwardParameters& of,
                   const NormGradients& wanted, bool whole) {
  const LineKind kind = planes_or_columns(s);
  const bool weights = wanted.weight || wanted.bias, planes = kind == LineKind::planes;
  NormSumsParameters sums = {of.grad, of.x, of.mean, of.rstd, nullptr, nullptr, divisor(1), {}};
  NormSumsParameters of_rows = sums;
  sums.lines = lines_to_sum(s, kind);
  of_rows.lines = lines_to_sum(s, LineKind::rows);
  of_rows.weight = of.weight;
  of_rows.span = of.span;
  const size_t bytes = partial_bytes(sums.lines);
  const size_t row_bytes = whole && !planes ? partial_bytes(of_rows.lines) : 0;
  const size_t each = static_cast<size_t>(of.rows * element_size(l.compute));
  Parts memory(q, Parts::rounded(bytes) + Parts::rounded(row_bytes) + 2 * Parts::rounded(each));
  sums.partial = static_cast<NormPair*>(memory.take(bytes));
  of_rows.partial = static_cast<NormPair*>(memory.take(row_bytes));
  void *const shift = memory.take(each), *const slope = memory.take(each);

  const auto gather = [&](const NormSumsParameters& p) {
    q.launch(pick(l, "norm_sums_f32", "norm_sums_f64"), blocks_of(p.lines), kTeamThreads, p);
  };
  const auto join = [&](const NormSumsJoinParameters& p) {
    q.launch(pick(l, "norm_sums_join_f32", "norm_sums_join_f64"), blocks_of(p.sets), kTeamThreads, p);
  };
  if (weights || (whole && planes)) gather(sums);
  if (weights) {
    NormSumsJoinParameters p = {};
    p.partial = sums.partial;
    p.of_weight = wanted.weight;
    p.of_bias = wanted.bias;
    p.sets = sets_of_channels(s, kind, sums.lines);
    join(p);
  }
  if (!whole) return;
  if (!planes) gather(of_rows);
  NormSumsJoinParameters p = {};
  p.partial = planes ? sums.partial : of_rows.partial;
  p.weight = planes ? of.weight : nullptr;
  p.shift = shift;
  p.slope = slope;
  p.rstd = of.rstd;
  p.elements = static_cast<double>(of.size);
  p.centred = of.mean != nullptr;
  p.sets = planes ? sets_of_rows(s, kind, sums.lines) : sets_of_rows(s, LineKind::rows, of_rows.lines);
  join(p);
  NormSpreadParameters spread = {
      of.grad, of.x, of.mean, of.rstd, of.weight, shift, slope, of.out, lines_to_change(s, q)};
  q.launch(pick(l, "norm_spread_f32", "norm_spread_f64"), blocks_of(spread.lines), kTeamThreads, spread);
}

}  // namespace

void kernel_rowNorm(const Launch& l, Queue& q) {
  const TensorView& x = l.in(0);
  const NormShape s = shape_of(l, x, l.out(1));
  const bool weighted = l.scalar[4].get() != 0;
  RowNormParameters p = {};
  p.x = x.data;
  p.out = l.out(0).data;
  p.rstd = l.out(1).data;
  p.eps = l.scalar[2].get();
  p.mean = l.scalar[3].get() != 0 ? l.out(2).data : nullptr;
  p.weight = data_if(l, weighted, 1);
  p.bias = data_if(l, l.scalar[5].get() != 0, 1 + weighted);
  set_rows(l, p, s);
  if (p.size > kShortRow && (p.rows < kManyRows || !is_narrow(p.size)))
    normalize_in_steps(l, q, s, p);
  else
    launch_rows(q, pick(l, "row_norm_f32", "row_norm_f64"), p);
}

void kernel_rowNormBackward(const Launch& l, Queue& q) {
  const TensorView& x = l.in(1);
  const NormShape s = shape_of(l, x, l.in(2));
  const bool centred = l.scalar[2].get() != 0;
  const NormGradients wanted(l, 4);
  RowNormBackwardParameters p = {};
  p.grad = l.in(0).data;
  p.x = x.data;
  p.rstd = l.in(2).data;
  p.mean = data_if(l, centred, 3);
  p.weight = data_if(l, l.scalar[3].get() != 0, 3 + centred);
  p.out = wanted.x;
  set_rows(l, p, s);
  const bool weights = wanted.weight || wanted.bias;
  // Sums of planes serve rows, too: when they are made anyway, long rows need not be gone through for their
  // own.
  const bool shared = weights && planes_or_columns(s) == LineKind::planes;
  const bool whole = p.size > kShortRow && (p.rows < kManyRows || shared || !is_narrow(p.size));
  if (wanted.x && !whole) launch_rows(q, pick(l, "row_norm_backward_f32", "row_norm_backward_f64"), p);
  if (weights || (wanted.x && whole)) sum_gradients(l, q, s, p, wanted, wanted.x && whole);
}

}  // namespace cuda
}  // namespace tenon
