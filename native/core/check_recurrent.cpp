#include "core/check_recurrent.h"

#include <initializer_list>

#include "core/recurrent.h"
#include "cpu/kernel_table.h"

namespace tenon {

namespace {

/** Whether operand i, if there is one, is a dense matrix of m x n. */
bool is_matrix(const Launch& l, int i, int64_t m, int64_t n) {
  if (i < 0) return true;
  const TensorView& v = l.views[i];
  return v.rank == 2 && v.contiguous && v.shape[0] == m && v.shape[1] == n;
}

bool is_vector(const Launch& l, int i, int64_t n) {
  return i < 0 || (l.views[i].rank == 1 && l.views[i].contiguous && l.views[i].shape[0] == n);
}

bool sizes_fit(const Launch& l, const RecurrentForm& f) {
  const TensorView &x = l.views[f.x], &w = l.views[f.w_hh], &h0 = l.views[f.h0];
  if (x.rank != 2 || w.rank != 2 || h0.rank != 2) return false;
  const int gates = f.gates_of_unit();
  const int64_t rows = x.shape[0], in = x.shape[1], batch = h0.shape[0], wide = w.shape[0],
                state = w.shape[1];
  const int64_t hidden = wide / gates;
  if (hidden <= 0 || state <= 0 || wide % gates != 0) return false;
  if (f.projected ? f.cell != Cell::lstm : state != hidden) return false;
  // Steps, if they don't have sizes of their own, are all of the whole batch.
  if ((rows == 0) != (batch == 0) || (!f.packed && batch > 0 && rows % batch != 0)) return false;
  if (f.packed && (l.views[f.sizes].rank != 1 || !l.views[f.sizes].contiguous)) return false;
  bool fits = is_matrix(l, f.x, rows, in) && is_matrix(l, f.w_ih, wide, in) &&
              is_matrix(l, f.w_hh, wide, state) && is_vector(l, f.b_ih, wide) && is_vector(l, f.b_hh, wide) &&
              is_matrix(l, f.w_hr, state, hidden);
  for (int i : {f.y, f.g_y}) fits &= is_matrix(l, i, rows, state);
  for (int i : {f.h0, f.hn, f.g_h0, f.g_hn}) fits &= is_matrix(l, i, batch, state);
  for (int i : {f.c0, f.cn, f.g_c0, f.g_cn}) fits &= is_matrix(l, i, batch, hidden);
  for (int i : {f.cells, f.part, f.raw}) fits &= is_matrix(l, i, rows, hidden);
  return fits && is_matrix(l, f.gates, rows, wide) && is_matrix(l, f.g_x, rows, in) &&
         is_matrix(l, f.g_w_ih, wide, in) && is_matrix(l, f.g_w_hh, wide, state) &&
         is_vector(l, f.g_b_ih, wide) && is_vector(l, f.g_b_hh, wide) &&
         is_matrix(l, f.g_w_hr, state, hidden);
}

bool dtypes_fit(const Launch& l, const RecurrentForm& f) {
  const DType dtype = l.views[f.x].dtype;
  bool fits = is_floating(dtype) && l.compute == (dtype == DType::f64 ? DType::f64 : DType::f32);
  for (int i = 0; i < f.outputs + f.inputs; i++) {
    const bool kept = i == f.gates || i == f.cells || i == f.part || i == f.raw;
    fits &= l.views[i].dtype == (i == f.sizes ? DType::i64 : kept ? l.compute : dtype);
  }
  return fits;
}

}  // namespace

void check_recurrent(const Launch& l, LaunchError& error) {
  const RecurrentForm form(l, static_cast<Op>(l.op) == Op::recurrentBackward);
  if (l.outputs != form.outputs || static_cast<int>(l.inputs) != form.inputs)
    set_error(error, ErrorCode::internal, "%s: wrong number of operands", op_name(l.op));
  else if (!dtypes_fit(l, form))
    set_error(error, ErrorCode::dtype, "%s: floating point only, of one dtype, and sizes of steps as int64",
              op_name(l.op));
  else if (!sizes_fit(l, form))
    set_error(error, ErrorCode::shape, "%s: sizes differ, or an operand is not contiguous", op_name(l.op));
}

}  // namespace tenon
