// matmul, linear and its derivatives: launches cut into the products that gemm() takes.
#include "cuda/gemm.h"
#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

void kernel_matmul(const Launch& l, Queue& q) {
  const TensorView &a = l.in(0), &b = l.in(1), &c = l.out();
  const int ta = l.scalar[0].get() != 0, tb = l.scalar[1].get() != 0;
  Gemm g;
  g.type = c.dtype;
  g.m = c.shape[c.rank - 2];
  g.n = c.shape[c.rank - 1];
  g.k = a.shape[a.rank - 1 - ta];
  g.a = a.data;
  g.a_row = a.strides[a.rank - 2 + ta];
  g.a_column = a.strides[a.rank - 1 - ta];
  g.b = b.data;
  g.b_row = b.strides[b.rank - 2 + tb];
  g.b_column = b.strides[b.rank - 1 - tb];
  g.out = c.data;
  // An operand's own batch dimensions are the last ones; those of size 1 stand for any size.
  const auto stride = [&](const TensorView& v, int dim) {
    const int own = dim - (c.rank - v.rank);
    return own < 0 || v.shape[own] == 1 ? int64_t{0} : v.strides[own];
  };
  for (int i = 0; i < c.rank - 2; i++) g.batch.push({c.shape[i], {stride(a, i), stride(b, i)}, 0, 0});
  gemm(g, q);
}

void kernel_linear(const Launch& l, Queue& q) {
  const TensorView &x = l.in(0), &w = l.in(1), &out = l.out();
  Gemm g;
  g.type = out.dtype;
  g.n = w.shape[0];
  g.k = w.shape[1];
  g.m = g.n ? out.numel / g.n : 0;
  g.a = x.data;
  g.a_row = x.rank == 2 ? x.strides[0] : g.k;
  g.a_column = x.strides[x.rank - 1];
  g.b = w.data;
  g.b_row = w.strides[1];
  g.b_column = w.strides[0];
  g.out = out.data;
  if (l.inputs > 2) {
    g.bias = l.in(2).data;
    g.bias_stride = l.in(2).strides[0];
  }
  g.activation = static_cast<Activation>(l.scalar[0].integer());
  gemm(g, q);
}

void kernel_linearBackward(const Launch& l, Queue& q) {
  const TensorView &grad = l.in(0), &x = l.in(1), &w = l.in(2);
  const int64_t m = grad.shape[0], n = grad.shape[1], k = x.shape[1];
  int at = 0;
  const auto product = [&](int64_t rows, int64_t columns, int64_t depth) {
    Gemm g;
    g.type = grad.dtype;
    g.m = rows;
    g.n = columns;
    g.k = depth;
    g.a = grad.data;
    g.out = l.out(at++).data;
    return g;
  };
  if (l.scalar[0].get() != 0) {
    Gemm g = product(m, k, n);
    g.a_row = grad.strides[0];
    g.a_column = grad.strides[1];
    g.b = w.data;
    g.b_row = w.strides[0];
    g.b_column = w.strides[1];
    gemm(g, q);
  }
  if (l.scalar[1].get() != 0) {
    Gemm g = product(n, k, m);
    g.a_row = grad.strides[1];
    g.a_column = grad.strides[0];
    g.b = x.data;
    g.b_row = x.strides[0];
    g.b_column = x.strides[1];
    gemm(g, q);
  }
  if (l.scalar[2].get() != 0) {
    const TensorView views[] = {l.out(at), grad};
    const Scalar rows = {0, nullptr};
    Launch sum = l;
    sum.outputs = sum.inputs = sum.scalars = 1;
    sum.views = views;
    sum.scalar = &rows;
    kernel_sum(sum, q);
  }
}

}  // namespace cuda
}  // namespace tenon
