// softmax, log softmax and their derivatives along one dimension.
#include "cuda/kernels/softmax.h"

#include "cuda/dims.h"
#include "cuda/kernel_table.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

void along(const Launch& l, Queue& q, const char* f32, const char* f64) {
  const TensorView &out = l.out(), &a = l.in(0), &b = l.in(static_cast<int>(l.inputs) - 1);
  if (out.numel == 0) return;
  const int dim = static_cast<int>(l.scalar[0].integer());
  SoftmaxParameters p = {};
  p.a = a.data;
  p.b = b.data;
  p.out = out.data;
  p.a_type = a.dtype;
  p.b_type = b.dtype;
  p.out_type = out.dtype;
  p.n = 1;
  DimList<3> rows;
  for (int i = 0; i < out.rank; i++) {
    const Dim<3> d = {out.shape[i], {a.strides[i], b.strides[i], out.strides[i]}, 0, 0};
    if (i != dim) {
      rows.push(d);
      continue;
    }
    p.n = d.size;
    for (int k = 0; k < 3; k++) p.stride[k] = d.stride[k];
  }
  rows.sort();
  rows.copy_to(p.dim);
  p.dims = rows.count;
  p.rows = out.numel / p.n;
  const Dim<3> column = rows.count ? rows.at[rows.count - 1] : Dim<3>{1, {0, 0, 0}, 0, 0};
  p.shape = team_shape(p.n, p.stride[0], column.size, column.stride[0], kLogRowThreads);
  const unsigned threads = p.shape.log_lanes > kLogTeamThreads ? 1u << p.shape.log_lanes : kTeamThreads;
  q.launch(l.compute == DType::f64 ? f64 : f32, {blocks_of_teams(p.rows, p.shape, threads), 1, 1}, threads,
           p);
}

}  // namespace

void kernel_softmax(const Launch& l, Queue& q) { along(l, q, "softmax_plain_f32", "softmax_plain_f64"); }
void kernel_logSoftmax(const Launch& l, Queue& q) { along(l, q, "softmax_log_f32", "softmax_log_f64"); }
void kernel_softmaxBackward(const Launch& l, Queue& q) {
  along(l, q, "softmax_backward_f32", "softmax_backward_f64");
}
void kernel_logSoftmaxBackward(const Launch& l, Queue& q) {
  along(l, q, "softmax_log_backward_f32", "softmax_log_backward_f64");
}

}  // namespace cuda
}  // namespace tenon
