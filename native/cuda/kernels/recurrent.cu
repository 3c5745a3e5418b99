// The cells of recurrent layers, and their derivatives, for all units of one step (cpu/isa/recurrent.cpp). A
// thread has one unit of a sequence at a time, and so all that goes into it and comes out of it.
#include "cuda/kernels/kernel.h"
#include "cuda/kernels/recurrent.h"
#include "kernels/math.h"

namespace tenon {
namespace cuda {

namespace {

/** f(sequence, unit) for each of them. */
template <class F>
TENON_DEVICE void each_unit(const RecurrentUnits& s, F f) {
  const int64_t beside = int64_t{1} << s.log_units, unit = threadIdx.x & (beside - 1);
  const int64_t down = blockDim.x >> s.log_units, sequence = threadIdx.x >> s.log_units;
#pragma unroll 1
  for (int64_t i = blockIdx.x * down + sequence; i < s.sequences; i += gridDim.x * down)
#pragma unroll 1
    for (int64_t u = blockIdx.y * beside + unit; u < s.units; u += gridDim.y * beside) f(i, u);
}

/** A gate of a unit in a row that has `count` gates of each: before its activation. */
template <class T>
struct Gates {
  T* gates;
  const T *product, *bias;
  int64_t units;

  TENON_DEVICE Gates(const RecurrentStep& p, int64_t sequence, int64_t unit, int count)
      : gates(static_cast<T*>(p.gates) + sequence * count * p.size.units + unit),
        product(static_cast<const T*>(p.product) + sequence * count * p.size.units + unit),
        bias(p.bias ? static_cast<const T*>(p.bias) + unit : nullptr),
        units(p.size.units) {}
  TENON_DEVICE T of_input(int gate) const { return gates[gate * units]; }
  TENON_DEVICE T of_state(int gate) const {
    return bias ? product[gate * units] + bias[gate * units] : product[gate * units];
  }
  TENON_DEVICE T sum(int gate) const { return of_input(gate) + of_state(gate); }
  TENON_DEVICE void keep(int gate, T activation) const { gates[gate * units] = activation; }
};

template <class T>
TENON_DEVICE void put_state(const RecurrentStep& p, int64_t at, T h) {
  static_cast<T*>(p.out)[at] = h;
  if (p.state) static_cast<T*>(p.state)[at] = h;
}

template <class T>
TENON_DEVICE void plain_step(const RecurrentStep& p) {
  each_unit(p.size, [&](int64_t i, int64_t u) {
    const Gates<T> g(p, i, u, 1);
    const T a = g.sum(0), h = p.relu ? max(T{0}, a) : math::tanh(a);
    g.keep(0, h);
    put_state(p, i * p.size.units + u, h);
  });
}

template <class T>
TENON_DEVICE void lstm_step(const RecurrentStep& p) {
  each_unit(p.size, [&](int64_t i, int64_t u) {
    const Gates<T> g(p, i, u, 4);
    const int64_t at = i * p.size.units + u;
    T* const cell = static_cast<T*>(p.cell) + at;
    const T in = math::sigmoid(g.sum(0)), forget = math::sigmoid(g.sum(1)), fresh = math::tanh(g.sum(2)),
            o = math::sigmoid(g.sum(3));
    const T c = forget * *cell + in * fresh;
    g.keep(0, in), g.keep(1, forget), g.keep(2, fresh), g.keep(3, o);
    *cell = static_cast<T*>(p.cells)[at] = c;
    put_state(p, at, o * math::tanh(c));
  });
}

template <class T>
TENON_DEVICE void gru_step(const RecurrentStep& p) {
  each_unit(p.size, [&](int64_t i, int64_t u) {
    const Gates<T> g(p, i, u, 3);
    const int64_t at = i * p.size.units + u;
    const T r = math::sigmoid(g.sum(0)), z = math::sigmoid(g.sum(1)), of_state = g.of_state(2);
    const T fresh = math::tanh(g.of_input(2) + r * of_state);
    g.keep(0, r), g.keep(1, z), g.keep(2, fresh);
    static_cast<T*>(p.part)[at] = of_state;
    put_state(p, at, fresh + z * (static_cast<const T*>(p.state)[at] - fresh));
  });
}

/** The gradient of the hidden state of a unit. */
template <class T>
TENON_DEVICE T grad_of(const RecurrentStepBackward& p, int64_t at) {
  const T g = static_cast<const T*>(p.grad_state)[at];
  return p.grad_out ? g + static_cast<const T*>(p.grad_out)[at] : g;
}

template <class T>
TENON_DEVICE T state_before(const RecurrentStepBackward& p, int64_t sequence, int64_t at) {
  return static_cast<const T*>(sequence < p.before.count ? p.before.earlier : p.before.initial)[at];
}

template <class T>
TENON_DEVICE void plain_step_backward(const RecurrentStepBackward& p) {
  each_unit(p.size, [&](int64_t i, int64_t u) {
    const int64_t at = i * p.size.units + u;
    const T h = static_cast<const T*>(p.gates)[at], dh = grad_of<T>(p, at);
    static_cast<T*>(p.grad_gates)[at] = p.relu ? (h <= T{0} ? T{0} : dh) : dh * (T{1} - h * h);
  });
}

template <class T>
TENON_DEVICE void lstm_step_backward(const RecurrentStepBackward& p) {
  each_unit(p.size, [&](int64_t i, int64_t u) {
    const int64_t units = p.size.units, at = i * units + u, first = 4 * i * units + u;
    const T* const g = static_cast<const T*>(p.gates) + first;
    T* const d = static_cast<T*>(p.grad_gates) + first;
    T* const dc = static_cast<T*>(p.grad_cell) + at;
    const T in = g[0], forget = g[units], fresh = g[2 * units], o = g[3 * units], one = 1;
    const T dh = grad_of<T>(p, at), s = math::tanh(static_cast<const T*>(p.cells)[at]);
    const T of_cell = *dc + dh * o * (one - s * s);
    d[0] = of_cell * fresh * (one - in) * in;
    d[units] = of_cell * state_before<T>(p, i, at) * (one - forget) * forget;
    d[2 * units] = of_cell * in * (one - fresh * fresh);
    d[3 * units] = dh * s * (one - o) * o;
    *dc = of_cell * forget;
  });
}

template <class T>
TENON_DEVICE void gru_step_backward(const RecurrentStepBackward& p) {
  each_unit(p.size, [&](int64_t i, int64_t u) {
    const int64_t units = p.size.units, at = i * units + u, first = 3 * i * units + u;
    const T* const g = static_cast<const T*>(p.gates) + first;
    T *const d = static_cast<T*>(p.grad_gates) + first, *const e = static_cast<T*>(p.grad_hidden) + first;
    T* const carried = static_cast<T*>(p.carried) + at;
    const T r = g[0], z = g[units], fresh = g[2 * units], one = 1;
    const T dh = grad_of<T>(p, at) + *carried;
    const T d_fresh = dh * (one - z) * (one - fresh * fresh);
    d[0] = e[0] = d_fresh * static_cast<const T*>(p.part)[at] * (one - r) * r;
    d[units] = e[units] = dh * (state_before<T>(p, i, at) - fresh) * (one - z) * z;
    d[2 * units] = d_fresh;
    e[2 * units] = d_fresh * r;
    *carried = dh * z;
  });
}

}  // namespace

#define TENON_RECURRENT(name, type, T)                                                 \
  KERNEL(recurrent_##name##_##type, kRecurrentThreads, RecurrentStep)                  \
  (const RecurrentStep p) { name##_step<T>(p); }                                       \
  KERNEL(recurrent_##name##_backward_##type, kRecurrentThreads, RecurrentStepBackward) \
  (const RecurrentStepBackward p) { name##_step_backward<T>(p); }

TENON_RECURRENT(plain, f32, float)
TENON_RECURRENT(plain, f64, double)
TENON_RECURRENT(lstm, f32, float)
TENON_RECURRENT(lstm, f64, double)
TENON_RECURRENT(gru, f32, float)
TENON_RECURRENT(gru, f64, double)

#undef TENON_RECURRENT

}  // namespace cuda
}  // namespace tenon
