// The step of an optimizer: all parameters of a group in one launch, by a rule of kernels/optimizer.h.
#pragma once
#include "core/launch.h"
#include "core/parallel.h"
#include "cpu/isa/strided.h"
#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kStepTile = 1024;
constexpr int64_t kStepTask = 16 * kStepTile;
constexpr int kMostScalars = 9;

/** A parameter, its gradient and its state, each dense. */
template <class T, int kStates>
struct Dense {
  T* p;
  const T* g;
  T* state[kStates + 1];  // one more than needed: there is no array of none

  Dense from(int64_t i) const {
    Dense d{p + i, g + i, {}};
    for (int k = 0; k < kStates; k++) d.state[k] = state[k] + i;
    return d;
  }
};

template <int kStates, class Rule, class T>
TENON_INLINE void step_dense(const Rule& rule, const Dense<T, kStates>& x, int64_t n) {
  constexpr int64_t w = Lanes<T>::count;
  int64_t i = 0;
  for (; i + w <= n; i += w) {
    Vec<T> value = load(x.p + i), state[kStates + 1] = {};
    if (!rule.first)
      for (int k = 0; k < kStates; k++) state[k] = load(x.state[k] + i);
    rule.step(value, load(x.g + i), state, kStates);
    store(x.p + i, value);
    for (int k = 0; k < kStates; k++) store(x.state[k] + i, state[k]);
  }
  if (i == n) return;
  Vec<T> value = load_part(x.p + i, n - i), state[kStates + 1] = {};
  if (!rule.first)
    for (int k = 0; k < kStates; k++) state[k] = load_part(x.state[k] + i, n - i);
  rule.step(value, load_part(x.g + i, n - i), state, kStates);
  store_part(x.p + i, value, n - i);
  for (int k = 0; k < kStates; k++) store_part(x.state[k] + i, state[k], n - i);
}

template <class T>
bool is_dense(const TensorView& v) {
  return v.contiguous && v.dtype == dtype_of<T>();
}

template <class T, int kStates, class Rule>
void step_gathered(const Rule& rule, const TensorView& p, const TensorView& g,
                   const TensorView* const* state) {
  alignas(64) T tile[2 + kStates][kStepTile];
  Dense<T, kStates> x{tile[0], tile[1], {}};
  for (int k = 0; k < kStates; k++) x.state[k] = tile[2 + k];
  for (int64_t i = 0; i < p.numel; i += kStepTile) {
    const int64_t n = p.numel - i < kStepTile ? p.numel - i : kStepTile;
    gather(p, i, n, tile[0]);
    gather(g, i, n, tile[1]);
    if (!rule.first)
      for (int k = 0; k < kStates; k++) gather(*state[k], i, n, tile[2 + k]);
    step_dense(rule, x, n);
    scatter(tile[0], p, i, n);
    for (int k = 0; k < kStates; k++) scatter(tile[2 + k], *state[k], i, n);
  }
}

/** Steps all parameters; their states are the outputs after them, first one of each, then the next. */
template <class T, int kStates, class Rule>
void step_all(const Launch& l, const Rule& rule) {
  for (uint32_t i = 0; i < l.inputs; i++) {
    const TensorView &p = l.out(static_cast<int>(i)), &g = l.in(static_cast<int>(i));
    const TensorView* state[kStates + 1] = {};
    Dense<T, kStates> x{p.as<T>(), g.as<T>(), {}};
    bool dense = is_dense<T>(p) && is_dense<T>(g);
    for (int k = 0; k < kStates; k++) {
      state[k] = &l.out(static_cast<int>(l.inputs * (1 + static_cast<uint32_t>(k)) + i));
      x.state[k] = static_cast<T*>(state[k]->data);
      dense &= is_dense<T>(*state[k]);
    }
    if (!dense)
      step_gathered<T, kStates>(rule, p, g, state);
    else if (p.numel <= kStepTask)
      step_dense(rule, x, p.numel);
    else
      parallel_for((p.numel + kStepTask - 1) / kStepTask, [&](int64_t task) {
        const int64_t first = task * kStepTask, n = p.numel - first < kStepTask ? p.numel - first : kStepTask;
        step_dense(rule, x.from(first), n);
      });
  }
}

template <template <class> class Rule, class T, int kStates>
void step_in(const Launch& l) {
  double scalars[kMostScalars] = {};
  for (uint32_t i = 0; i < l.scalars; i++) scalars[i] = l.scalar[i].get();
  Rule<Vec<T>> rule;
  rule.read(scalars);
  step_all<T, kStates>(l, rule);
}

template <template <class> class Rule, int kStates>
void step(const Launch& l) {
  if (l.compute == DType::f64)
    step_in<Rule, double, kStates>(l);
  else
    step_in<Rule, float, kStates>(l);
}

}  // namespace

}  // namespace TENON_ISA
}  // namespace tenon
