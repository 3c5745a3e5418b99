// recurrent and recurrentBackward: results against plain loops, gradients against difference quotients of
// those.
// Also runs on emulated CUDA.

#include <functional>
#include <memory>

#include "test/tensors.h"

using namespace test;

namespace {

double draw(int64_t i, int64_t salt) {
  return std::sin(static_cast<double>(i * 7 + salt * 131 + 1) * 1.7) / 1.5;
}

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

/** One layer in one direction, with everything as vectors of doubles. */
struct Model {
  int kind;  // 0 tanh, 1 relu, 2 LSTM, 3 GRU
  bool reverse, bias, projected;
  int64_t input, hidden, state;
  Sizes sizes;  // of the steps
  std::vector<double> x, w_ih, w_hh, h0, c0, b_ih, b_hh, w_hr;
  std::vector<double> y, hn, cn;

  int64_t gates() const { return kind == 2 ? 4 : kind == 3 ? 3 : 1; }
  int64_t batch() const { return sizes.empty() ? 0 : sizes[0]; }
  int64_t rows() const {
    int64_t n = 0;
    for (int64_t s : sizes) n += s;
    return n;
  }

  Model(int k, bool r, bool b, bool p, int64_t in, int64_t units, Sizes steps)
      : kind(k),
        reverse(r),
        bias(b),
        projected(p),
        input(in),
        hidden(units),
        state(p ? 2 : units),
        sizes(std::move(steps)) {
    int64_t salt = 0;
    const auto fill = [&](std::vector<double>& v, int64_t n) {
      salt++;
      for (int64_t i = 0; i < n; i++) v.push_back(draw(i, salt));
    };
    const int64_t wide = gates() * hidden;
    fill(x, rows() * input), fill(w_ih, wide * input), fill(w_hh, wide * state), fill(h0, batch() * state);
    if (kind == 2) fill(c0, batch() * hidden);
    if (bias) fill(b_ih, wide), fill(b_hh, wide);
    if (projected) fill(w_hr, state * hidden);
  }

  void run() {
    y.assign(static_cast<size_t>(rows() * state), 0);
    hn = h0;
    cn = c0;
    std::vector<int64_t> first = {0};
    for (int64_t s : sizes) first.push_back(first.back() + s);
    const auto at = [](const std::vector<double>& v, int64_t i) { return v[static_cast<size_t>(i)]; };
    const int64_t steps = static_cast<int64_t>(sizes.size());
    for (int64_t k = 0; k < steps; k++) {
      const int64_t t = reverse ? steps - 1 - k : k;
      for (int64_t b = 0; b < sizes[static_cast<size_t>(t)]; b++) {
        const int64_t row = first[static_cast<size_t>(t)] + b;
        std::vector<double> of_x, of_h, fresh;
        for (int64_t g = 0; g < gates() * hidden; g++) {
          double sx = bias ? at(b_ih, g) : 0, sh = bias ? at(b_hh, g) : 0;
          for (int64_t i = 0; i < input; i++) sx += at(x, row * input + i) * at(w_ih, g * input + i);
          for (int64_t i = 0; i < state; i++) sh += at(hn, b * state + i) * at(w_hh, g * state + i);
          of_x.push_back(sx);
          of_h.push_back(sh);
        }
        for (int64_t u = 0; u < hidden; u++) {
          const auto gate = [&](int64_t q) { return at(of_x, q * hidden + u) + at(of_h, q * hidden + u); };
          if (kind == 2) {
            double& c = cn[static_cast<size_t>(b * hidden + u)];
            c = sigma(gate(1)) * c + sigma(gate(0)) * std::tanh(gate(2));
            fresh.push_back(sigma(gate(3)) * std::tanh(c));
          } else if (kind == 3) {
            const double n = std::tanh(at(of_x, 2 * hidden + u) + sigma(gate(0)) * at(of_h, 2 * hidden + u));
            fresh.push_back(n + sigma(gate(1)) * (at(hn, b * state + u) - n));
          } else {
            fresh.push_back(kind == 1 ? (gate(0) > 0 ? gate(0) : 0) : std::tanh(gate(0)));
          }
        }
        for (int64_t i = 0; i < state; i++) {
          double h = projected ? 0 : at(fresh, i);
          for (int64_t u = 0; projected && u < hidden; u++) h += at(w_hr, i * hidden + u) * at(fresh, u);
          y[static_cast<size_t>(row * state + i)] = h;
        }
        for (int64_t i = 0; i < state; i++) hn[static_cast<size_t>(b * state + i)] = at(y, row * state + i);
      }
    }
  }

  /** Of weights that tell all results apart. */
  double loss() {
    run();
    double sum = 0;
    int64_t salt = 100;
    for (const auto* v : {&y, &hn, &cn}) {
      for (size_t i = 0; i < v->size(); i++) sum += (*v)[i] * draw(static_cast<int64_t>(i), salt);
      salt++;
    }
    return sum;
  }
};

using Operand = std::unique_ptr<Array>;

Operand operand(DType t, Sizes shape, const std::vector<double>& values) {
  Operand a = std::make_unique<Array>(t, std::move(shape));
  a->fill_with([&](int64_t i) { return static_cast<Number>(values[static_cast<size_t>(i)]); });
  return a;
}

void near(const Array& got, const std::vector<double>& want, double tolerance) {
  double worst = 0, largest = 1;
  for (size_t i = 0; i < want.size(); i++) {
    const double off = std::fabs(static_cast<double>(got.get(static_cast<int64_t>(i))) - want[i]);
    if (!(off <= worst)) worst = off;
    largest = std::fmax(largest, std::fabs(want[i]));
  }
  checks++;
  if (!(worst <= tolerance * largest))
    fail(__FILE__, __LINE__, "off by %g, expected at most %g", worst, tolerance * largest);
}

/** The model's operands and what a forward pass makes of them. */
struct Layer {
  Model& m;
  DType t, kept;
  bool packed;
  std::vector<Operand> in, out;  // in the op's order

  Layer(Model& model, DType dtype, bool with_sizes)
      : m(model), t(dtype), kept(compute_of(dtype)), packed(with_sizes) {
    const int64_t wide = m.gates() * m.hidden, rows = m.rows(), batch = m.batch();
    in.push_back(operand(t, {rows, m.input}, m.x));
    in.push_back(operand(t, {wide, m.input}, m.w_ih));
    in.push_back(operand(t, {wide, m.state}, m.w_hh));
    in.push_back(operand(t, {batch, m.state}, m.h0));
    if (m.kind == 2) in.push_back(operand(t, {batch, m.hidden}, m.c0));
    if (m.bias) in.push_back(operand(t, {wide}, m.b_ih)), in.push_back(operand(t, {wide}, m.b_hh));
    if (m.projected) in.push_back(operand(t, {m.state, m.hidden}, m.w_hr));
    if (packed) {
      in.push_back(std::make_unique<Array>(DType::i64, Sizes{static_cast<int64_t>(m.sizes.size())}));
      in.back()->fill_with([&](int64_t i) { return static_cast<Number>(m.sizes[static_cast<size_t>(i)]); });
    }
    const auto made = [&](DType d, Sizes shape) {
      out.push_back(std::make_unique<Array>(d, std::move(shape)));
    };
    made(t, {rows, m.state}), made(t, {batch, m.state});
    if (m.kind == 2) made(t, {batch, m.hidden});
    made(kept, {rows, wide});
    if (m.kind == 2) made(kept, {rows, m.hidden});
    if (m.kind == 3) made(kept, {rows, m.hidden});
    if (m.projected) made(kept, {rows, m.hidden});
  }

  std::vector<double> scalars() const {
    return {static_cast<double>(m.kind), m.reverse ? 1. : 0., m.bias ? 1. : 0., m.projected ? 1. : 0.,
            packed ? 1. : 0.};
  }

  Call forward() const {
    Call call{Op::recurrent, kept, {}, {}, scalars()};
    for (const Operand& a : out) call.outputs.push_back(a->view());
    for (const Operand& a : in) call.inputs.push_back(a->view());
    return call;
  }
};

/** What is differentiated: initial states, input, weights; in the op's order. */
std::vector<std::vector<double>*> leaves_of(Model& m) {
  std::vector<std::vector<double>*> leaves = {&m.h0};
  if (m.kind == 2) leaves.push_back(&m.c0);
  for (auto* v : {&m.x, &m.w_ih, &m.w_hh}) leaves.push_back(v);
  if (m.bias) leaves.push_back(&m.b_ih), leaves.push_back(&m.b_hh);
  if (m.projected) leaves.push_back(&m.w_hr);
  return leaves;
}

/** The gradients of all leaves, of a layer that has run. */
std::vector<Operand> gradients_of(const Layer& c, Isa isa) {
  const Model& m = c.m;
  Call call{Op::recurrentBackward, c.kept, {}, {}, c.scalars()};
  call.scalars.push_back(1);
  call.scalars.push_back(1);
  std::vector<Sizes> shapes = {c.in[3]->shape()};
  if (m.kind == 2) shapes.push_back(c.in[4]->shape());
  for (size_t i : {0, 1, 2}) shapes.push_back(c.in[i]->shape());
  const size_t after = m.kind == 2 ? 5 : 4, end = c.in.size() - (c.packed ? 1 : 0);
  for (size_t i = after; i < end; i++) shapes.push_back(c.in[i]->shape());
  std::vector<Operand> grads, given;
  for (const Sizes& s : shapes) grads.push_back(std::make_unique<Array>(c.t, s));
  for (const Operand& g : grads) call.outputs.push_back(g->view());
  for (int i = 0; i < (m.kind == 2 ? 3 : 2); i++) {
    given.push_back(std::make_unique<Array>(c.t, c.out[static_cast<size_t>(i)]->shape()));
    given.back()->fill_with([&](int64_t k) { return static_cast<Number>(draw(k, 100 + i)); });
    call.inputs.push_back(given.back()->view());
  }
  for (size_t i = 0; i < c.in.size(); i++)
    if (!m.bias || (i != after && i != after + 1)) call.inputs.push_back(c.in[i]->view());
  call.inputs.push_back(c.out[0]->view());
  for (size_t i = m.kind == 2 ? 3 : 2; i < c.out.size(); i++) call.inputs.push_back(c.out[i]->view());
  run(isa, call);
  return grads;
}

const std::vector<Model>& models() {
  static const std::vector<Model> all = [] {
    std::vector<Model> list;
    for (int kind = 0; kind < 4; kind++)
      for (int form = 0; form < 4; form++) {
        const bool reverse = form & 1, bias = form & 2;
        list.emplace_back(kind, reverse, bias, false, 3, 5, Sizes{4, 3, 3, 1});
        list.emplace_back(kind, reverse, bias, false, 0, 1, Sizes{1, 1});
        if (kind == 2) list.emplace_back(kind, reverse, bias, true, 2, 3, Sizes{3, 2});
      }
    return list;
  }();
  return all;
}

}  // namespace

TEST("recurrent: all kinds of cells, directions, sizes of steps, against plain loops") {
  const Threads threads(2);
  for (int64_t units : {1, 3, 16, 33, 70})
    for (int kind = 0; kind < 4; kind++)
      for (int form = 0; form < 8; form++)
        for (const Sizes& sizes : {Sizes{5, 5, 5}, Sizes{7, 3, 3, 1}, Sizes{61, 60}, Sizes{1}}) {
          const bool projected = kind == 2 && units > 2 && (form & 4);
          if ((form & 4) && !projected) continue;
          Model m(kind, form & 1, form & 2, projected, 4, units, sizes);
          m.run();
          const bool even = sizes.back() == sizes[0];
          for (DType t : {DType::f32, DType::f64, DType::bf16})
            for (Isa isa : isas()) {
              About about("%s, kind %d, form %d, %lld units, on %s", dtype_name(t), kind, form,
                          static_cast<long long>(units), isa_name(isa));
              Layer c(m, t, !even || (form & 1));
              run(isa, c.forward());
              const double tolerance = t == DType::f64 ? 1e-12 : t == DType::f32 ? 2e-5 : 0.1;
              near(*c.out[0], m.y, tolerance);
              near(*c.out[1], m.hn, tolerance);
              if (kind == 2) near(*c.out[2], m.cn, tolerance);
              for (const Operand& a : c.out) CHECK(a->intact());
            }
        }
}

TEST("recurrentBackward: gradients against difference quotients") {
  const Threads threads(2);
  for (Model m : models()) {
    m.run();
    std::vector<std::vector<double>> want;
    for (std::vector<double>* leaf : leaves_of(m)) {
      want.emplace_back();
      for (double& value : *leaf) {
        const double before = value, step = 1e-6;
        value = before + step;
        const double up = m.loss();
        value = before - step;
        const double down = m.loss();
        value = before;
        want.back().push_back((up - down) / (2 * step));
      }
    }
    const bool even = m.sizes.back() == m.sizes[0];
    for (DType t : {DType::f64, DType::f32, DType::f16})
      for (Isa isa : isas()) {
        About about("%s, kind %d, reverse %d, bias %d, projected %d, on %s", dtype_name(t), m.kind, m.reverse,
                    m.bias, m.projected, isa_name(isa));
        Layer c(m, t, !even || m.bias);
        run(isa, c.forward());
        const std::vector<Operand> grads = gradients_of(c, isa);
        for (size_t leaf = 0; leaf < grads.size(); leaf++) {
          About which("gradient %d", static_cast<int>(leaf));
          near(*grads[leaf], want[leaf], t == DType::f64 ? 1e-7 : t == DType::f32 ? 1e-4 : 0.05);
          CHECK(grads[leaf]->intact());
        }
      }
  }
}

TEST("recurrent: more units than threads of a block, and the derivative by that of float64") {
  const Threads threads(2);
  for (int kind = 0; kind < 4; kind++)
    for (int form = 0; form < 4; form++) {
      Model m(kind, form & 1, form & 2, kind == 2 && form > 1, 3, 150, {3, 2});
      m.run();
      for (Isa isa : isas()) {
        About about("kind %d, form %d, on %s", kind, form, isa_name(isa));
        Layer wide(m, DType::f64, true), narrow(m, DType::f32, true);
        run(isa, wide.forward());
        run(isa, narrow.forward());
        near(*wide.out[0], m.y, 1e-12);
        near(*narrow.out[0], m.y, 2e-5);
        const std::vector<Operand> want = gradients_of(wide, isa), got = gradients_of(narrow, isa);
        for (size_t i = 0; i < got.size(); i++) {
          About which("gradient %d", static_cast<int>(i));
          std::vector<double> values;
          for (int64_t k = 0; k < want[i]->numel(); k++)
            values.push_back(static_cast<double>(want[i]->get(k)));
          near(*got[i], values, 1e-4);
        }
      }
    }
}

TEST("recurrent: no sequences, of which weights have no gradient") {
  for (int kind = 0; kind < 4; kind++)
    for (bool packed : {false, true})
      for (DType t : {DType::f32, DType::bf16})
        for (Isa isa : isas()) {
          About about("%s, kind %d, packed %d, on %s", dtype_name(t), kind, packed, isa_name(isa));
          Model m(kind, false, true, kind == 2, 3, 4, {});
          Layer c(m, t, packed);
          run(isa, c.forward());
          for (const Operand& g : gradients_of(c, isa))
            for (int64_t i = 0; i < g->numel(); i++) CHECK_EQ(static_cast<double>(g->get(i)), 0.);
        }
}

TEST("recurrent: operands that don't fit are refused before anything is written") {
  Model m(3, false, true, false, 3, 4, {3, 2});
  for (const Sizes& wrong :
       {Sizes{2, 3}, Sizes{3, 3}, Sizes{3, 0}, Sizes{4, 1}, Sizes{3, INT64_MAX}, Sizes{3, -1}}) {
    Layer c(m, DType::f32, true);
    c.in.back()->fill_with([&](int64_t i) { return static_cast<Number>(wrong[static_cast<size_t>(i)]); });
    CHECK(try_run(isas().back(), c.forward()).code == ErrorCode::argument);
    for (const Operand& a : c.out) CHECK(a->untouched());
  }
  Layer c(m, DType::f32, true);
  for (size_t i = 0; i < c.in.size(); i++) {
    Call call = c.forward();
    Array other(c.in[i]->dtype(), {1, 1, 1});
    call.inputs[i] = other.view();
    CHECK(try_run(isas().back(), call).code == ErrorCode::shape);
    Array integers(DType::i8, c.in[i]->shape());
    call.inputs[i] = integers.view();
    CHECK(try_run(isas().back(), call).code == ErrorCode::dtype);
  }
  Call few = c.forward();
  few.inputs.pop_back();
  CHECK(try_run(isas().back(), few).code == ErrorCode::internal);
}
