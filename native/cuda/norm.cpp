#include "cuda/norm.h"

#include "cuda/dims.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int64_t kLongSpan = 64;      // from here on neighbours read along planes
constexpr int64_t kManySamples = 64;   // so many times the span, columns have fewer partial results
constexpr int64_t kFewTiles = 512;     // with fewer blocks, long lines are cut into parts
constexpr int64_t kSplitTiles = 1024;  // so that there are about so many

/** The number of blocks' x, and the elements that a team takes in one step. */
int64_t tiles_of(const NormLines& l) { return divide_up(l.count, kTeamThreads >> l.shape.log_lanes); }
int64_t step_of(const NormLines& l) { return static_cast<int64_t>(kBatch) << l.shape.log_lanes; }

/** Cut into about so many parts, of whole steps. */
void cut(NormLines& l, int64_t parts) {
  const int64_t step = step_of(l);
  l.part = divide_up(divide_up(l.elements, step), parts) * step;
  l.parts = divide_up(l.elements, l.part);
}

NormLines lines_of(const NormShape& s, LineKind kind) {
  NormLines l = {};
  const int64_t row = s.row(), sample = s.groups * row, of_sample = s.across ? 0 : s.groups;
  const Dim<3> samples = {s.samples, {sample, of_sample, 0}, 0, 0};
  const Dim<3> groups = {s.groups, {row, 1, s.channels}, 0, 0};
  const Dim<3> channels = {s.channels, {s.span, 0, 1}, 0, 0};
  DimList<3> dims;
  l.stride = 1;
  if (kind != LineKind::columns) dims.push(samples);
  dims.push(groups);
  if (kind != LineKind::rows) dims.push(channels);
  if (kind == LineKind::columns) {
    dims.push({s.span, {1, 0, 0}, 0, 0});
    l.elements = s.samples;
    l.stride = sample;
    l.statistic_step = of_sample;
  } else {
    l.elements = kind == LineKind::rows ? row : s.span;
  }
  l.count = dims.numel();
  l.dims = dims.count;
  dims.copy_to(l.dim);
  const int64_t to_next = kind == LineKind::columns ? 1 : l.elements;
  l.shape = team_shape(l.elements, l.stride, l.count, to_next, kLogTeamThreads);
  return l;
}

/** `inner` partial results of each part, `inner_step` apart. */
NormSets sets_of(int64_t count, int64_t step, const NormLines& lines, int64_t inner, int64_t inner_step) {
  NormSets s = {};
  s.count = count;
  s.step = step;
  s.partials = lines.parts * inner;
  s.groups = s.channels = 1;
  DimList<3> dims;
  dims.push({lines.parts, {lines.count, 1, 0}, 0, 0});
  dims.push({inner, {inner_step, 0, 1}, 0, 0});
  s.dims = dims.count;
  dims.copy_to(s.dim);
  const int64_t dense = dims.count ? dims.at[dims.count - 1].stride[0] : 1;
  s.shape = team_shape(s.partials, dense, count, step, kLogTeamThreads);
  return s;
}

}  // namespace

LineKind planes_or_columns(const NormShape& s) {
  const bool planes = s.span >= kLongSpan && s.samples / kManySamples < s.span;
  return planes ? LineKind::planes : LineKind::columns;
}

NormLines lines_to_sum(const NormShape& s, LineKind kind) {
  NormLines l = lines_of(s, kind);
  const int64_t tiles = tiles_of(l), steps = divide_up(l.elements, step_of(l));
  const bool few = tiles < kFewTiles && steps > 4;
  cut(l, few ? clamp(divide_up(kSplitTiles, tiles), int64_t{1}, steps / 2) : 1);
  return l;
}

NormLines lines_to_change(const NormShape& s, const Queue& q) {
  NormLines l = lines_of(s, planes_or_columns(s));
  const int64_t all = blocks_for(INT64_MAX / 2, kTeamThreads, 1, q);
  cut(l, clamp(divide_up(all, tiles_of(l)), int64_t{1}, divide_up(l.elements, step_of(l))));
  return l;
}

NormSets sets_of_rows(const NormShape& s, LineKind kind, const NormLines& lines) {
  const int64_t rows = s.samples * s.groups;
  if (kind == LineKind::rows) return sets_of(rows, 1, lines, 1, 0);
  NormSets sets = sets_of(rows, s.channels, lines, s.channels, 1);
  sets.groups = s.groups;
  sets.channels = s.channels;
  return sets;
}

NormSets sets_of_channels(const NormShape& s, LineKind kind, const NormLines& lines) {
  if (kind == LineKind::columns) return sets_of(s.weights(), s.span, lines, s.span, 1);
  return sets_of(s.weights(), 1, lines, s.samples, s.weights());
}

Blocks blocks_of(const NormLines& l) {
  return {blocks_of_teams(l.count, l.shape, kTeamThreads), static_cast<unsigned>(l.parts), 1};
}
Blocks blocks_of(const NormSets& s) { return {blocks_of_teams(s.count, s.shape, kTeamThreads), 1, 1}; }

}  // namespace cuda
}  // namespace tenon
