#include "core/cost.h"

#include "core/recurrent.h"
#include "cpu/kernel_table.h"

namespace tenon {

namespace {

/** Multiply-adds a nanosecond, and elements a nanosecond that other kernels get through: both on the low
 * side. */
constexpr int64_t kProducts = 32, kElements = 2;
/** Nanoseconds that an element takes to be sorted, or looked up. */
constexpr int64_t kOrdering = 16;

int64_t last_size(const TensorView& v, int from_end) {
  return v.rank >= from_end ? v.shape[v.rank - from_end] : 1;
}

/** a * b, or as much as fits: sizes multiply beyond 2^63 only in views that repeat elements. */
int64_t product(int64_t a, int64_t b) { return b && a > INT64_MAX / b ? INT64_MAX : a * b; }

}  // namespace

int64_t estimated_cost(const Launch& l) {
  switch (static_cast<Op>(l.op)) {
    case Op::matmul:
      return product(l.out().numel, last_size(l.in(), l.scalar[0].integer() ? 2 : 1)) / kProducts;
    case Op::linear: return product(l.out().numel, last_size(l.in(), 1)) / kProducts;
    case Op::linearBackward:
      return product(product(l.in().numel, last_size(l.in(1), 1)), l.outputs) / kProducts;
    case Op::attention:
    case Op::attentionBackward: {
      const bool backward = static_cast<Op>(l.op) == Op::attentionBackward;
      const TensorView &q = l.in(backward), &k = l.in(1 + backward);
      return product(product(q.numel, last_size(k, 2)), backward ? 5 : 2) / kProducts;
    }
    case Op::convolution:
    case Op::convolutionWeight:
    case Op::convolutionInput: {
      // Elements of the gradient, or of the result, times those of the weight that each meets.
      const Op op = static_cast<Op>(l.op);
      const TensorView& w = op == Op::convolutionWeight ? l.out() : l.in(1);
      const TensorView& y = op == Op::convolution ? l.out() : l.in();
      return w.rank && w.shape[0] ? product(y.numel, w.numel / w.shape[0]) / kProducts : 0;
    }
    case Op::recurrent:
    case Op::recurrentBackward: {
      const RecurrentForm form(l, static_cast<Op>(l.op) == Op::recurrentBackward);
      const TensorView &w = l.views[form.w_hh], &gates = l.views[form.gates];
      return product(gates.numel, w.shape[1] + l.views[form.x].shape[1]) / kProducts;
    }
    case Op::sort:
    case Op::sortRows:
    case Op::mode:
    case Op::logcumsumexp: return product(l.in().numel, kOrdering);
    case Op::ctcLoss: return product(l.out(1).numel, kOrdering);
    case Op::ctcLossBackward: return product(l.in(6).numel, kOrdering);
    case Op::searchsorted: return product(l.out().numel, kOrdering);
    default: break;
  }
  int64_t elements = 0;
  for (uint32_t i = 0; i < l.outputs + l.inputs; i++) {
    const int64_t n = l.views[i].numel;
    elements = elements > INT64_MAX - n ? INT64_MAX : elements + n;
  }
  return elements / kElements;
}

}  // namespace tenon
