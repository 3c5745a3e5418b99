// The steps of optimizers: all parameters of a group in one launch.
#include "core/parallel.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/strided.h"
#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kStepTile = 1024;
constexpr int64_t kStepTask = 16 * kStepTile;

/** https://pytorch.org/docs/stable/generated/torch.optim.SGD.html */
template <class T>
struct Sgd {
  explicit Sgd(const Launch& l)
      : lr(splat(static_cast<T>(l.scalar[0].get()))),
        momentum(splat(static_cast<T>(l.scalar[1].get()))),
        keep(splat(static_cast<T>(1 - l.scalar[2].get()))),
        decay(splat(static_cast<T>(l.scalar[3].get()))),
        has_momentum(l.scalar[1].get() != 0),
        has_decay(l.scalar[3].get() != 0),
        nesterov(l.scalar[4].get() != 0),
        maximize(l.scalar[5].get() != 0),
        first(l.scalar[6].get() != 0) {}

  TENON_INLINE void step(Vec<T>& p, Vec<T> g, Vec<T>& buffer) const {
    if (maximize) g = -g;
    if (has_decay) g += decay * p;
    if (has_momentum) {
      buffer = first ? g : momentum * buffer + keep * g;
      g = nesterov ? g + momentum * buffer : buffer;
    }
    p -= lr * g;
  }

  const Vec<T> lr, momentum, keep, decay;
  const bool has_momentum, has_decay, nesterov, maximize, first;
};

template <class T>
TENON_INLINE void step_dense(const Sgd<T>& sgd, T* p, const T* g, T* buffer, int64_t n) {
  constexpr int64_t w = Lanes<T>::count;
  int64_t i = 0;
  for (; i + w <= n; i += w) {
    Vec<T> value = load(p + i), b = buffer && !sgd.first ? load(buffer + i) : Vec<T>{};
    sgd.step(value, load(g + i), b);
    store(p + i, value);
    if (buffer) store(buffer + i, b);
  }
  if (i == n) return;
  Vec<T> value = load_part(p + i, n - i), b = buffer && !sgd.first ? load_part(buffer + i, n - i) : Vec<T>{};
  sgd.step(value, load_part(g + i, n - i), b);
  store_part(p + i, value, n - i);
  if (buffer) store_part(buffer + i, b, n - i);
}

template <class T>
bool is_dense(const TensorView& v) {
  return v.contiguous && v.dtype == dtype_of<T>();
}

template <class T>
void step_gathered(const Sgd<T>& sgd, const TensorView& p, const TensorView& g, const TensorView* buffer) {
  alignas(64) T a[kStepTile], b[kStepTile], c[kStepTile];
  for (int64_t i = 0; i < p.numel; i += kStepTile) {
    const int64_t n = p.numel - i < kStepTile ? p.numel - i : kStepTile;
    gather(p, i, n, a);
    gather(g, i, n, b);
    if (buffer && !sgd.first) gather(*buffer, i, n, c);
    step_dense(sgd, a, b, buffer ? c : nullptr, n);
    scatter(a, p, i, n);
    if (buffer) scatter(c, *buffer, i, n);
  }
}

template <class T>
void sgd(const Launch& l) {
  const Sgd<T> rule(l);
  for (uint32_t k = 0; k < l.inputs; k++) {
    const TensorView &p = l.out(static_cast<int>(k)), &g = l.in(static_cast<int>(k));
    const TensorView* const buffer = rule.has_momentum ? &l.out(static_cast<int>(l.inputs + k)) : nullptr;
    if (!is_dense<T>(p) || !is_dense<T>(g) || (buffer && !is_dense<T>(*buffer))) {
      step_gathered(rule, p, g, buffer);
      continue;
    }
    T* const b = buffer ? buffer->as<T>() : nullptr;
    if (p.numel <= kStepTask) {
      step_dense(rule, p.as<T>(), g.as<T>(), b, p.numel);
      continue;
    }
    parallel_for((p.numel + kStepTask - 1) / kStepTask, [&](int64_t task) {
      const int64_t first = task * kStepTask, n = p.numel - first < kStepTask ? p.numel - first : kStepTask;
      step_dense(rule, p.as<T>() + first, g.as<T>() + first, b ? b + first : nullptr, n);
    });
  }
}

}  // namespace

void kernel_sgd(const Launch& l) {
  if (l.compute == DType::f64)
    sgd<double>(l);
  else
    sgd<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
