// A direction of a layer of RNN, LSTM or GRU over all steps: the input's products for all of them at once,
// then step by step those of the hidden state, a few units at a time, with their gates while they are in the
// cache.
#include "cpu/isa/recurrent.h"

#include "core/parallel.h"
#include "cpu/isa/kernels.h"
#include "kernels/math.h"

namespace tenon {
namespace TENON_ISA {

namespace {

template <class T>
struct Forward {
  using V = Vec<T>;
  static constexpr int64_t kWide = Panels<T>::kWide, w = Lanes<T>::count;

  const Launch& l;
  const RecurrentForm f;
  Steps steps;
  int64_t hidden, state, input, wide;  // units, size of the hidden state, of the input, all gates
  SequenceTasks tasks;

  const T *x, *w_ih, *w_hh, *h0, *c0, *b_ih, *b_hh, *w_hr;
  T *y, *hn, *cn, *gates, *cells, *part, *raw;
  T *bias, *products, *copies;
  Panels<T> recurrent, projection;

  explicit Forward(const Launch& launch)
      : l(launch), f(launch, false), steps(launch, f), tasks(steps.batch, num_threads()) {
    wide = l.views[f.w_hh].shape[0];
    state = l.views[f.w_hh].shape[1];
    hidden = wide / f.gates_of_unit();
    input = l.views[f.x].shape[1];
  }

  void lay_out(Pieces& p) {
    steps.first = p.take<int64_t>(steps.count + 1);
    x = operand<T>(l, f.x, p), w_ih = operand<T>(l, f.w_ih, p), w_hh = operand<T>(l, f.w_hh, p);
    h0 = operand<T>(l, f.h0, p), c0 = operand<T>(l, f.c0, p);
    b_ih = operand<T>(l, f.b_ih, p), b_hh = operand<T>(l, f.b_hh, p), w_hr = operand<T>(l, f.w_hr, p);
    y = operand<T>(l, f.y, p), hn = operand<T>(l, f.hn, p), cn = operand<T>(l, f.cn, p);
    gates = operand<T>(l, f.gates, p), cells = operand<T>(l, f.cells, p);
    part = operand<T>(l, f.part, p), raw = operand<T>(l, f.raw, p);
    bias = p.take<T>(f.bias ? wide : 0);
    recurrent.k = state, recurrent.n = wide;
    // Each gate in panels of its own.
    recurrent.data = p.take<T>(f.gates_of_unit() * Panels<T>::elements(state, hidden));
    projection.k = hidden, projection.n = state;
    projection.data = p.take<T>(f.projected ? Panels<T>::elements(hidden, state) : 0);
    products = p.take<T>(tasks.tasks * tasks.together * f.gates_of_unit() * kWide);
    copies = p.take<T>(f.reverse && f.packed ? tasks.tasks * tasks.together * (state + hidden) : 0);
  }

  /** The panels of one gate. */
  Panels<T> of_gate(int q) const {
    return {recurrent.data + q * Panels<T>::elements(state, hidden), state, hidden};
  }

  /** What the input contributes to all gates of all steps. */
  bool of_input() {
    if (f.bias)
      for (int64_t j = 0; j < wide;
           j++)  // the hidden state's part of GRU's new gate has its bias added later
        bias[j] = b_ih[j] + (f.cell == Cell::gru && j >= 2 * hidden ? T{0} : b_hh[j]);
    return gemm(Gemm<T>{steps.first[steps.count], wide, input, x, input, 1, w_ih, 1, input, gates, wide,
                        f.bias ? bias : nullptr});
  }

  /** Units [u, u + n) of a row: p are the products with the state before, kWide from gate to gate. */
  void units(int64_t row, int64_t u, int64_t n, const T* p, const T* h_before, const T* c_before) const {
    T* const g = gates + row * wide + u;
    T* const out = (f.projected ? raw : y) + row * hidden + u;
    for (int64_t j = 0; j < n; j += w) {
      const int64_t left = n - j;
      const auto gate = [&](int q) {
        return lanes(g + q * hidden + j, left) + lanes(p + q * kWide + j, left);
      };
      const auto keep = [&](int q, V v) { put_lanes(g + q * hidden + j, v, left); };
      if (f.cell == Cell::lstm) {
        const V i = math::sigmoid(gate(0)), forget = math::sigmoid(gate(1)), fresh = math::tanh(gate(2)),
                o = math::sigmoid(gate(3));
        const V c = forget * lanes(c_before + u + j, left) + i * fresh;
        keep(0, i), keep(1, forget), keep(2, fresh), keep(3, o);
        put_lanes(cells + row * hidden + u + j, c, left);
        put_lanes(out + j, o * math::tanh(c), left);
      } else if (f.cell == Cell::gru) {
        const V r = math::sigmoid(gate(0)), z = math::sigmoid(gate(1));
        V of_state = lanes(p + 2 * kWide + j, left);
        if (f.bias) of_state += lanes(b_hh + 2 * hidden + u + j, left);
        const V fresh = math::tanh(lanes(g + 2 * hidden + j, left) + r * of_state);
        keep(0, r), keep(1, z), keep(2, fresh);
        put_lanes(part + row * hidden + u + j, of_state, left);
        put_lanes(out + j, fresh + z * (lanes(h_before + u + j, left) - fresh), left);
      } else {
        const V a = gate(0), h = f.cell == Cell::relu ? max(V{}, a) : math::tanh(a);
        keep(0, h);
        put_lanes(out + j, h, left);
      }
    }
  }

  /** Sequences [begin, end) through all steps. */
  bool sequences(int64_t task) const {
    const int64_t begin = task * tasks.together, end = tasks.end(task);
    const int count = f.gates_of_unit();
    T* const product = products + task * tasks.together * count * kWide;
    T* const copy = copies + (f.reverse && f.packed ? task * tasks.together * (state + hidden) : 0);
    bool done = true;
    for (int64_t k = 0; k < steps.count; k++) {
      const int64_t t = steps.taken(k), n = steps.among(t, begin, end), row = steps.first[t] + begin;
      if (n == 0) continue;
      const T* const h = state_before(steps, t, begin, n, y, h0, state, copy);
      const T* const c =
          cells ? state_before(steps, t, begin, n, cells, c0, hidden, copy + tasks.together * state)
                : nullptr;
      for (int64_t u = 0; u < hidden; u += kWide) {
        const int64_t some = hidden - u < kWide ? hidden - u : kWide;
        for (int q = 0; q < count; q++)
          done &= multiply(of_gate(q), u, some, h, state, n, product + q * kWide, count * kWide);
        for (int64_t i = 0; i < n; i++)
          units(row + i, u, some, product + i * count * kWide, h + i * state, c ? c + i * hidden : nullptr);
      }
      if (f.projected) done &= multiply(projection, raw + row * hidden, hidden, n, y + row * state, state);
      // Sequences that end here.
      const int64_t on = f.reverse ? (t > 0 ? n : 0) : steps.among(t + 1, begin, end);
      last(t, begin + on, begin + n);
    }
    return done;
  }

  void last(int64_t t, int64_t begin, int64_t end) const {
    const int64_t row = steps.first[t] + begin;
    if (begin >= end) return;
    const size_t n = static_cast<size_t>(end - begin);
    std::memcpy(hn + begin * state, y + row * state, n * static_cast<size_t>(state) * sizeof(T));
    if (cn)
      std::memcpy(cn + begin * hidden, cells + row * hidden, n * static_cast<size_t>(hidden) * sizeof(T));
  }

  void run() {
    Pieces sizes;
    lay_out(sizes);
    Pieces pieces;
    pieces.memory = static_cast<char*>(l.scratch->bytes(static_cast<size_t>(sizes.bytes)));
    lay_out(pieces);
    if (!steps.read(l, f)) return;
    for (int q = 0; q < f.gates_of_unit(); q++) of_gate(q).pack(w_hh + q * hidden * state, 1, state);
    if (f.projected) projection.pack(w_hr, 1, hidden);
    bool failed = !of_input();  // set by any task
    parallel_for(tasks.tasks, [&](int64_t task) {
      if (!sequences(task)) __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
    });
    if (failed) set_error(*l.error, ErrorCode::out_of_memory, "recurrent: no memory to pack the operands");
    put_back(l, f.y, y), put_back(l, f.hn, hn), put_back(l, f.cn, cn);
  }
};

}  // namespace

void kernel_recurrent(const Launch& l) {
  if (l.compute == DType::f64)
    Forward<double>(l).run();
  else
    Forward<float>(l).run();
}

}  // namespace TENON_ISA
}  // namespace tenon
