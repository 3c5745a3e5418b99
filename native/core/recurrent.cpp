#include "core/recurrent.h"

#include "cpu/kernel_table.h"

namespace tenon {

RecurrentForm::RecurrentForm(const Launch& l, bool backward) {
  const auto flag = [&](int i) { return l.scalar[i].get() != 0; };
  const int64_t kind = l.scalar[0].integer();
  cell = kind == 3 ? Cell::gru : kind == 2 ? Cell::lstm : kind == 1 ? Cell::relu : Cell::tanh;
  reverse = flag(1), bias = flag(2), projected = flag(3), packed = flag(4);
  const bool lstm = cell == Cell::lstm, gru = cell == Cell::gru;
  int at = 0;
  const auto next = [&](bool there) { return there ? at++ : -1; };
  if (backward) {
    of_input = flag(5), of_weights = flag(6);
    g_h0 = next(true);
    g_c0 = next(lstm);
    g_x = next(of_input);
    g_w_ih = next(of_weights);
    g_w_hh = next(of_weights);
    g_b_ih = next(of_weights && bias);
    g_b_hh = next(of_weights && bias);
    g_w_hr = next(of_weights && projected);
  } else {
    y = next(true);
    hn = next(true);
    cn = next(lstm);
    gates = next(true);
    cells = next(lstm);
    part = next(gru);
    raw = next(projected);
  }
  outputs = at;
  if (backward) {
    g_y = next(true);
    g_hn = next(true);
    g_cn = next(lstm);
  }
  x = next(true);
  w_ih = next(true);
  w_hh = next(true);
  h0 = next(true);
  c0 = next(lstm);
  b_ih = next(bias && !backward);
  b_hh = next(bias && !backward);
  w_hr = next(projected);
  sizes = next(packed);
  if (backward) {
    y = next(true);
    gates = next(true);
    cells = next(lstm);
    part = next(gru);
    raw = next(projected);
  }
  inputs = at - outputs;
}

int steps_operand(const Launch& l) {
  const bool backward = static_cast<Op>(l.op) == Op::recurrentBackward;
  if (!backward && static_cast<Op>(l.op) != Op::recurrent) return -1;
  return l.scalars < (backward ? 7u : 5u) ? -1 : RecurrentForm(l, backward).sizes;
}

Steps::Steps(const Launch& l, const RecurrentForm& f) : batch(l.views[f.h0].shape[0]), reverse(f.reverse) {
  if (f.packed)
    count = l.views[f.sizes].shape[0];
  else
    count = batch ? l.views[f.x].shape[0] / batch : 0;
}

bool Steps::read(const Launch& l, const RecurrentForm& f) {
  first[0] = 0;
  const int64_t total = l.views[f.x].shape[0];
  if (!f.packed) {
    for (int64_t t = 0; t < count; t++) first[t + 1] = first[t] + batch;
    return true;
  }
  const int64_t* const size = l.views[f.sizes].as<int64_t>();
  int64_t most = batch;
  for (int64_t t = 0; t < count; t++) {
    const int64_t n = size[t];
    if (n < 1 || n > most || (t == 0 && n != batch) || first[t] > total - n) break;
    first[t + 1] = first[t] + n;
    most = n;
    if (t == count - 1 && first[count] == total) return true;
  }
  if (count == 0 && total == 0) return true;
  set_error(
      *l.error, ErrorCode::argument,
      "recurrent: sizes of steps begin with the batch, never grow, and add up to the rows of the input");
  return false;
}

}  // namespace tenon
