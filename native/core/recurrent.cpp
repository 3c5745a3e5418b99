#include "core/recurrent.h"

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

}  // namespace tenon
