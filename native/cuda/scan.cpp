// Scans along a dimension. How rows are divided follows from shape and layout alone, so that the bits of a
// result are the same on every device.
#include "cuda/kernels/scan.h"

#include "cuda/dims.h"
#include "cuda/kernel_table.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int64_t kMostParts = 1024;
// Rows of several tiles are split into parts until there are so many.
constexpr int64_t kFewRows = 512, kRowParts = 1024, kLeastTiles = 4;
// The same where a thread has a row.
constexpr int64_t kFewColumns = 16384, kColumnParts = 65536, kLeastPart = 32;
/** Fewer neighbours than this are not worth reading rows side by side. */
constexpr int64_t kFewBeside = 8;

struct Names {
  const char *rows, *columns, *join;
  int64_t state;  // bytes of a partial result
};

int64_t distance(int64_t stride) { return stride < 0 ? -stride : stride; }

void split(ScanParameters& p, int64_t least, int64_t parts) {
  const int64_t steps = divide_up(p.n, least);
  p.part = divide_up(steps, clamp(parts, int64_t{1}, steps < kMostParts ? steps : kMostParts)) * least;
  p.parts = divide_up(p.n, p.part);
}

void along(const Launch& l, Queue& q, const Names& names, bool reverse) {
  const TensorView &out = l.out(), &a = l.in(0), &b = l.in(static_cast<int>(l.inputs) - 1);
  if (out.numel == 0) return;
  const int dim = static_cast<int>(l.scalar[0].integer());
  ScanParameters p = {};
  const TensorView* const views[3] = {&a, &b, &out};
  p.n = out.shape[dim];
  int64_t offset[3];  // of where rows begin
  for (int k = 0; k < 3; k++) {
    p.stride[k] = reverse ? -views[k]->strides[dim] : views[k]->strides[dim];
    offset[k] = reverse ? (p.n - 1) * views[k]->strides[dim] * element_size(views[k]->dtype) : 0;
  }
  p.a = a.as<char>() + offset[0];
  p.b = b.as<char>() + offset[1];
  p.out = out.as<char>() + offset[2];
  p.a_type = a.dtype;
  p.b_type = b.dtype;
  p.out_type = out.dtype;
  if (l.outputs == 2) p.index = l.out(1).as<int64_t>();
  DimList<3> rows;
  for (int i = 0; i < out.rank; i++)
    if (i != dim) rows.push({out.shape[i], {a.strides[i], b.strides[i], out.strides[i]}, 0, 0});
  rows.sort();
  rows.copy_to(p.dim);
  p.dims = rows.count;
  p.rows = out.numel / p.n;
  p.part = p.n;
  p.parts = 1;
  const Dim<3> column = rows.count ? rows.at[rows.count - 1] : Dim<3>{1, {0, 0, 0}, 0, 0};
  const bool by_rows =
      p.n > 1 && (column.size < kFewBeside || distance(p.stride[0]) < distance(column.stride[0]));
  if (by_rows) {
    const uint32_t useful = log2_up(divide_up(p.n, kBatch)), least = clamp(log2_up(p.n), 0u, 3u);
    p.log_lanes = clamp(useful, least, kLogTeamThreads);
    if (p.rows < kFewRows && p.n >= kLeastTiles * kScanTile) split(p, kScanTile, kRowParts / p.rows);
  } else if (p.rows < kFewColumns && p.n > kLeastPart) {
    split(p, kLeastPart, kColumnParts / p.rows);
  }

  const int64_t units = p.rows * p.parts;
  const unsigned blocks = by_rows ? blocks_of_teams(units, {p.log_lanes, 1}, kScanThreads)
                                  : blocks_for(units, kScanThreads, 1, q);
  const char* const scan = by_rows ? names.rows : names.columns;
  if (p.parts > 1) {
    p.partial = q.scratch(static_cast<size_t>(units * names.state));
    p.totals = 1;
    q.launch(scan, {blocks}, kScanThreads, p);
    p.totals = 0;
    const ScanJoinParameters join{p.partial, p.rows, p.parts};
    q.launch(names.join, {blocks_for(p.rows, kScanThreads / 32, 1, q)}, kScanThreads, join);
  }
  q.launch(scan, {blocks}, kScanThreads, p);
}

/** 32-bit integers are the lower halves of 64-bit ones. */
int type_index(DType compute) { return compute == DType::f32 ? 0 : compute == DType::f64 ? 1 : 2; }

#define TENON_NAMES(scan, type, join, state) \
  {"scan_" #scan "_rows_" #type, "scan_" #scan "_columns_" #type, "scan_" #scan "_join_" #join, state}
// `state` is the size of a State in kernels/scan.cu. Those of float32 are float64's, but for extremes.
#define TENON_SCANS(scan, state) \
  {TENON_NAMES(scan, f32, f64, state), TENON_NAMES(scan, f64, f64, state), TENON_NAMES(scan, i64, i64, state)}
#define TENON_EXTREMES(scan) \
  {TENON_NAMES(scan, f32, f32, 16), TENON_NAMES(scan, f64, f64, 16), TENON_NAMES(scan, i64, i64, 16)}

constexpr Names kSum[] = TENON_SCANS(sum, 8), kProduct[] = TENON_SCANS(product, 16),
                kLinear[] = TENON_SCANS(linear, 24), kLargest[] = TENON_EXTREMES(largest),
                kSmallest[] = TENON_EXTREMES(smallest);
constexpr Names kLogSumExp[] = {TENON_NAMES(logsumexp, f32, f64, 8), TENON_NAMES(logsumexp, f64, f64, 8)};

}  // namespace

void kernel_cumsum(const Launch& l, Queue& q) {
  along(l, q, kSum[type_index(l.compute)], l.scalar[1].get() != 0);
}
void kernel_cumprod(const Launch& l, Queue& q) { along(l, q, kProduct[type_index(l.compute)], false); }
void kernel_logcumsumexp(const Launch& l, Queue& q) {
  along(l, q, kLogSumExp[l.compute == DType::f64], false);
}
void kernel_linearScan(const Launch& l, Queue& q) {
  along(l, q, kLinear[type_index(l.compute)], l.scalar[1].get() != 0);
}
void kernel_cummax(const Launch& l, Queue& q) { along(l, q, kLargest[type_index(l.compute)], false); }
void kernel_cummin(const Launch& l, Queue& q) { along(l, q, kSmallest[type_index(l.compute)], false); }

}  // namespace cuda
}  // namespace tenon
