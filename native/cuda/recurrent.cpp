// recurrent: the products of the input for all steps at once, then of each step that of the hidden state and
// the cells. What becomes the last states are the states as they go: of sequences that have no further step
// they stay, of those that have not begun, from the last step to the first, they are the initial ones.
#include "cuda/recurrent.h"

#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

void kernel_recurrent(const Launch& l, Queue& q) {
  static constexpr const char* cells[3][2] = {{"recurrent_plain_f32", "recurrent_plain_f64"},
                                              {"recurrent_lstm_f32", "recurrent_lstm_f64"},
                                              {"recurrent_gru_f32", "recurrent_gru_f64"}};
  RecurrentPass p(l, q, false);
  if (!p.read_steps()) return;
  const RecurrentForm& f = p.f;
  char *const x = p.operand(f.x), *const w_ih = p.operand(f.w_ih), *const w_hh = p.operand(f.w_hh);
  char *const w_hr = p.operand(f.w_hr), *const b_ih = p.operand(f.b_ih), *const b_hh = p.operand(f.b_hh);
  char *const y = p.operand(f.y), *const h = p.operand(f.hn), *const c = p.operand(f.cn);
  char *const gates = p.operand(f.gates), *const made_cells = p.operand(f.cells);
  char *const part = p.operand(f.part), *const raw = p.operand(f.raw);
  char* const product = p.memory(p.steps.batch * p.wide);

  p.copy(h, p.operand(f.h0), p.steps.batch * p.state);
  if (c) p.copy(c, p.operand(f.c0), p.steps.batch * p.hidden);
  p.multiply(p.rows, p.wide, p.input, {x, p.input, 1}, {w_ih, 1, p.input}, gates, b_ih);
  for (int64_t k = 0; k < p.steps.count; k++) {
    const int64_t t = p.steps.taken(k), n = p.steps.rows(t), row = p.steps.first[t];
    p.multiply(n, p.wide, p.state, {h, p.state, 1}, {w_hh, 1, p.state}, product);
    RecurrentStep step = {};
    step.product = product;
    step.bias = b_hh;
    step.gates = p.at(gates, row * p.wide);
    step.state = f.projected ? nullptr : h;
    step.cell = c;
    step.out = p.at(f.projected ? raw : y, row * p.hidden);
    step.cells = p.at(made_cells, row * p.hidden);
    step.part = p.at(part, row * p.hidden);
    p.step(cells, n, step);
    if (!f.projected) continue;
    char* const out = p.at(y, row * p.state);
    p.multiply(n, p.state, p.hidden, {step.out, p.hidden, 1}, {w_hr, 1, p.hidden}, out);
    p.copy(h, out, n * p.state);
  }
  p.put_back();
}

}  // namespace cuda
}  // namespace tenon
