// batchNorm and its derivative: sums over parts of planes or columns, what they come to for each channel, and
// what that makes of each element.
#include "cuda/dims.h"
#include "cuda/kernel_table.h"
#include "cuda/norm.h"

namespace tenon {
namespace cuda {

namespace {

NormShape shape_of(const TensorView& x) {
  const int64_t samples = x.shape[0], channels = x.shape[1];
  return {samples, channels, 1, x.numel / (samples * channels), true};
}

RunningStatistic statistic(const TensorView& v) { return {v.data, v.strides[0], v.dtype}; }

void find_statistics(const Launch& l, Queue& q, const NormShape& s) {
  const LineKind kind = planes_or_columns(s);
  MomentsParameters sums = {};
  sums.x = l.in(0).data;
  sums.centred = 1;
  sums.lines = lines_to_sum(s, kind);
  sums.partial = static_cast<NormPair*>(q.scratch(partial_bytes(sums.lines)));
  q.launch(pick(l, "norm_moments_f32", "norm_moments_f64"), blocks_of(sums.lines), kTeamThreads, sums);
  MomentsJoinParameters join = {};
  join.partial = sums.partial;
  join.mean = l.out(1).data;
  join.rstd = l.out(2).data;
  for (int i = 3; i < l.outputs; i++) join.running[i - 3] = statistic(l.out(i));
  join.elements = sums.lines.elements;
  join.part = sums.lines.part;
  join.eps = l.scalar[1].get();
  join.momentum = l.scalar[2].get();
  join.sets = sets_of_channels(s, kind, sums.lines);
  q.launch(pick(l, "norm_moments_join_f32", "norm_moments_join_f64"), blocks_of(join.sets), kTeamThreads,
           join);
}

void take_statistics(const Launch& l, Queue& q, int64_t channels) {
  KnownParameters p = {};
  for (int i = 0; i < 2; i++) p.known[i] = statistic(l.in(1 + i));
  p.mean = l.out(1).data;
  p.rstd = l.out(2).data;
  p.channels = channels;
  p.eps = l.scalar[1].get();
  q.launch(pick(l, "norm_known_f32", "norm_known_f64"), {blocks_for(channels, kTeamThreads, 1, q), 1, 1},
           kTeamThreads, p);
}

}  // namespace

void kernel_batchNorm(const Launch& l, Queue& q) {
  const TensorView& x = l.in(0);
  const NormShape s = shape_of(x);
  const bool training = l.scalar[0].get() != 0, weighted = l.scalar[3].get() != 0;
  if (training)
    find_statistics(l, q, s);
  else
    take_statistics(l, q, s.groups);
  const int first = training ? 1 : 3;
  NormApplyParameters p = {};
  p.x = x.data;
  p.mean = l.out(1).data;
  p.rstd = l.out(2).data;
  p.weight = data_if(l, weighted, first);
  p.bias = data_if(l, l.scalar[4].get() != 0, first + weighted);
  p.out = l.out(0).data;
  p.lines = lines_to_change(s, q);
  q.launch(pick(l, "norm_apply_f32", "norm_apply_f64"), blocks_of(p.lines), kTeamThreads, p);
}

void kernel_batchNormBackward(const Launch& l, Queue& q) {
  const TensorView &grad = l.in(0), &x = l.in(1), &mean = l.in(2), &rstd = l.in(3);
  const NormShape s = shape_of(x);
  const bool training = l.scalar[0].get() != 0;
  const NormGradients wanted(l, 2);
  const void* const weight = data_if(l, l.scalar[1].get() != 0, 4);
  void *shift = nullptr, *slope = nullptr;
  if (wanted.weight || wanted.bias || (wanted.x && training)) {
    const LineKind kind = planes_or_columns(s);
    NormSumsParameters sums = {grad.data, x.data, mean.data, rstd.data, nullptr, nullptr, divisor(1), {}};
    sums.lines = lines_to_sum(s, kind);
    const size_t bytes = partial_bytes(sums.lines);
    const size_t each = static_cast<size_t>(s.groups * element_size(l.compute));
    char* const memory = static_cast<char*>(q.scratch(bytes + 2 * each));
    sums.partial = reinterpret_cast<NormPair*>(memory);
    if (wanted.x && training) {
      shift = memory + bytes;
      slope = memory + bytes + each;
    }
    q.launch(pick(l, "norm_sums_f32", "norm_sums_f64"), blocks_of(sums.lines), kTeamThreads, sums);
    NormSumsJoinParameters join = {};
    join.partial = sums.partial;
    join.of_weight = wanted.weight;
    join.of_bias = wanted.bias;
    join.shift = shift;
    join.slope = slope;
    join.rstd = rstd.data;
    join.factor = weight;
    join.elements = static_cast<double>(s.samples * s.span);
    join.centred = 1;
    join.sets = sets_of_channels(s, kind, sums.lines);
    q.launch(pick(l, "norm_sums_join_f32", "norm_sums_join_f64"), blocks_of(join.sets), kTeamThreads, join);
  }
  if (!wanted.x) return;
  NormSpreadParameters p = {grad.data, x.data, mean.data, rstd.data, weight, shift, slope, wanted.x, {}};
  p.lines = lines_to_change(s, q);
  q.launch(pick(l, "norm_spread_f32", "norm_spread_f64"), blocks_of(p.lines), kTeamThreads, p);
}

}  // namespace cuda
}  // namespace tenon
