#include "core/check.h"

#include "core/check_attention.h"
#include "core/check_conv.h"
#include "core/check_lanes.h"
#include "core/check_layers.h"
#include "core/check_linalg.h"
#include "core/check_losses.h"
#include "core/check_pooling.h"
#include "core/check_recurrent.h"
#include "cpu/kernel_table.h"

namespace tenon {

namespace {

constexpr unsigned bit(DType t) { return 1u << static_cast<int>(t); }
constexpr unsigned FLOAT = bit(DType::f32) | bit(DType::f64);
constexpr unsigned INTEGER = bit(DType::i32) | bit(DType::i64);
constexpr unsigned NUMERIC = FLOAT | INTEGER;

enum class Kind : uint8_t { elementwise, predicate, reduce, kernel };

/** A row of ops.def; -1 is any number. */
struct Rule {
  Kind kind;
  unsigned types;
  int outputs, inputs, scalars;
};

constexpr Rule rules[] = {
#define UNARY(name, types, scalars) {Kind::elementwise, types, 1, 1, scalars},
#define PREDICATE(name, types) {Kind::predicate, types, 1, 1, 0},
#define BINARY(name, types, scalars) {Kind::elementwise, types, 1, 2, scalars},
#define COMPARE(name, types) {Kind::predicate, types, 1, 2, 0},
#define REDUCE(name, types, outputs) {Kind::reduce, types, outputs, 1, -1},
#define KERNEL(name, outputs, inputs, scalars) {Kind::kernel, NUMERIC, outputs, inputs, scalars},
#include "ops.def"
};

constexpr const char* kShared = "an output shares memory with another operand";

/** Whether elements of a view may share memory. One that was sliced, permuted or reversed never does. */
bool overlaps_itself(const TensorView& v) {
  if (v.contiguous || v.numel <= 1) return false;
  // From the densest dimension out, each has to step over all that is within it.
  int64_t size[kMaxRank], stride[kMaxRank];
  int rank = 0;
  for (int i = 0; i < v.rank; i++) {
    if (v.shape[i] == 1) continue;
    const int64_t s = v.strides[i] < 0 ? -v.strides[i] : v.strides[i];
    int at = rank++;
    for (; at > 0 && stride[at - 1] > s; at--) size[at] = size[at - 1], stride[at] = stride[at - 1];
    size[at] = v.shape[i];
    stride[at] = s;
  }
  int64_t reach = 0;
  for (int i = 0; i < rank; i++) {
    if (stride[i] <= reach) return true;
    reach += (size[i] - 1) * stride[i];
  }
  return false;
}

/** Whether dense operands share memory; if `same` is allowed, in another way than as the same tensor. */
bool overlap(const TensorView& a, const TensorView& b, bool same) {
  if (!a.contiguous || !b.contiguous || a.numel == 0 || b.numel == 0) return false;
  const char *const p = a.as<char>(), *const q = b.as<char>();
  if (p == q && same && a.numel == b.numel && a.dtype == b.dtype) return false;
  return p < q + b.numel * element_size(b.dtype) && q < p + a.numel * element_size(a.dtype);
}

/** Kernels of no kind that take an output which is an input, too. */
bool may_work_in_place(Op op) {
  switch (op) {
    case Op::copy:
    case Op::where:
    case Op::addcmul:
    case Op::addcdiv:
    case Op::lerp:
    case Op::tril:
    case Op::triu:
    case Op::softmax:
    case Op::logSoftmax:
    case Op::softmaxBackward:
    case Op::logSoftmaxBackward:
    case Op::mseLossBackward:
    case Op::dropout:
    case Op::maskedScale: return true;
    default: return false;
  }
}

/** Kernels that pair what they are given, of which there may be much. */
bool works_in_pairs(Op op) {
  switch (op) {
    case Op::copyParts:
    case Op::sgd:
    case Op::adam:
    case Op::nadam:
    case Op::radam:
    case Op::adamax:
    case Op::adagrad:
    case Op::adadelta:
    case Op::rmsprop:
    case Op::rprop:
    case Op::asgd:
    case Op::clipToNorm:
    case Op::unscale: return true;
    case Op::l1LossBackward:
    case Op::smoothL1LossBackward:
    case Op::huberLossBackward:
    case Op::binaryCrossEntropyBackward:
    case Op::binaryCrossEntropyWithLogitsBackward: return true;
    default: return false;
  }
}

/** Collects the first complaint. */
class Checker {
 public:
  Checker(const Launch& l, LaunchError& error) : l_(l), error_(error) {}

  bool ok() const { return !error_; }

  void require(bool condition, ErrorCode code, const char* what) {
    if (!condition && !error_) set_error(error_, code, "%s: %s", op_name(l_.op), what);
  }
  void complain(const Complaint& c) { require(!c.what, c.code, c.what ? c.what : ""); }
  void shape(bool condition, const char* what) { require(condition, ErrorCode::shape, what); }
  void dtype(bool condition, const char* what) { require(condition, ErrorCode::dtype, what); }

  /** Operands are what kernels can take, and none is written to while it is read in another order. */
  void operands(const Rule& r) {
    const Op op = static_cast<Op>(l_.op);
    const bool in_place = r.kind == Kind::elementwise || r.kind == Kind::predicate || may_work_in_place(op);
    const int inputs = static_cast<int>(l_.inputs);
    for (int i = 0; i < l_.outputs + inputs; i++)
      shape(l_.views[i].rank <= kMaxRank, "a tensor has at most 64 dimensions");
    if (!ok()) return;
    for (int i = 0; i < l_.outputs; i++) {
      const TensorView& out = l_.out(i);
      if (op != Op::fill)  // which gives all elements one value
        require(!overlaps_itself(out), ErrorCode::argument,
                "elements of the output share memory (it was expanded): clone it first");
      if (works_in_pairs(op)) {
        require(i >= inputs || !overlap(out, l_.in(i), true), ErrorCode::argument, kShared);
        continue;
      }
      for (int j = 0; j < inputs; j++)
        require(!overlap(out, l_.in(j), in_place), ErrorCode::argument, kShared);
      for (int j = 0; j < i; j++) require(!overlap(out, l_.out(j), false), ErrorCode::argument, kShared);
    }
  }

  void counts(const Rule& r) {
    require((r.outputs < 0 || l_.outputs == r.outputs) &&
                (r.inputs < 0 || static_cast<int>(l_.inputs) == r.inputs) &&
                (r.scalars < 0 || static_cast<int>(l_.scalars) == r.scalars),
            ErrorCode::internal, "wrong number of operands");
  }

  void broadcast() {
    const TensorView& out = l_.out();
    for (uint32_t i = 0; i < l_.inputs; i++)
      shape(broadcasts_to(l_.in(i), out.shape, out.rank), "an input does not broadcast to the output");
  }

  bool same_shape(const TensorView& a, const TensorView& b) const {
    if (a.rank != b.rank) return false;
    for (int i = 0; i < a.rank; i++)
      if (a.shape[i] != b.shape[i]) return false;
    return true;
  }

  /** Scalar i as an index of one of `view`'s dimensions; -1 (and a complaint) when it is none. A 0-d view has
   * one. */
  int dim(int i, const TensorView& view) {
    const double d = l_.scalar[i].get();
    const int rank = view.rank ? view.rank : 1;
    const bool fits = d >= 0 && d < rank && d == static_cast<double>(to_integer(d));
    require(fits, ErrorCode::index, "dimension out of range");
    return fits ? static_cast<int>(d) : -1;
  }

  void reduce() {
    const TensorView& x = l_.in();
    bool reduced[kMaxRank] = {false};
    double last = -1;
    for (uint32_t i = 0; i < l_.scalars; i++) {
      const double d = l_.scalar[i].get();
      const bool fits = d > last && d < x.rank && d == static_cast<double>(to_integer(d));
      require(fits, ErrorCode::index, "reduced dimensions out of range, doubled or out of order");
      if (!fits) return;
      reduced[static_cast<int>(d)] = true;
      last = d;
    }
    int64_t sizes[kMaxRank];
    int dims = 0;
    for (int i = 0; i < x.rank; i++)
      if (!reduced[i]) sizes[dims++] = x.shape[i];
    const int64_t kept = checked_numel(sizes, dims);
    for (int i = 0; i < l_.outputs; i++) {
      shape(l_.out(i).numel == kept && l_.out(i).contiguous,
            "the output does not fit the dimensions that stay");
    }
    const Op op = static_cast<Op>(l_.op);
    const bool identity = op == Op::sum || op == Op::prod || op == Op::mean || op == Op::all || op == Op::any;
    shape(identity || x.numel > 0 || kept == 0, "an empty reduction has no value");
    if (op == Op::argmax || op == Op::argmin) dtype(l_.out().dtype == DType::i64, "indices are int64");
    if (op == Op::all || op == Op::any) dtype(l_.out().dtype == DType::boolean, "the output is bool");
    if (op == Op::max || op == Op::min) {
      dtype(l_.out(1).dtype == DType::i64, "indices are int64");
      shape(l_.scalars == 1 || (l_.scalars == 0 && x.rank == 0), "one dimension is reduced");
    }
  }

  void index() {
    const bool add = static_cast<Op>(l_.op) != Op::indexSelect;
    const TensorView &source = l_.in(0), &index = l_.in(1), &out = l_.out();
    dtype(index.dtype == DType::i64 && source.dtype == out.dtype,
          "the index is int64, source and output of one dtype");
    const int d = dim(0, add ? out : source);
    if (d < 0) return;
    const TensorView& selected = add ? source : out;
    const TensorView& whole = add ? out : source;
    shape(index.rank <= 1 && selected.rank == whole.rank, "the index has one dimension");
    if (!ok()) return;
    for (int i = 0; i < whole.rank; i++)
      shape(selected.shape[i] == (i == d ? index.numel : whole.shape[i]), "sizes differ");
    if (whole.rank == 0) shape(index.numel == 1, "a 0-d tensor has one element");
  }

  /** `beside` has the index's shape, and `whole` at least its sizes, but for the dimension that is indexed.
   */
  void along(const TensorView& whole, const TensorView& beside, const TensorView& index) {
    dtype(index.dtype == DType::i64 && whole.dtype == beside.dtype,
          "the index is int64, source and output of one dtype");
    const int d = dim(0, whole);
    if (d < 0 || (index.numel == 0 && beside.numel == 0)) return;  // none, of whatever shape
    // One without dimensions goes with one of one dimension.
    shape((index.rank ? index.rank : 1) == (whole.rank ? whole.rank : 1) && same_shape(index, beside),
          "sizes differ");
    for (int i = 0; ok() && i < index.rank && i < whole.rank; i++)
      shape(i == d || index.shape[i] <= whole.shape[i], "the index is larger than what it is for");
  }

  void scatter() {
    along(l_.out(), l_.in(0), l_.in(1));
    const double mode = l_.scalar[1].get();
    require(mode >= 0 && mode <= 4 && mode == static_cast<double>(to_integer(mode)), ErrorCode::argument,
            "unknown mode");
  }

  void linear_index() {
    require(l_.inputs > 0 && l_.inputs == l_.scalars, ErrorCode::internal, "wrong number of operands");
    broadcast();
    shape(l_.out().contiguous, "the output is contiguous");
    dtype(l_.out().dtype == DType::i64, "indices are int64");
    for (uint32_t i = 0; i < l_.inputs; i++) dtype(l_.in(i).dtype == DType::i64, "indices are int64");
  }

  void matmul() {
    const TensorView &a = l_.in(0), &b = l_.in(1), &c = l_.out();
    shape(a.rank >= 2 && b.rank >= 2 && c.rank >= 2, "operands are matrices or batches of them");
    if (!ok()) return;
    const bool ta = l_.scalar[0].get() != 0, tb = l_.scalar[1].get() != 0;
    const int64_t m = a.shape[a.rank - 2 + ta], ka = a.shape[a.rank - 1 - ta];
    const int64_t kb = b.shape[b.rank - 2 + tb], n = b.shape[b.rank - 1 - tb];
    shape(ka == kb && c.shape[c.rank - 2] == m && c.shape[c.rank - 1] == n, "sizes differ");
    shape(c.contiguous, "the output is contiguous");
    TensorView batch_a = a, batch_b = b;
    batch_a.rank = static_cast<uint8_t>(a.rank - 2);
    batch_b.rank = static_cast<uint8_t>(b.rank - 2);
    shape(broadcasts_to(batch_a, c.shape, c.rank - 2) && broadcasts_to(batch_b, c.shape, c.rank - 2),
          "batch dimensions do not broadcast");
    dtype(a.dtype == b.dtype && a.dtype == c.dtype, "operands are of one dtype");
  }

  void linear() {
    const TensorView &x = l_.in(0), &w = l_.in(1), &out = l_.out();
    require(l_.inputs == 2 || l_.inputs == 3, ErrorCode::internal, "wrong number of operands");
    if (!ok()) return;
    shape(x.rank >= 1 && w.rank == 2 && out.rank == x.rank, "input [..., k], weight [n, k]");
    if (!ok()) return;
    shape(x.shape[x.rank - 1] == w.shape[1] && out.shape[x.rank - 1] == w.shape[0] && out.contiguous,
          "sizes differ");
    shape(x.contiguous || x.rank <= 2, "leading dimensions of the input must be contiguous");
    for (int i = 0; i + 1 < x.rank; i++) shape(x.shape[i] == out.shape[i], "sizes differ");
    dtype(x.dtype == w.dtype && x.dtype == out.dtype, "operands are of one dtype");
    if (l_.inputs == 3) {
      shape(l_.in(2).rank == 1 && l_.in(2).shape[0] == w.shape[0], "bias [n]");
      dtype(l_.in(2).dtype == x.dtype, "operands are of one dtype");
    }
    const double activation = l_.scalar[0].get();
    require(activation == 0 || activation == 1 || activation == 2 || activation == 3, ErrorCode::argument,
            "unknown activation");
    dtype(activation == 0 || l_.compute == DType::f32 || l_.compute == DType::f64,
          "an activation needs floating point");
  }

  void linear_backward() {
    const TensorView &g = l_.in(0), &x = l_.in(1), &w = l_.in(2);
    shape(g.rank == 2 && x.rank == 2 && w.rank == 2, "operands are matrices");
    int asked = 0;
    for (int i = 0; i < 3; i++) asked += l_.scalar[i].get() != 0;
    require(l_.outputs == asked, ErrorCode::internal, "wrong number of operands");
    if (!ok()) return;
    shape(g.shape[0] == x.shape[0] && g.shape[1] == w.shape[0] && x.shape[1] == w.shape[1], "sizes differ");
    dtype(g.dtype == x.dtype && g.dtype == w.dtype, "operands are of one dtype");
    int at = 0;
    if (l_.scalar[0].get() != 0) shape(same_shape(l_.out(at++), x), "sizes differ");
    if (l_.scalar[1].get() != 0) shape(same_shape(l_.out(at++), w), "sizes differ");
    if (l_.scalar[2].get() != 0) {
      const TensorView& b = l_.out(at++);
      shape(b.rank == 1 && b.shape[0] == w.shape[0], "sizes differ");
    }
    for (int i = 0; i < at; i++) {
      shape(l_.out(i).contiguous, "outputs are contiguous");
      dtype(l_.out(i).dtype == g.dtype, "operands are of one dtype");
    }
  }

  void softmax() {
    for (uint32_t i = 0; i < l_.inputs; i++)
      shape(same_shape(l_.in(i), l_.out()), "input and output differ in shape");
    dim(0, l_.out());
    dtype(is_floating(l_.out().dtype), "floating point only");
  }

  /** x [c] or [n, c, d...] against target [] or [n, d...]. */
  void classes(const TensorView& x, const TensorView& target) {
    dtype(target.dtype == DType::i64, "the target is int64");
    shape(x.rank >= 1 && target.rank == x.rank - 1, "input [n, c, d...], target [n, d...]");
    if (!ok()) return;
    for (int i = 0; i < target.rank; i++)
      shape(target.shape[i] == x.shape[i == 0 ? 0 : i + 1], "input and target differ in size");
  }

  /** nllLoss and crossEntropy, which has x beside the gradient and keeps two numbers of each target's row. */
  void nll() {
    const Op op = static_cast<Op>(l_.op);
    const bool fused = op == Op::crossEntropy || op == Op::crossEntropyBackward;
    const bool backward = op == Op::nllLossBackward || op == Op::crossEntropyBackward;
    const uint32_t required = !backward ? 2 : fused ? 5 : 3;
    require(l_.inputs == required || l_.inputs == required + 1, ErrorCode::internal,
            "wrong number of operands");
    if (!ok()) return;
    const TensorView& x = backward ? l_.out() : l_.in(0);
    const TensorView& target = l_.in(backward && fused ? 2 : 1);
    classes(x, target);
    if (!ok()) return;
    const TensorView& result = backward ? l_.in(0) : l_.out(0);
    const TensorView& total = backward ? l_.in(fused ? 3 : 2) : l_.out(1);
    const double reduction = l_.scalar[1].get();
    require(reduction == 0 || reduction == 1 || reduction == 2, ErrorCode::argument, "unknown reduction");
    shape(reduction == 0 ? same_shape(result, target) : result.numel == 1, "reduction and shape don't agree");
    shape(total.numel == 1, "the total weight is one number");
    dtype(result.dtype == x.dtype && is_floating(x.dtype), "floating point only, of one dtype");
    dtype(total.dtype == x.dtype, "the total weight has the input's dtype");
    if (fused) {
      const TensorView& rows = backward ? l_.in(4) : l_.out(2);
      shape(rows.contiguous && rows.numel == 2 * target.numel, "two numbers are kept of each row");
      dtype(rows.dtype == (x.dtype == DType::f64 ? DType::f64 : DType::f32) && rows.dtype == l_.compute,
            "what is kept of rows has the compute type");
      if (backward) {
        shape(same_shape(l_.in(1), x), "input and gradient differ in shape");
        dtype(l_.in(1).dtype == x.dtype, "input and gradient differ in dtype");
      }
    }
    if (l_.inputs == required + 1) {
      const TensorView& weight = l_.in(required);
      shape(weight.rank == 1 && weight.shape[0] == x.shape[x.rank == 1 ? 0 : 1], "weight [c]");
      dtype(weight.dtype == x.dtype, "the weight has the input's dtype");
    }
  }

  void multinomial() {
    const TensorView &out = l_.out(), &weights = l_.in(0), &draws = l_.in(1);
    const int rank = weights.rank;
    shape((rank == 1 || rank == 2) && out.rank == rank && (rank == 1 || out.shape[0] == weights.shape[0]),
          "weights [n] or [rows, n], and as many rows in the output");
    if (!ok()) return;
    const int64_t n = weights.shape[rank - 1];
    const bool replacement = l_.scalar[0].get() != 0;
    shape(n > 0 && (replacement || out.shape[rank - 1] <= n), "too few categories");
    shape(draws.numel == (replacement ? out : weights).numel, "as many draws as are needed");
    shape(out.contiguous && weights.contiguous && draws.contiguous, "operands are contiguous");
    dtype(out.dtype == DType::i64 && draws.dtype == DType::f64 &&
              (weights.dtype == DType::f32 || weights.dtype == DType::f64),
          "int64 from float32 or float64, with draws in float64");
  }

  /** Parameters, as many gradients, and `states` tensors of state for each. */
  void optimizer(uint32_t states) {
    require(l_.outputs == l_.inputs * (1 + states), ErrorCode::internal, "wrong number of operands");
    if (!ok()) return;
    for (uint32_t i = 0; i < l_.inputs; i++) {
      const TensorView& p = l_.out(static_cast<int>(i));
      bool same_sizes = same_shape(p, l_.in(static_cast<int>(i)));
      bool same_dtype = is_floating(p.dtype) && p.dtype == l_.in(static_cast<int>(i)).dtype;
      for (uint32_t k = 1; k <= states; k++) {
        const TensorView& state = l_.out(static_cast<int>(k * l_.inputs + i));
        same_sizes &= same_shape(p, state);
        same_dtype &= p.dtype == state.dtype;
      }
      shape(same_sizes, "parameter and gradient differ in shape");
      dtype(same_dtype, "parameter and gradient differ in dtype");
    }
  }

  /** Operands [first, end) are floating point. */
  void gradients(int first, int end) {
    for (int i = first; i < end; i++) dtype(is_floating(l_.views[i].dtype), "floating point only");
  }

  void kernel() {
    switch (static_cast<Op>(l_.op)) {
      case Op::copy: broadcast(); break;
      case Op::copyParts:
        require(l_.outputs == l_.inputs, ErrorCode::internal, "wrong number of operands");
        for (int i = 0; ok() && i < l_.outputs; i++) {
          shape(same_shape(l_.out(i), l_.in(i)), "a part and what it gets differ in shape");
          dtype(l_.out(i).dtype == l_.out().dtype, "parts are of one dtype");
        }
        break;
      case Op::where:
        broadcast();
        dtype(l_.in(0).dtype == DType::boolean, "the condition is bool");
        dtype(l_.in(1).dtype == l_.out().dtype && l_.in(2).dtype == l_.out().dtype,
              "x, y and out are of one dtype");
        break;
      case Op::addcmul: broadcast(); break;
      case Op::addcdiv:
      case Op::lerp:
        broadcast();
        dtype(is_floating(l_.compute), "computes in float32 or float64");
        break;
      case Op::eye: shape(l_.out().rank == 2 && l_.out().contiguous, "the output is a matrix"); break;
      case Op::arange:
      case Op::randperm:
        shape(l_.out().rank == 1 && l_.out().contiguous, "the output has one dimension");
        break;
      case Op::uniform:
      case Op::normal: dtype(is_floating(l_.out().dtype), "floating point only"); break;
      case Op::multinomial: multinomial(); break;
      case Op::tril:
      case Op::triu:
        shape(l_.in().rank >= 2 && same_shape(l_.in(), l_.out()), "matrices or batches of them");
        shape(l_.out().contiguous, "the output is contiguous");
        dtype(l_.in().dtype == l_.out().dtype, "input and output are of one dtype");
        break;
      case Op::indexSelect:
      case Op::indexAdd:
      case Op::indexCopy: index(); break;
      case Op::gather: along(l_.in(0), l_.out(), l_.in(1)); break;
      case Op::take:
        shape(l_.in(0).rank == 1 && l_.in(0).contiguous, "what is taken from has one dimension");
        shape(same_shape(l_.in(1), l_.out()) && l_.out().contiguous, "the output has the index's shape");
        dtype(l_.in(1).dtype == DType::i64 && l_.in(0).dtype == l_.out().dtype,
              "the index is int64, source and output of one dtype");
        break;
      case Op::scatter: scatter(); break;
      case Op::linearIndex: linear_index(); break;
      case Op::matmul: matmul(); break;
      case Op::linear: linear(); break;
      case Op::linearBackward: linear_backward(); break;
      case Op::softmax:
      case Op::logSoftmax:
      case Op::softmaxBackward:
      case Op::logSoftmaxBackward: softmax(); break;
      case Op::nllLoss:
      case Op::nllLossBackward:
      case Op::crossEntropy:
      case Op::crossEntropyBackward: nll(); break;
      case Op::luFactor:
      case Op::luSolve:
      case Op::luDet:
      case Op::cholesky:
      case Op::solveTriangular:
      case Op::qr:
      case Op::householderProduct:
      case Op::svd:
      case Op::eigh:
      case Op::matrixExp: check_linalg(l_, error_); break;
      case Op::attention:
      case Op::attentionBackward: complain(check_attention(l_)); break;
      case Op::recurrent:
      case Op::recurrentBackward: check_recurrent(l_, error_); break;
      case Op::maxPool:
      case Op::maxPoolBackward:
      case Op::averagePool:
      case Op::averagePoolBackward: complain(check_pooling(l_)); break;
      case Op::sgd: optimizer(l_.scalar[1].get() != 0 ? 1 : 0); break;
      case Op::adam: optimizer(l_.scalar[6].get() != 0 ? 3 : 2); break;
      case Op::adagrad:
      case Op::asgd: optimizer(1); break;
      case Op::nadam:
      case Op::radam:
      case Op::adamax:
      case Op::adadelta:
      case Op::rprop: optimizer(2); break;
      case Op::rmsprop:
        optimizer(1 + (l_.scalar[5].get() > 0 ? 1 : 0) + (l_.scalar[6].get() != 0 ? 1 : 0));
        break;
      case Op::totalNorm:
        shape(l_.out().rank == 0, "the norm has no dimensions");
        gradients(0, l_.outputs + static_cast<int>(l_.inputs));
        break;
      case Op::clipToNorm:
        shape(l_.in().rank == 0, "the norm has no dimensions");
        gradients(0, l_.outputs + 1);
        break;
      case Op::unscale:
        require(l_.outputs > 0, ErrorCode::internal, "wrong number of operands");
        if (!ok()) break;
        shape(l_.out().rank == 0, "what is found has no dimensions");
        dtype(l_.out().dtype == DType::f32, "what is found is float32");
        gradients(1, l_.outputs);
        break;
      case Op::rowNorm:
      case Op::rowNormBackward:
      case Op::batchNorm:
      case Op::batchNormBackward:
      case Op::dropout:
      case Op::maskedScale:
      case Op::embedding:
      case Op::embeddingBackward: complain(check_layers(l_)); break;
      case Op::convolution:
      case Op::convolutionInput:
      case Op::convolutionWeight: complain(check_convolution(l_)); break;
      case Op::im2col:
      case Op::col2im: complain(check_fold(l_)); break;
      default: complain(check_losses(l_)); complain(check_lanes(l_));
    }
  }

 private:
  const Launch& l_;
  LaunchError& error_;
};

}  // namespace

bool check(const Launch& l, LaunchError& error) {
  const Rule& rule = rules[l.op];
  Checker c(l, error);
  c.counts(rule);
  if (!c.ok()) return false;
  c.operands(rule);
  if (!c.ok()) return false;
  c.dtype(rule.types >> static_cast<int>(l.compute) & 1, "not defined for this dtype");
  switch (rule.kind) {
    case Kind::predicate: c.dtype(l.out().dtype == DType::boolean, "the output is bool"); [[fallthrough]];
    case Kind::elementwise: c.broadcast(); break;
    case Kind::reduce: c.reduce(); break;
    case Kind::kernel: c.kernel(); break;
  }
  return c.ok();
}

bool view_fits(int64_t bytes, DType dtype, int64_t offset, int rank, const int64_t* shape,
               const int64_t* strides, int64_t numel) {
  if (rank < 0 || rank > kMaxRank || numel < 0) return false;
  const int64_t elements = bytes / element_size(dtype);
  if (numel == 0) return offset >= 0 && offset <= elements;
  // The first and the last element in memory. Doubles can't overflow, and are exact up to the largest
  // storage.
  double low = static_cast<double>(offset), high = low;
  for (int i = 0; i < rank; i++) {
    const double reach = static_cast<double>(shape[i] - 1) * static_cast<double>(strides[i]);
    (reach < 0 ? low : high) += reach;
  }
  return low >= 0 && high < static_cast<double>(elements);
}

}  // namespace tenon
