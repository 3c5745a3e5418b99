// The steps of optimizers other than SGD and Adam (training_test.cpp), and what is done to all gradients at
// once, against formulas in long double.

// Also runs on emulated CUDA.

#include <functional>
#include <memory>

#include "test/near.h"

using namespace test;

namespace {

constexpr DType kFloats[] = {DType::f32, DType::f64, DType::f16, DType::bf16};
constexpr double kInfinity = HUGE_VAL;

/** An optimizer with some options: its scalars but for the first two; what becomes of p, g and the states x.
 */
struct Rule {
  Op op;
  int states;
  std::vector<double> scalars;
  std::function<void(Number& p, Number g, Number* x)> step;
};

/** Running averages: of squares, and of others, as torch.lerp has them. */
Number blend(double keep, Number average, Number x) { return keep * average + (1 - Number{keep}) * x; }
Number lerp(double keep, Number average, Number x) {
  return keep > 0.5 ? average + (1 - Number{keep}) * (x - average) : x - keep * (x - average);
}
/** NaN in `kept` stays, and NaN in x is taken. */
Number larger(Number x, Number kept) { return kept == kept && !(x <= kept) ? x : kept; }

void add_adams(std::vector<Rule>& all) {
  for (double beta : {0.9, 0.3})
    all.push_back(
        {Op::nadam, 2, {0.98, beta, 0.99, 1e-6, 0.4, 0.02, 0.03}, [beta](Number& p, Number g, Number* x) {
           x[0] = lerp(beta, x[0], g);
           x[1] = blend(0.99, x[1], g * g);
           const Number root = std::sqrt(x[1] / Number{0.4}) + Number{1e-6};
           p = Number{0.98} * p - Number{0.02} * g / root - Number{0.03} * x[0] / root;
         }});
  for (double divides : {0, 1})
    all.push_back(
        {Op::radam, 2, {0.98, 0.9, 0.99, 1e-6, 0.05, divides}, [divides](Number& p, Number g, Number* x) {
           x[0] = lerp(0.9, x[0], g);
           x[1] = blend(0.99, x[1], g * g);
           const Number root = std::sqrt(x[1]) + Number{1e-6};
           p = Number{0.98} * p - Number{0.05} * x[0] / (divides != 0 ? root : 1);
         }});
  all.push_back({Op::adamax, 2, {0.9, 0.7, 1e-6, 0.01}, [](Number& p, Number g, Number* x) {
                   x[0] = lerp(0.9, x[0], g);
                   x[1] = larger(std::fabs(g) + Number{1e-6}, Number{0.7} * x[1]);
                   p -= Number{0.01} * x[0] / x[1];
                 }});
}

void add_rmsprop(std::vector<Rule>& all, bool has_momentum, bool centered) {
  const double momentum = has_momentum ? 0.8 : 0;
  all.push_back({Op::rmsprop,
                 1 + has_momentum + centered,
                 {0.9, 1e-6, 0.02, momentum, centered ? 1.0 : 0.0},
                 [=](Number& p, Number g, Number* x) {
                   x[0] = blend(0.9, x[0], g * g);
                   Number variance = x[0];
                   if (centered) {
                     Number& mean = x[has_momentum ? 2 : 1];
                     mean = lerp(0.9, mean, g);
                     variance -= mean * mean;
                   }
                   Number change = g / (std::sqrt(variance) + Number{1e-6});
                   if (has_momentum) change = x[1] = Number{momentum} * x[1] + change;
                   p -= Number{0.02} * change;
                 }});
}

std::vector<Rule> rules() {
  std::vector<Rule> all;
  add_adams(all);
  all.push_back({Op::adagrad, 1, {1e-6, 0.05}, [](Number& p, Number g, Number* x) {
                   x[0] += g * g;
                   p -= Number{0.05} * g / (std::sqrt(x[0]) + Number{1e-6});
                 }});
  all.push_back({Op::adadelta, 2, {0.9, 1e-4, 0.5}, [](Number& p, Number g, Number* x) {
                   x[0] = blend(0.9, x[0], g * g);
                   const Number change = std::sqrt(x[1] + Number{1e-4}) / std::sqrt(x[0] + Number{1e-4}) * g;
                   x[1] = blend(0.9, x[1], change * change);
                   p -= Number{0.5} * change;
                 }});
  for (bool has_momentum : {false, true})
    for (bool centered : {false, true}) add_rmsprop(all, has_momentum, centered);
  all.push_back({Op::rprop, 2, {0.5, 1.2, 0.6, 1.6}, [](Number& p, Number g, Number* x) {
                   const Number agreement = g * x[0];
                   x[1] *= agreement > 0 ? Number{1.2} : agreement < 0 ? 0.5 : 1;
                   if (x[1] < Number{0.6}) x[1] = 0.6;
                   if (x[1] > Number{1.6}) x[1] = 1.6;
                   if (agreement < 0) g = 0;
                   p -= (g > 0 ? 1 : g < 0 ? -1 : 0) * x[1];
                   x[0] = g;
                 }});
  for (double mu : {1.0, 0.25})
    all.push_back({Op::asgd, 1, {0.999, 0.05, mu}, [mu](Number& p, Number g, Number* x) {
                     p = Number{0.999} * p - Number{0.05} * g;
                     x[0] = mu == 1 ? p : x[0] + mu * (p - x[0]);
                   }});
  return all;
}

/** Scalars, the penalty on weights and the direction included. */
std::vector<double> scalars_of(const Rule& rule, double decay, bool maximize) {
  std::vector<double> all = {decay, maximize ? 1.0 : 0.0};
  all.insert(all.end(), rule.scalars.begin(), rule.scalars.end());
  return all;
}

constexpr int kMostOperands = 5;
/** Parameters, gradients, states: of each, one tensor for each parameter. */
using Operands = std::vector<std::unique_ptr<Array>>[kMostOperands];

/** Adds a parameter. Averages of squares are such that no variance is close to 0. */
void add_parameter(Operands& x, const Rule& rule, DType t, const Sizes& shape, Layout layout,
                   Layout of_gradient, uint64_t seed) {
  for (int k = 0; k < 2 + rule.states; k++) {
    Array& a = *x[k].emplace_back(std::make_unique<Array>(t, shape, k == 1 ? of_gradient : layout));
    const bool is_square = k == 2 || (k == 3 && rule.op != Op::rmsprop);
    fill_uniform(a, seed * kMostOperands + static_cast<uint64_t>(k), is_square ? 0.5 : -0.5,
                 is_square ? 2
                 : k < 2   ? 1
                           : 0.5);
  }
}

Call call_of(const Rule& rule, DType compute, std::vector<double> scalars, const Operands& x) {
  Call call{rule.op, compute, {}, {}, std::move(scalars)};
  for (int k = 0; k < 2 + rule.states; k++)
    for (const auto& a : x[k]) (k == 1 ? call.inputs : call.outputs).push_back(a->view());
  return call;
}

/** Steps the operands, and compares them with the formula. */
void expect_step(Isa isa, const Rule& rule, double decay, bool maximize, Operands& x) {
  const DType t = x[0][0]->dtype();
  std::vector<std::vector<Number>> want[kMostOperands];
  for (size_t i = 0; i < x[0].size(); i++) {
    for (auto& list : want) list.emplace_back();
    for (int64_t n = 0; n < x[0][i]->numel(); n++) {
      Number value[kMostOperands] = {};
      for (int k = 0; k < 2 + rule.states; k++) value[k] = x[k][i]->get(n);
      Number g = maximize ? -value[1] : value[1];
      if (decay != 0) g += decay * value[0];
      rule.step(value[0], g, value + 2);
      for (int k = 0; k < 2 + rule.states; k++) want[k][i].push_back(value[k]);
    }
  }
  run(isa, call_of(rule, compute_of(t), scalars_of(rule, decay, maximize), x));
  for (int k = 0; k < 2 + rule.states; k++)
    for (size_t i = 0; i < x[k].size(); i++) {
      EXPECT_NEAR(*x[k][i], want[k][i], is_half(t) ? 0.6 : 8, is_half(t) ? 0.01L : 1);
      CHECK(x[k][i]->intact());
    }
}

TEST("other optimizers step as PyTorch documents them, with every option, in any layout") {
  const Threads threads(3);
  const Sizes shapes[] = {{3, 5}, {}, {40, 50}, {0, 2}, {70, 300}, {17}};
  for (const Rule& rule : rules())
    for (DType t : kFloats)
      for (Layout layout : kLayouts)
        for (int options = 0; options < 4; options++) {
          // Gradients of the same layout as the parameters, or dense ones.
          const Layout of_gradient = options == 2 ? Layout::dense : layout;
          for (Isa isa : isas()) {
            About about("%s, options %d, %s, %s, on %s", op_name(static_cast<int>(rule.op)), options,
                        dtype_name(t), layout_name(layout), isa_name(isa));
            Operands x;
            for (const Sizes& shape : shapes) {
              if (product(shape) > 1000 && (options || layout != Layout::dense) && !full) continue;
              if (product(shape) > 5000 && layout != Layout::dense && layout != Layout::transposed) continue;
              add_parameter(x, rule, t, shape, layout, of_gradient, 7);
            }
            expect_step(isa, rule, options & 1 ? 0.01 : 0, options & 2, x);
          }
        }
}

TEST("what is not finite goes through the steps of optimizers") {
  const std::vector<Number> gradients = {0, NAN, kInfinity, -kInfinity, 1, 1, 1, 1, -1};
  const std::vector<Number> first = {0, 0.5L, 0.5L, 0.5L, NAN, kInfinity, 0.5L, 0, -0.5L};
  const std::vector<Number> second = {1, 1, 1, 1, 1, 1, NAN, kInfinity, 1};
  const int64_t n = static_cast<int64_t>(gradients.size());
  for (const Rule& rule : rules())
    for (DType t : {DType::f32, DType::f64, DType::bf16})
      for (Isa isa : isas()) {
        About about("%s of %s on %s", op_name(static_cast<int>(rule.op)), dtype_name(t), isa_name(isa));
        Operands x;
        add_parameter(x, rule, t, {n}, Layout::dense, Layout::dense, 3);
        x[1][0]->fill_with([&](int64_t i) { return gradients[static_cast<size_t>(i)]; });
        x[2][0]->fill_with([&](int64_t i) { return first[static_cast<size_t>(i)]; });
        if (rule.states > 1) x[3][0]->fill_with([&](int64_t i) { return second[static_cast<size_t>(i)]; });
        expect_step(isa, rule, 0, false, x);
      }
}

TEST("parameters of several dtypes step in one launch, each as it would alone") {
  for (const Rule& rule : rules())
    for (Isa isa : isas()) {
      About about("%s on %s", op_name(static_cast<int>(rule.op)), isa_name(isa));
      constexpr DType types[] = {DType::f32, DType::f16, DType::bf16};
      constexpr uint64_t count = 280;  // more of two dtypes than go together
      Operands together, alone;
      for (Operands* x : {&together, &alone})
        for (uint64_t i = 0; i < count; i++) {
          const int64_t size = i == 7 ? 9001 : i == 50 ? 0 : static_cast<int64_t>(i % 13);
          const Layout layout = i % 11 == 3 ? Layout::gaps : i % 7 == 1 ? Layout::shifted : Layout::dense;
          add_parameter(*x, rule, types[i % 5 % 3], {size}, layout, layout, i);
        }
      const std::vector<double> scalars = scalars_of(rule, 0.01, true);
      run(isa, call_of(rule, DType::f32, scalars, together));
      for (size_t i = 0; i < count; i++) {
        Call call{rule.op, DType::f32, {}, {alone[1][i]->view()}, scalars};
        for (int k = 0; k < 2 + rule.states; k++)
          if (k != 1) call.outputs.push_back(alone[k][i]->view());
        run(isa, call);
        for (int k = 0; k < 2 + rule.states; k++) {
          CHECK_EQ(alone[k][i]->differences(*together[k][i]), 0);
          CHECK(alone[k][i]->intact());
        }
      }
    }
}

/** Gradients of all kinds of sizes and layouts. */
std::vector<std::unique_ptr<Array>> some_gradients(DType t, size_t count) {
  std::vector<std::unique_ptr<Array>> all;
  const Sizes shapes[] = {{}, {0, 3}, {1}, {7}, {4095}, {4096}, {4097}, {64, 70}, {3, 5, 7}, {2, 10001}};
  for (size_t i = 0; i < count; i++) {
    all.push_back(std::make_unique<Array>(t, shapes[i % 10 == 9 && i > 60 ? 2 : i % 10], kLayouts[i % 6]));
    fill_uniform(*all.back(), i, -1, 1);
  }
  return all;
}

std::vector<TensorView> views_of(const std::vector<std::unique_ptr<Array>>& arrays) {
  std::vector<TensorView> all;
  for (const auto& a : arrays) all.push_back(a->view());
  return all;
}

TEST("the norm of many gradients, of any size and layout") {
  const Threads threads(3);
  for (DType t : kFloats)
    for (size_t count : {0, 1, 2, 7, 60, 500}) {
      const auto gradients = some_gradients(t, count);
      Number sum = 0;
      for (const auto& g : gradients)
        for (int64_t i = 0; i < g->numel(); i++) sum += g->get(i) * g->get(i);
      for (Isa isa : isas()) {
        About about("%zu of %s on %s", count, dtype_name(t), isa_name(isa));
        Array norm(t, {});
        run(isa, {Op::totalNorm, compute_of(t), {norm.view()}, views_of(gradients), {}});
        EXPECT_NEAR(norm, {std::sqrt(sum)}, t == DType::f64 ? 16 : t == DType::f32 ? 2 : 0.6);
        CHECK(norm.intact());
      }
    }
}

TEST("the norm of huge, tiny, infinite and no numbers") {
  struct {
    std::vector<Number> elements;
    Number norm;
  } const cases[] = {{{3e38L, 0}, 3e38L},          {{3e38L, 3e38L}, kInfinity}, {{3e-40L, 4e-40L}, 5e-40L},
                     {{1, -kInfinity}, kInfinity}, {{NAN, kInfinity}, NAN},     {{0, 0}, 0}};
  for (DType t : {DType::f32, DType::bf16})
    for (const auto& c : cases)
      for (Isa isa : isas()) {
        About about("%s on %s", dtype_name(t), isa_name(isa));
        Array x(t, {2}), norm(t, {});
        x.fill_with([&](int64_t i) { return c.elements[static_cast<size_t>(i)]; });
        run(isa, {Op::totalNorm, DType::f32, {norm.view()}, {x.view()}, {}});
        // Of what the dtype made of the elements.
        const Number a = x.get(0), b = x.get(1),
                     want = c.norm > 0 && c.norm < kInfinity ? std::sqrt(a * a + b * b) : c.norm;
        EXPECT_NEAR(norm, {want}, 0.6);
      }
}

TEST("the norm of many huge or tiny numbers, among others and alone") {
  constexpr int64_t size = 5000;
  for (Number scale :
       {Number{1e-44L}, Number{1e-30L}, Number{1e-20L}, Number{3e18L}, Number{2e19L}, Number{1e36L}})
    for (bool alone : {false, true})
      for (Isa isa : isas()) {
        About about("%Lg %s on %s", scale, alone ? "alone" : "among ones", isa_name(isa));
        Array x(DType::f32, {size}), norm(DType::f32, {});
        x.fill_with([&](int64_t i) { return alone || i % 1500 == 7 ? scale * (1 + i % 3) : Number{1}; });
        Number sum = 0;
        for (int64_t i = 0; i < size; i++) sum += x.get(i) * x.get(i);
        run(isa, {Op::totalNorm, DType::f32, {norm.view()}, {x.view()}, {}});
        EXPECT_NEAR(norm, {std::sqrt(sum)}, 2);
      }
}

TEST("the norm of more elements than there is memory for, beside others, and of two dtypes") {
  Array row(DType::f32, {4099}), dense(DType::f32, {20000}), wide(DType::f64, {3, 1000}, Layout::transposed);
  fill_uniform(row, 1, -1, 1);
  fill_uniform(dense, 2, -1, 1);
  fill_uniform(wide, 3, -1, 1);
  constexpr int64_t rows = 5000;
  const int64_t shape[] = {rows, 4099}, strides[] = {0, 1};
  TensorView many = row.view();
  many.shape = shape;
  many.strides = strides;
  many.rank = 2;
  many.numel = rows * 4099;
  many.contiguous = false;
  Number squares[3] = {};
  const Array* const arrays[] = {&row, &dense, &wide};
  for (int k = 0; k < 3; k++)
    for (int64_t i = 0; i < arrays[k]->numel(); i++) squares[k] += arrays[k]->get(i) * arrays[k]->get(i);
  for (Isa isa : isas()) {
    About about("on %s", isa_name(isa));
    Array norm(DType::f64, {});
    run(isa, {Op::totalNorm, DType::f64, {norm.view()}, {dense.view(), many, wide.view()}, {}});
    EXPECT_NEAR(norm, {std::sqrt(rows * squares[0] + squares[1] + squares[2])}, 1000);
  }
}

TEST("gradients are clipped where their norm exceeds the largest, and else left alone") {
  const Threads threads(3);
  for (DType t : kFloats)
    for (size_t count : {7, 500})
      for (const Number norm :
           {Number{4}, Number{2}, Number{1.5L}, Number{0}, Number{kInfinity}, Number{NAN}})
        for (Isa isa : isas()) {
          if (count > 7 && (norm != 4 || (t != DType::f32 && !full))) continue;
          About about("%zu of %s, norm %Lg, on %s", count, dtype_name(t), norm, isa_name(isa));
          const auto before = some_gradients(t, count), after = some_gradients(t, count);
          Array total(t, {});
          total.set(0, norm);
          run(isa, {Op::clipToNorm, compute_of(t), views_of(after), {total.view()}, {2}});
          const Number factor = 2 / (norm + (t == DType::f64 ? Number{1e-6} : Number{1e-6f}));
          for (size_t k = 0; k < count; k++) {
            CHECK(after[k]->intact());
            if (norm < 2) {
              CHECK_EQ(after[k]->differences(*before[k]), 0);
              continue;
            }
            std::vector<Number> want;
            for (int64_t i = 0; i < before[k]->numel(); i++) want.push_back(before[k]->get(i) * factor);
            EXPECT_NEAR(*after[k], want, is_half(t) ? 0.6 : 4);
          }
        }
}

TEST("gradients are unscaled, and one that is not finite is found wherever it is") {
  const Threads threads(3);
  for (DType t : kFloats)
    for (size_t count : {10, 500})
      for (const Number wild : {Number{0}, Number{kInfinity}, -Number{kInfinity}, Number{NAN}})
        for (size_t where = 0; where < (wild != 0 ? size_t{10} : size_t{1}); where++) {
          if (count > 10 && ((wild != 0 && where != 7) || (t != DType::f32 && !full))) continue;
          if (!full && where != 0 && where != 7 && where != 9) continue;
          for (Isa isa : isas()) {
            About about("%zu of %s, %Lg in %zu, on %s", count, dtype_name(t), wild, where, isa_name(isa));
            const auto before = some_gradients(t, count), after = some_gradients(t, count);
            const int64_t places = after[where]->numel();
            if (places == 0) continue;
            for (const auto* list : {&before, &after})
              if (wild != 0) (*list)[where]->set(places - 1 - (places > 50 ? 50 : 0), wild);
            Array found(DType::f32, {});
            found.set(0, 0.25L);
            Call call{Op::unscale, compute_of(t), views_of(after), {}, {0.125}};
            call.outputs.insert(call.outputs.begin(), found.view());
            run(isa, call);
            CHECK_EQ(static_cast<double>(found.get(0)), wild != 0 ? 1.0 : 0.25);
            for (size_t k = 0; k < count; k++) {
              std::vector<Number> want;
              for (int64_t i = 0; i < before[k]->numel(); i++) want.push_back(before[k]->get(i) * 0.125L);
              EXPECT_NEAR(*after[k], want, 0.6);
              CHECK(after[k]->intact());
            }
          }
        }
}

}  // namespace
