// recurrentBackward: from the last step to the first the gradients of the gates and of the state before, then
// those of the input and the weights, as products over all steps at once.
#include "cuda/kernel_table.h"
#include "cuda/recurrent.h"

namespace tenon {
namespace cuda {

namespace {

/** Copies pieces as one where they follow each other, in both places. */
class Copies {
 public:
  explicit Copies(RecurrentPass& pass) : p_(pass) {}
  void add(char* to, const char* from, int64_t elements) {
    if (elements == 0) return;
    if (p_.at(to_, count_) != to || p_.at(from_, count_) != from) {
      finish();
      to_ = to, from_ = from;
    }
    count_ += elements;
  }
  void finish() {
    if (count_) p_.copy(to_, from_, count_);
    count_ = 0;
  }

 private:
  RecurrentPass& p_;
  char* to_ = nullptr;
  const char* from_ = nullptr;
  int64_t count_ = 0;
};

/** Gradients before the activations, of all steps; of the hidden state's part, for GRU other ones. */
struct OfGates {
  char *gates, *hidden;
  char* projected;  // after the projection
};

/** The hidden state before each step, in the order of the rows. */
char* states_before(RecurrentPass& p, const char* y, const char* h0) {
  char* const before = p.memory(p.rows * p.state);
  Copies earlier(p), initial(p);
  for (int64_t t = 0; t < p.steps.count; t++) {
    const int64_t n = p.steps.rows(t), from = p.steps.before(t), old = p.steps.among(from, 0, n);
    char* const to = p.at(before, p.steps.first[t] * p.state);
    if (old) earlier.add(to, p.at(y, p.steps.first[from] * p.state), old * p.state);
    initial.add(p.at(to, old * p.state), p.at(h0, old * p.state), (n - old) * p.state);
  }
  earlier.finish();
  initial.finish();
  return before;
}

void through_steps(RecurrentPass& p, const char* y, const char* h0, const char* w_hr, const OfGates& d) {
  static constexpr const char* cells[3][2] = {
      {"recurrent_plain_backward_f32", "recurrent_plain_backward_f64"},
      {"recurrent_lstm_backward_f32", "recurrent_lstm_backward_f64"},
      {"recurrent_gru_backward_f32", "recurrent_gru_backward_f64"}};
  const RecurrentForm& f = p.f;
  const bool lstm = f.cell == Cell::lstm, gru = f.cell == Cell::gru;
  const char *const g_y = p.operand(f.g_y), *const c0 = p.operand(f.c0), *const w_hh = p.operand(f.w_hh);
  const char *const gates = p.operand(f.gates), *const made_cells = p.operand(f.cells),
                    *const part = p.operand(f.part);
  // Of the states as they go: in the end of the initial ones.
  char *const d_state = p.operand(f.g_h0), *const d_cell = p.operand(f.g_c0);
  const int64_t all_units = p.steps.batch * p.hidden;
  char* const d_raw = f.projected ? p.memory(all_units) : nullptr;
  char* const carried = gru ? p.memory(all_units) : nullptr;
  p.copy(d_state, p.operand(f.g_hn), p.steps.batch * p.state);
  if (lstm) p.copy(d_cell, p.operand(f.g_cn), all_units);
  if (gru) p.q.zero(carried, p.bytes(all_units));

  for (int64_t k = p.steps.count - 1; k >= 0; k--) {
    const int64_t t = p.steps.taken(k), n = p.steps.rows(t), row = p.steps.first[t];
    const int64_t from = p.steps.before(t), old = p.steps.among(from, 0, n);
    const int64_t earlier = old ? p.steps.first[from] : 0;
    RecurrentStepBackward step = {};
    step.gates = p.at(gates, row * p.wide);
    step.cells = p.at(made_cells, row * p.hidden);
    step.part = p.at(part, row * p.hidden);
    step.before = {p.at(lstm ? made_cells : y, earlier * p.hidden), lstm ? c0 : h0, old};
    step.grad_state = d_state;
    step.grad_out = p.at(g_y, row * p.state);
    step.grad_cell = d_cell;
    step.carried = carried;
    step.grad_gates = p.at(d.gates, row * p.wide);
    step.grad_hidden = p.at(d.hidden, row * p.wide);
    if (f.projected) {
      char* const of_step = p.at(d.projected, row * p.state);
      p.copy(of_step, d_state, n * p.state);
      p.add(of_step, p.at(g_y, row * p.state), n * p.state);
      p.multiply(n, p.hidden, p.state, {of_step, p.state, 1}, {w_hr, p.hidden, 1}, d_raw);
      step.grad_state = d_raw;
      step.grad_out = nullptr;
    }
    p.step(cells, n, step);
    p.multiply(n, p.state, p.wide, {step.grad_hidden, p.wide, 1}, {w_hh, p.state, 1}, d_state);
  }
  if (gru) p.add(d_state, carried, all_units);
}

}  // namespace

void kernel_recurrentBackward(const Launch& l, Queue& q) {
  RecurrentPass p(l, q, true);
  if (!p.read_steps()) return;
  const RecurrentForm& f = p.f;
  const char *const y = p.operand(f.y), *const h0 = p.operand(f.h0), *const w_hr = p.operand(f.w_hr);
  OfGates d;
  d.gates = p.memory(p.rows * p.wide);
  d.hidden = f.cell == Cell::gru ? p.memory(p.rows * p.wide) : d.gates;
  d.projected = f.projected ? p.memory(p.rows * p.state) : nullptr;
  through_steps(p, y, h0, w_hr, d);

  if (f.of_input)
    p.multiply(p.rows, p.input, p.wide, {d.gates, p.wide, 1}, {p.operand(f.w_ih), p.input, 1},
               p.operand(f.g_x));
  if (f.of_weights) {
    p.multiply(p.wide, p.input, p.rows, {d.gates, 1, p.wide}, {p.operand(f.x), p.input, 1},
               p.operand(f.g_w_ih));
    p.multiply(p.wide, p.state, p.rows, {d.hidden, 1, p.wide}, {states_before(p, y, h0), p.state, 1},
               p.operand(f.g_w_hh));
    if (f.projected)
      p.multiply(p.state, p.hidden, p.rows, {d.projected, 1, p.state}, {p.operand(f.raw), p.hidden, 1},
                 p.operand(f.g_w_hr));
  }
  if (f.of_weights && f.bias) {
    p.sum_rows(f.g_b_ih, d.gates);
    p.sum_rows(f.g_b_hh, d.hidden);
  }
  p.put_back();
}

}  // namespace cuda
}  // namespace tenon
