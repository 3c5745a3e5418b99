// The derivative of `recurrent`: from the last step to the first the gradients of the gates, then those of
// the input and the weights, as products over all steps at once.
#include <initializer_list>

#include "core/parallel.h"
#include "cpu/isa/column_sums.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/recurrent.h"
#include "kernels/math.h"

namespace tenon {
namespace TENON_ISA {

namespace {

template <class T>
struct Backward {
  using V = Vec<T>;
  static constexpr int64_t w = Lanes<T>::count;

  const Launch& l;
  const RecurrentForm f;
  Steps steps;
  int64_t rows, hidden, state, input, wide;
  SequenceTasks tasks;

  const T *g_y, *g_hn, *g_cn, *x, *w_ih, *w_hh, *h0, *c0, *w_hr, *y, *gates, *cells, *part, *raw;
  T *g_x, *g_w_ih, *g_w_hh, *g_h0, *g_c0, *g_b_ih, *g_b_hh, *g_w_hr;
  // Of all steps: gradients before the activations (for GRU those of the hidden state's part apart, as its
  // new gate differs), the state before each, LSTM's gradients after the projection.
  T *d_gates, *d_hidden, *before, *d_projected;
  // Of each sequence: the gradient of its state, of LSTM's cell and unprojected state; what GRU passes on.
  T *d_state, *d_cell, *d_raw, *carried, *copies;
  Panels<T> recurrent, projection;

  explicit Backward(const Launch& launch)
      : l(launch), f(launch, true), steps(launch, f), tasks(steps.batch, num_threads()) {
    rows = l.views[f.x].shape[0];
    wide = l.views[f.w_hh].shape[0];
    state = l.views[f.w_hh].shape[1];
    hidden = wide / f.gates_of_unit();
    input = l.views[f.x].shape[1];
  }

  void lay_out(Pieces& p) {
    const bool gru = f.cell == Cell::gru, lstm = f.cell == Cell::lstm;
    steps.first = p.take<int64_t>(steps.count + 1);
    g_y = operand<T>(l, f.g_y, p), g_hn = operand<T>(l, f.g_hn, p), g_cn = operand<T>(l, f.g_cn, p);
    x = operand<T>(l, f.x, p), w_ih = operand<T>(l, f.w_ih, p), w_hh = operand<T>(l, f.w_hh, p);
    h0 = operand<T>(l, f.h0, p), c0 = operand<T>(l, f.c0, p), w_hr = operand<T>(l, f.w_hr, p);
    y = operand<T>(l, f.y, p), gates = operand<T>(l, f.gates, p), cells = operand<T>(l, f.cells, p);
    part = operand<T>(l, f.part, p), raw = operand<T>(l, f.raw, p);
    g_x = operand<T>(l, f.g_x, p), g_w_ih = operand<T>(l, f.g_w_ih, p), g_w_hh = operand<T>(l, f.g_w_hh, p);
    g_h0 = operand<T>(l, f.g_h0, p), g_c0 = operand<T>(l, f.g_c0, p), g_b_ih = operand<T>(l, f.g_b_ih, p);
    g_b_hh = operand<T>(l, f.g_b_hh, p), g_w_hr = operand<T>(l, f.g_w_hr, p);
    d_gates = p.take<T>(rows * wide);
    T* const apart = p.take<T>(gru ? rows * wide : 0);
    d_hidden = gru ? apart : d_gates;
    before = p.take<T>(f.of_weights ? rows * state : 0);
    d_projected = p.take<T>(f.projected ? rows * state : 0);
    d_state = g_h0;
    d_cell = g_c0;
    d_raw = p.take<T>(f.projected ? steps.batch * hidden : 0);
    carried = p.take<T>(gru ? steps.batch * hidden : 0);
    copies = p.take<T>(f.reverse && f.packed ? steps.batch * (state + (lstm ? hidden : 0)) : 0);
    recurrent.k = wide, recurrent.n = state;
    recurrent.data = p.take<T>(Panels<T>::elements(wide, state));
    projection.k = state, projection.n = hidden;
    projection.data = p.take<T>(f.projected ? Panels<T>::elements(state, hidden) : 0);
  }

  void lstm_row(int64_t row, int64_t sequence, const T* d_h, const T* c_before) const {
    const T *const g = gates + row * wide, *const c = cells + row * hidden;
    T *const d = d_gates + row * wide, *const dc = d_cell + sequence * hidden;
    const V one = constant<V>(1);
    for (int64_t j = 0; j < hidden; j += w) {
      const int64_t left = hidden - j;
      const auto at = [&](const T* p) { return lanes(p + j, left); };
      const V i = at(g), forget = at(g + hidden), fresh = at(g + 2 * hidden), o = at(g + 3 * hidden);
      const V dh = at(d_h), s = math::tanh(at(c)), of_cell = at(dc) + dh * o * (one - s * s);
      put_lanes(d + j, of_cell * fresh * (one - i) * i, left);
      put_lanes(d + hidden + j, of_cell * at(c_before) * (one - forget) * forget, left);
      put_lanes(d + 2 * hidden + j, of_cell * i * (one - fresh * fresh), left);
      put_lanes(d + 3 * hidden + j, dh * s * (one - o) * o, left);
      put_lanes(dc + j, of_cell * forget, left);
    }
  }

  void gru_row(int64_t row, int64_t sequence, const T* d_h, const T* h_before) const {
    const T *const g = gates + row * wide, *const of_state = part + row * hidden;
    T *const d = d_gates + row * wide, *const e = d_hidden + row * wide,
             *const on = carried + sequence * hidden;
    const V one = constant<V>(1);
    for (int64_t j = 0; j < hidden; j += w) {
      const int64_t left = hidden - j;
      const auto at = [&](const T* p) { return lanes(p + j, left); };
      const V r = at(g), z = at(g + hidden), fresh = at(g + 2 * hidden), dh = at(d_h);
      const V d_fresh = dh * (one - z) * (one - fresh * fresh);
      const V d_z = dh * (at(h_before) - fresh) * (one - z) * z;
      const V d_r = d_fresh * at(of_state) * (one - r) * r;
      for (T* const to : {d, e}) {
        put_lanes(to + j, d_r, left);
        put_lanes(to + hidden + j, d_z, left);
      }
      put_lanes(d + 2 * hidden + j, d_fresh, left);
      put_lanes(e + 2 * hidden + j, d_fresh * r, left);
      put_lanes(on + j, dh * z, left);
    }
  }

  void plain_row(int64_t row, const T* d_h) const {
    const T* const h = gates + row * hidden;
    T* const d = d_gates + row * hidden;
    for (int64_t j = 0; j < hidden; j += w) {
      const int64_t left = hidden - j;
      const V v = lanes(h + j, left), dh = lanes(d_h + j, left);
      const V slope = f.cell == Cell::relu ? select(v <= V{}, V{}, dh) : dh * (constant<V>(1) - v * v);
      put_lanes(d + j, slope, left);
    }
  }

  static void add(T* to, const T* from, int64_t n) {
    for (int64_t j = 0; j < n; j += w)
      put_lanes(to + j, lanes(to + j, n - j) + lanes(from + j, n - j), n - j);
  }

  /** Sequences [begin, end) through all steps, the last taken first. */
  bool sequences(int64_t task) const {
    const int64_t begin = task * tasks.together, end = tasks.end(task);
    T* const d_h = d_state + begin * state;
    T* const copy = copies + (f.reverse && f.packed ? begin * (state + (cells ? hidden : 0)) : 0);
    T* const copy_c = copy + (end - begin) * state;
    std::memcpy(d_h, g_hn + begin * state, static_cast<size_t>((end - begin) * state) * sizeof(T));
    if (d_cell)
      std::memcpy(d_cell + begin * hidden, g_cn + begin * hidden,
                  static_cast<size_t>((end - begin) * hidden) * sizeof(T));
    bool done = true;
    for (int64_t k = steps.count - 1; k >= 0; k--) {
      const int64_t t = steps.taken(k), n = steps.among(t, begin, end), row = steps.first[t] + begin;
      if (n == 0) continue;
      add(d_h, g_y + row * state, n * state);
      const T* of_units = d_h;
      if (f.projected) {
        std::memcpy(d_projected + row * state, d_h, static_cast<size_t>(n * state) * sizeof(T));
        done &= multiply(projection, d_h, state, n, d_raw + begin * hidden, hidden);
        of_units = d_raw + begin * hidden;
      }
      const T* const h = state_before(steps, t, begin, n, y, h0, state, copy);
      if (before) std::memcpy(before + row * state, h, static_cast<size_t>(n * state) * sizeof(T));
      const T* const c = cells ? state_before(steps, t, begin, n, cells, c0, hidden, copy_c) : nullptr;
      for (int64_t i = 0; i < n; i++) {
        const T* const dh = of_units + i * hidden;
        if (f.cell == Cell::lstm)
          lstm_row(row + i, begin + i, dh, c + i * hidden);
        else if (f.cell == Cell::gru)
          gru_row(row + i, begin + i, dh, h + i * hidden);
        else
          plain_row(row + i, dh);
      }
      done &= multiply(recurrent, d_hidden + row * wide, wide, n, d_h, state);
      if (f.cell == Cell::gru) add(d_h, carried + begin * hidden, n * hidden);
    }
    return done;
  }

  /** What needs the gradients of all steps. */
  bool over_all_steps() const {
    bool done = true;
    if (g_x) done &= gemm(Gemm<T>{rows, input, wide, d_gates, wide, 1, w_ih, input, 1, g_x, input});
    if (!f.of_weights) return done;
    done &= gemm(Gemm<T>{wide, input, rows, d_gates, 1, wide, x, input, 1, g_w_ih, input});
    done &= gemm(Gemm<T>{wide, state, rows, d_hidden, 1, wide, before, state, 1, g_w_hh, state});
    if (f.projected)
      done &= gemm(Gemm<T>{state, hidden, rows, d_projected, 1, state, raw, hidden, 1, g_w_hr, hidden});
    if (!f.bias) return done;
    column_sums(d_gates, rows, wide, wide, 1, g_b_ih);
    if (d_hidden == d_gates)
      std::memcpy(g_b_hh, g_b_ih, static_cast<size_t>(wide) * sizeof(T));
    else
      column_sums(d_hidden, rows, wide, wide, 1, g_b_hh);
    return done;
  }

  void run() {
    Pieces sizes;
    lay_out(sizes);
    Pieces pieces;
    pieces.memory = static_cast<char*>(l.scratch->bytes(static_cast<size_t>(sizes.bytes)));
    lay_out(pieces);
    if (!steps.read(l, f)) return;
    recurrent.pack(w_hh, state, 1);
    if (f.projected) projection.pack(w_hr, hidden, 1);
    bool failed = false;  // set by any task
    parallel_for(tasks.tasks, [&](int64_t task) {
      if (!sequences(task)) __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
    });
    if (!over_all_steps()) failed = true;
    if (failed)
      set_error(*l.error, ErrorCode::out_of_memory, "recurrentBackward: no memory to pack the operands");
    put_back(l, f.g_x, g_x), put_back(l, f.g_w_ih, g_w_ih), put_back(l, f.g_w_hh, g_w_hh);
    put_back(l, f.g_h0, g_h0), put_back(l, f.g_c0, g_c0), put_back(l, f.g_b_ih, g_b_ih);
    put_back(l, f.g_b_hh, g_b_hh), put_back(l, f.g_w_hr, g_w_hr);
  }
};

}  // namespace

void kernel_recurrentBackward(const Launch& l) {
  if (l.compute == DType::f64)
    Backward<double>(l).run();
  else
    Backward<float>(l).run();
}

}  // namespace TENON_ISA
}  // namespace tenon
