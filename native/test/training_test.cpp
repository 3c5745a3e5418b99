// What networks are trained with: softmax and its kin, losses and their derivatives, and the steps of SGD and
// Adam, against formulas in double precision.

// Also runs on emulated CUDA.

#include <algorithm>
#include <memory>

#include "test/near.h"

using namespace test;

namespace {

constexpr DType kFloats[] = {DType::f32, DType::f64, DType::f16, DType::bf16};

/** Calls f with the element numbers of every line along a dimension. */
template <class F>
void each_line(const Sizes& shape, size_t dim, F f) {
  const int64_t n = shape.empty() ? 1 : shape[dim];
  int64_t after = 1;
  for (size_t i = dim + 1; i < shape.size(); i++) after *= shape[i];
  for (int64_t line = 0; n && line < product(shape) / n; line++) {
    std::vector<int64_t> places;
    for (int64_t k = 0; k < n; k++) places.push_back((line / after * n + k) * after + line % after);
    f(places);
  }
}

/** log(sum(exp(x))) of some elements. */
Number log_sum(const Array& x, const std::vector<int64_t>& places) {
  Number most = -INFINITY, sum = 0;
  for (int64_t i : places) most = std::max(most, x.get(i));
  for (int64_t i : places) sum += std::exp(x.get(i) - most);
  return most + std::log(sum);
}

const Sizes kShapes[] = {{},       {1},      {5},       {7, 9}, {9, 7}, {3, 4, 5}, {2, 3, 4, 5}, {64, 33},
                         {5, 600}, {600, 5}, {2, 9000}, {0, 3}, {3, 0}, {1, 1, 1}, {40, 3, 70}};

}  // namespace

TEST("softmax and logSoftmax, along any dimension of any layout") {
  const Threads threads(3);
  int64_t number = 0;
  for (DType t : kFloats)
    for (const Sizes& shape : kShapes)
      for (size_t dim = 0; dim < std::max<size_t>(shape.size(), 1); dim++)
        for (Layout layout : kLayouts) {
          if (product(shape) > 8000 && layout != Layout::dense && layout != Layout::transposed && !full)
            continue;
          if (left_out(number++)) continue;
          Array x(t, shape, layout);
          fill_uniform(x, dim, -6, 6);
          std::vector<Number> soft(static_cast<size_t>(x.numel())), logs(static_cast<size_t>(x.numel()));
          each_line(shape, dim, [&](const std::vector<int64_t>& places) {
            const Number total = log_sum(x, places);
            for (int64_t i : places) {
              logs[static_cast<size_t>(i)] = x.get(i) - total;
              soft[static_cast<size_t>(i)] = std::exp(x.get(i) - total);
            }
          });
          const Layout out_layout = layout == Layout::gaps ? Layout::transposed : layout;
          for (Isa isa : isas()) {
            About about("%s %s along %zu, %s, on %s", dtype_name(t), text(shape).c_str(), dim,
                        layout_name(layout), isa_name(isa));
            Array out(t, shape, out_layout);
            run(isa, {Op::softmax, compute_of(t), {out.view()}, {x.view()}, {static_cast<double>(dim)}});
            // The difference to the largest is rounded: an error of 8 ulp at worst in what exp makes of -12;
            // the rest is exp's own, the sum's, and that of its reciprocal.
            EXPECT_NEAR(out, soft, is_half(t) ? 0.51 : 16);
            CHECK(out.intact());
            Array log_out(t, shape, out_layout);
            run(isa,
                {Op::logSoftmax, compute_of(t), {log_out.view()}, {x.view()}, {static_cast<double>(dim)}});
            EXPECT_NEAR(log_out, logs, is_half(t) ? 0.6 : 2, is_half(t) ? 0.01L : 8);
            CHECK(log_out.intact());
            Array same(t, shape, layout);
            for (int64_t i = 0; i < x.numel(); i++) same.copy(i, x, i);
            run(isa, {Op::softmax, compute_of(t), {same.view()}, {same.view()}, {static_cast<double>(dim)}});
            CHECK_EQ(same.differences(out), 0);
          }
        }
}

TEST("softmax of huge numbers and infinities") {
  const Number none = std::nanl(""), far = INFINITY;
  const std::vector<Number> rows[] = {
      {1e4L, 1e4L, 1e4L}, {-1e4L, 0, 1e4L}, {3e38L, 3e38L, -3e38L}, {-far, 0, 0}, {-far, -far, 3},
      {-far, -far, -far}, {far, 0, 1},      {none, 0, 1},           {88, 89, 90}, {-104, -104, -103}};
  for (DType t : {DType::f32, DType::f64})
    for (Isa isa : isas())
      for (const auto& row : rows) {
        Array x(t, {1, 3}), soft(t, {1, 3}), logs(t, {1, 3});
        x.fill_with([&](int64_t i) { return row[static_cast<size_t>(i)]; });
        run(isa, {Op::softmax, t, {soft.view()}, {x.view()}, {1}});
        run(isa, {Op::logSoftmax, t, {logs.view()}, {x.view()}, {1}});
        Number most = -far, sum = 0;
        for (int64_t i = 0; i < 3; i++) most = x.get(i) != x.get(i) ? x.get(i) : std::max(most, x.get(i));
        for (int64_t i = 0; i < 3; i++) sum += std::exp(x.get(i) - most);
        std::vector<Number> want(3), want_log(3);
        for (size_t i = 0; i < 3; i++) {
          want[i] = std::exp(x.get(static_cast<int64_t>(i)) - most) / sum;
          want_log[i] = x.get(static_cast<int64_t>(i)) - most - std::log(sum);
        }
        EXPECT_NEAR(soft, want, 4);
        EXPECT_NEAR(logs, want_log, 2, 8);
      }
}

TEST("derivatives of softmax and logSoftmax") {
  const Threads threads(3);
  int64_t number = 0;
  for (DType t : kFloats)
    for (const Sizes& shape : kShapes)
      for (size_t dim = 0; dim < std::max<size_t>(shape.size(), 1); dim++)
        for (Layout layout : kLayouts) {
          if (product(shape) > 8000 && layout != Layout::dense && layout != Layout::transposed && !full)
            continue;
          if (left_out(number++)) continue;
          Array g(t, shape, layout), y(t, shape, layout == Layout::rotated ? Layout::dense : layout),
              ly(t, shape, layout);
          fill_uniform(g, 1, -1, 1);
          fill_uniform(y, 2, 0, 0.3);
          fill_uniform(ly, 3, -8, -0.5);
          std::vector<Number> soft(static_cast<size_t>(g.numel())), logs(static_cast<size_t>(g.numel()));
          each_line(shape, dim, [&](const std::vector<int64_t>& places) {
            Number dot = 0, sum = 0;
            for (int64_t i : places) dot += g.get(i) * y.get(i), sum += g.get(i);
            for (int64_t i : places) {
              soft[static_cast<size_t>(i)] = y.get(i) * (g.get(i) - dot);
              logs[static_cast<size_t>(i)] = g.get(i) - std::exp(ly.get(i)) * sum;
            }
          });
          for (Isa isa : isas()) {
            About about("%s %s along %zu, %s, on %s", dtype_name(t), text(shape).c_str(), dim,
                        layout_name(layout), isa_name(isa));
            Array out(t, shape, layout), log_out(t, shape, layout);
            run(isa, {Op::softmaxBackward,
                      compute_of(t),
                      {out.view()},
                      {g.view(), y.view()},
                      {static_cast<double>(dim)}});
            run(isa, {Op::logSoftmaxBackward,
                      compute_of(t),
                      {log_out.view()},
                      {g.view(), ly.view()},
                      {static_cast<double>(dim)}});
            // Sums of up to 9000 terms carry errors of their own, in units of the sums.
            const Number scale = is_half(t) ? 0.001L : 60;
            EXPECT_NEAR(out, soft, is_half(t) ? 0.6 : 4, scale);
            EXPECT_NEAR(log_out, logs, is_half(t) ? 0.6 : t == DType::f64 ? 40 : 4, scale);
            CHECK(out.intact() && log_out.intact());
          }
        }
}

TEST("nllLoss and its derivative: every reduction, weights, ignored targets, any layout") {
  struct {
    Sizes x, target;
  } const shapes[] = {
      {{5}, {}},     {{4, 5}, {4}},     {{1, 3}, {1}}, {{3, 5, 4}, {3, 4}}, {{2, 3, 4, 5}, {2, 4, 5}},
      {{0, 3}, {0}}, {{300, 20}, {300}}};
  for (DType t : kFloats)
    for (const auto& shape : shapes)
      for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps})
        for (bool weighted : {false, true})
          for (int reduction : {0, 1, 2}) {
            const size_t class_dim = shape.x.size() > 1 ? 1 : 0;
            const int64_t classes = shape.x[class_dim], ignored = 1;
            Array x(t, shape.x, layout), target(DType::i64, shape.target, layout),
                weight(t, {classes}, layout == Layout::gaps ? Layout::gaps : Layout::dense);
            fill_uniform(x, 1, -4, 0);
            fill_uniform(weight, 2, 0.5, 2);
            Random random(3);
            target.fill_with([&](int64_t) { return static_cast<Number>(random.integer(0, classes - 1)); });
            int64_t after = 1;
            for (size_t i = class_dim + 1; i < shape.x.size(); i++) after *= shape.x[i];
            const auto place = [&](int64_t i, int64_t c) {
              return (i / after * classes + c) * after + i % after;
            };
            const Sizes result = reduction == 0 ? shape.target : Sizes{};
            Array grad(t, result, layout);
            fill_uniform(grad, 4, 0.5, 1.5);
            Number sum = 0, total = 0;
            std::vector<Number> losses, grads(static_cast<size_t>(x.numel()));
            for (int64_t i = 0; i < target.numel(); i++) {
              const int64_t c = static_cast<int64_t>(target.get(i));
              const Number w = c == ignored ? 0 : weighted ? weight.get(c) : 1;
              losses.push_back(c == ignored ? 0 : -w * x.get(place(i, c)));
              sum += losses.back();
              total += w;
            }
            if (reduction == 1) losses = {sum / total};
            if (reduction == 2) losses = {sum};
            Array total_weight(t, {});
            total_weight.set(0, total);
            for (int64_t i = 0; i < target.numel(); i++) {
              const int64_t c = static_cast<int64_t>(target.get(i));
              if (c == ignored) continue;
              const Number w = weighted ? weight.get(c) : 1, g = grad.get(reduction == 0 ? i : 0);
              grads[static_cast<size_t>(place(i, c))] = -g * w / (reduction == 1 ? total_weight.get(0) : 1);
            }
            for (Isa isa : isas()) {
              About about("%s %s %s, weighted %d, reduction %d, on %s", dtype_name(t), text(shape.x).c_str(),
                          layout_name(layout), weighted, reduction, isa_name(isa));
              const std::vector<double> scalars = {static_cast<double>(ignored),
                                                   static_cast<double>(reduction)};
              Array out(t, result, layout), weights(t, {}), dx(t, shape.x, layout);
              Call forward{Op::nllLoss,
                           compute_of(t),
                           {out.view(), weights.view()},
                           {x.view(), target.view()},
                           scalars};
              Call backward{Op::nllLossBackward,
                            compute_of(t),
                            {dx.view()},
                            {grad.view(), target.view(), total_weight.view()},
                            scalars};
              if (weighted) forward.inputs.push_back(weight.view()), backward.inputs.push_back(weight.view());
              run(isa, forward);
              run(isa, backward);
              EXPECT_NEAR(out, losses, is_half(t) ? 0.6 : t == DType::f64 ? 40 : 3);
              EXPECT_NEAR(weights, {total}, t == DType::f64 ? 40 : 1);
              EXPECT_NEAR(dx, grads, is_half(t) ? 0.6 : 3);
              CHECK(out.intact() && weights.intact() && dx.intact());
            }
          }
}

TEST("a target out of range is refused before anything is written") {
  for (Isa isa : isas())
    for (int64_t bad : {int64_t{5}, int64_t{-1}, INT64_MAX, INT64_MIN, int64_t{-99}})
      for (int reduction : {0, 1, 2}) {
        Array x(DType::f32, {300, 5}), target(DType::i64, {300}), total(DType::f32, {});
        x.fill(1);
        target.fill(2);
        total.fill(1);
        std::memcpy(target.at(299), &bad, sizeof bad);
        const Sizes result = reduction == 0 ? Sizes{300} : Sizes{};
        Array out(DType::f32, result), weights(DType::f32, {}), grad(DType::f32, result),
            dx(DType::f32, {300, 5});
        grad.fill(1);
        const std::vector<double> scalars = {-100, static_cast<double>(reduction)};
        const LaunchError forward = try_run(
            isa, {Op::nllLoss, DType::f32, {out.view(), weights.view()}, {x.view(), target.view()}, scalars});
        CHECK(forward.code == ErrorCode::index);
        CHECK(std::strstr(forward.message, "nllLoss: ") == forward.message);
        CHECK(out.untouched() && weights.untouched());
        CHECK(try_run(isa, {Op::nllLossBackward,
                            DType::f32,
                            {dx.view()},
                            {grad.view(), target.view(), total.view()},
                            scalars})
                  .code == ErrorCode::index);
        CHECK(dx.untouched());
      }
}

TEST("mseLoss and its derivative, of any size and layout") {
  const Threads threads(3);
  for (DType t : kFloats)
    for (const Sizes& shape : {Sizes{}, Sizes{1}, Sizes{7}, Sizes{0}, Sizes{33, 40}, Sizes{1023}, Sizes{1025},
                               Sizes{3, 4, 5}, Sizes{200, 300}})
      for (Layout layout : kLayouts)
        for (int reduction : {1, 2}) {
          if (product(shape) > 5000 && layout != Layout::dense && layout != Layout::gaps) continue;
          Array x(t, shape, layout), y(t, shape, layout == Layout::rotated ? Layout::dense : layout),
              grad(t, {});
          fill_uniform(x, 1, -1, 1);
          fill_uniform(y, 2, -1, 1);
          grad.fill(1.5L);
          Number sum = 0;
          std::vector<Number> grads;
          const Number n = reduction == 1 ? static_cast<Number>(x.numel()) : 1;
          for (int64_t i = 0; i < x.numel(); i++) {
            const Number d = x.get(i) - y.get(i);
            sum += d * d;
            grads.push_back(2 * d * grad.get(0) / n);
          }
          for (Isa isa : isas()) {
            About about("%s %s %s, reduction %d, on %s", dtype_name(t), text(shape).c_str(),
                        layout_name(layout), reduction, isa_name(isa));
            Array out(t, {}), dx(t, shape, layout);
            run(isa, {Op::mseLoss,
                      compute_of(t),
                      {out.view()},
                      {x.view(), y.view()},
                      {static_cast<double>(reduction)}});
            run(isa, {Op::mseLossBackward,
                      compute_of(t),
                      {dx.view()},
                      {grad.view(), x.view(), y.view()},
                      {static_cast<double>(reduction)}});
            EXPECT_NEAR(out, {sum / n}, t == DType::f64 ? 200 : is_half(t) ? 0.6 : 4);
            EXPECT_NEAR(dx, grads, is_half(t) ? 0.6 : 4, std::fabs(2 * grad.get(0) / n));
            CHECK(out.intact() && dx.intact());
          }
        }
}

namespace {

/** A loss of pairs with its derivative; x is in [low, high]. */
struct PairLoss {
  Op op, backward;
  std::vector<double> parameter;
  double low, high;
  Number (*value)(Number x, Number t);
  Number (*slope)(Number x, Number t);
};

constexpr Number kBend = 0.5;  // of the losses that have one

const PairLoss pair_losses[] = {
    {Op::l1Loss,
     Op::l1LossBackward,
     {},
     -1,
     1,
     [](Number x, Number t) { return std::fabs(x - t); },
     [](Number x, Number t) { return static_cast<Number>((x > t) - (x < t)); }},
    {Op::smoothL1Loss,
     Op::smoothL1LossBackward,
     {static_cast<double>(kBend)},
     -1,
     1,
     [](Number x, Number t) {
       const Number d = std::fabs(x - t);
       return d < kBend ? d * d / (2 * kBend) : d - kBend / 2;
     },
     [](Number x, Number t) { return std::max<Number>(-1, std::min<Number>(1, (x - t) / kBend)); }},
    {Op::huberLoss,
     Op::huberLossBackward,
     {static_cast<double>(kBend)},
     -1,
     1,
     [](Number x, Number t) {
       const Number d = std::fabs(x - t);
       return d <= kBend ? d * d / 2 : kBend * (d - kBend / 2);
     },
     [](Number x, Number t) { return std::max(-kBend, std::min(kBend, x - t)); }},
    {Op::binaryCrossEntropy,
     Op::binaryCrossEntropyBackward,
     {},
     0.02,
     0.98,
     [](Number x, Number t) {
       return -t * std::max<Number>(-100, std::log(x)) - (1 - t) * std::max<Number>(-100, std::log1p(-x));
     },
     [](Number x, Number t) { return (x - t) / std::max(static_cast<Number>(1e-12f), (1 - x) * x); }},
    {Op::binaryCrossEntropyWithLogits,
     Op::binaryCrossEntropyWithLogitsBackward,
     {},
     -4,
     4,
     [](Number x, Number t) {
       return (1 - t) * x - (std::min<Number>(0, x) - std::log1p(std::exp(-std::fabs(x))));
     },
     [](Number x, Number t) { return 1 / (1 + std::exp(-x)) - t; }},
};

std::vector<double> scalars_of(const PairLoss& loss, int reduction) {
  std::vector<double> all = {static_cast<double>(reduction)};
  all.insert(all.end(), loss.parameter.begin(), loss.parameter.end());
  return all;
}

}  // namespace

TEST("losses of pairs and their derivatives, of any size and layout") {
  const Threads threads(3);
  int64_t number = 0;
  for (const PairLoss& loss : pair_losses)
    for (DType t : kFloats)
      for (const Sizes& shape : {Sizes{}, Sizes{1}, Sizes{7}, Sizes{0}, Sizes{33, 40}, Sizes{1025},
                                 Sizes{3, 4, 5}, Sizes{100, 200}})
        for (Layout layout : kLayouts)
          for (int reduction : {0, 1, 2}) {
            if (left_out(number++)) continue;
            const bool large = product(shape) > 5000;
            if (large && (is_half(t) || (layout != Layout::dense && layout != Layout::gaps))) continue;
            const Layout other = layout == Layout::rotated ? Layout::dense : layout;
            const bool each = reduction == 0;
            Array x(t, shape, layout), y(t, shape, other), grad(t, each ? shape : Sizes{}, other);
            fill_uniform(x, 1, loss.low, loss.high);
            fill_uniform(y, 2, 0, 1);
            fill_uniform(grad, 3, 0.5, 1.5);
            Number sum = 0;
            std::vector<Number> values, slopes;
            const Number n = reduction == 1 ? static_cast<Number>(x.numel()) : 1;
            for (int64_t i = 0; i < x.numel(); i++) {
              values.push_back(loss.value(x.get(i), y.get(i)));
              slopes.push_back(loss.slope(x.get(i), y.get(i)) * grad.get(each ? i : 0) / n);
              sum += values.back();
            }
            if (!each) values = {sum / n};
            for (Isa isa : isas()) {
              About about("%s of %s %s %s, reduction %d, on %s", op_name(static_cast<int>(loss.op)),
                          dtype_name(t), text(shape).c_str(), layout_name(layout), reduction, isa_name(isa));
              Array out(t, each ? shape : Sizes{}, layout), again(t, out.shape(), layout),
                  dx(t, shape, layout);
              const std::vector<double> scalars = scalars_of(loss, reduction);
              run(isa, {loss.op, compute_of(t), {out.view()}, {x.view(), y.view()}, scalars});
              run(isa, {loss.op, compute_of(t), {again.view()}, {x.view(), y.view()}, scalars});
              run(isa,
                  {loss.backward, compute_of(t), {dx.view()}, {grad.view(), x.view(), y.view()}, scalars});
              EXPECT_NEAR(out, values, t == DType::f64 ? 200 : is_half(t) ? 0.7 : 8, is_half(t) ? 0.05L : 4);
              EXPECT_NEAR(dx, slopes, is_half(t) ? 0.7 : 8, (is_half(t) ? 0.05L : 2) / n);
              CHECK(out.bits() == again.bits());
              CHECK(out.intact() && dx.intact());
            }
          }
}

TEST("losses of pairs at the ends of what they are defined for") {
  const Number none = std::nanl(""), far = INFINITY;
  for (DType t : {DType::f32, DType::f64})
    for (Isa isa : isas()) {
      About about("%s on %s", dtype_name(t), isa_name(isa));
      Array x(t, {4}), y(t, {4}), grad(t, {}), out(t, {4}), dx(t, {4});
      grad.fill(3);
      const auto both = [&](Op op, Op backward, const std::vector<Number>& a, const std::vector<Number>& b) {
        x.fill_with([&](int64_t i) { return a[static_cast<size_t>(i)]; });
        y.fill_with([&](int64_t i) { return b[static_cast<size_t>(i)]; });
        run(isa, {op, t, {out.view()}, {x.view(), y.view()}, {0}});
        run(isa, {backward, t, {dx.view()}, {grad.view(), x.view(), y.view()}, {2}});
      };
      both(Op::l1Loss, Op::l1LossBackward, {none, far, 1, -far}, {0, far, 1, 5});
      EXPECT_NEAR(out, {none, none, 0, far}, 0);
      EXPECT_NEAR(dx, {0, 0, 0, -3}, 0);
      both(Op::binaryCrossEntropy, Op::binaryCrossEntropyBackward, {0, 1, 0, 1}, {0, 1, 1, 0});
      EXPECT_NEAR(out, {0, 0, 100, 100}, 0);
      const Number steep = 3 / static_cast<Number>(1e-12f);
      EXPECT_NEAR(dx, {0, 0, -steep, steep}, 2);
      both(Op::binaryCrossEntropyWithLogits, Op::binaryCrossEntropyWithLogitsBackward, {200, -200, 200, none},
           {1, 0, 0, 1});
      EXPECT_NEAR(out, {0, 0, 200, none}, 1, 1e-30L);
      EXPECT_NEAR(dx, {0, 0, 3, none}, 1, 1e-30L);
    }
}

TEST("binaryCrossEntropy refuses inputs that are no probabilities, before it writes anything") {
  for (DType t : {DType::f32, DType::f64, DType::bf16})
    for (int64_t n : {1, 5, 300, 40000})
      for (Layout layout : {Layout::dense, Layout::gaps})
        for (Number bad : {Number{-0.25}, Number{1.5}, std::nanl("")})
          for (int reduction : {0, 1, 2})
            for (Isa isa : isas()) {
              About about("%lld of %s, %s, reduction %d, %Lg, on %s", static_cast<long long>(n),
                          dtype_name(t), layout_name(layout), reduction, bad, isa_name(isa));
              Array x(t, {n}, layout), y(t, {n}), out(t, reduction == 0 ? Sizes{n} : Sizes{});
              x.fill(0.5L);
              y.fill(1);
              x.set(n - 1 - n / 7, bad);
              const LaunchError error = try_run(isa, {Op::binaryCrossEntropy,
                                                      compute_of(t),
                                                      {out.view()},
                                                      {x.view(), y.view()},
                                                      {static_cast<double>(reduction)}});
              CHECK(error.code == ErrorCode::argument);
              CHECK(!std::strcmp(error.message, "binaryCrossEntropy: expected an input from 0 to 1"));
              CHECK(out.untouched());
            }
}

TEST("sgd steps as PyTorch documents it, with every option, in any layout") {
  const Threads threads(3);
  const double lr = 0.1, dampening = 0.25;
  for (DType t : kFloats)
    for (int options = 0; options < 32; options++)
      for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps}) {
        const double momentum = options & 1 ? 0.9 : 0, decay = options & 2 ? 0.01 : 0;
        const bool nesterov = options & 4, maximize = options & 8, first = options & 16;
        const Sizes shapes[] = {{3, 5}, {}, {40, 50}, {0, 2}, {70, 300}, {17}};
        for (Isa isa : isas()) {
          About about("%s, options %d, %s, on %s", dtype_name(t), options, layout_name(layout),
                      isa_name(isa));
          std::vector<std::unique_ptr<Array>> p, g, b;
          std::vector<std::vector<Number>> want_p, want_b;
          for (const Sizes& shape : shapes) {
            if (product(shape) > 5000 && (layout != Layout::dense || is_half(t) || options % 5)) continue;
            if (product(shape) > 1000 && !full && options % 3) continue;
            p.push_back(std::make_unique<Array>(t, shape, layout));
            g.push_back(std::make_unique<Array>(t, shape, layout == Layout::gaps ? Layout::dense : layout));
            b.push_back(std::make_unique<Array>(t, shape, layout == Layout::gaps ? Layout::shifted : layout));
            fill_uniform(*p.back(), 1, -1, 1);
            fill_uniform(*g.back(), 2, -1, 1);
            if (!first) fill_uniform(*b.back(), 3, -1, 1);
            want_p.emplace_back();
            want_b.emplace_back();
            for (int64_t i = 0; i < p.back()->numel(); i++) {
              Number value = p.back()->get(i), grad = g.back()->get(i), buffer = 0;
              if (maximize) grad = -grad;
              grad += decay * value;
              if (momentum != 0) {
                buffer = first ? grad : momentum * b.back()->get(i) + (1 - dampening) * grad;
                grad = nesterov ? grad + momentum * buffer : buffer;
              }
              want_p.back().push_back(value - lr * grad);
              want_b.back().push_back(buffer);
            }
          }
          Call call{Op::sgd,
                    compute_of(t),
                    {},
                    {},
                    {lr, momentum, dampening, decay, nesterov ? 1.0 : 0.0, maximize ? 1.0 : 0.0,
                     first ? 1.0 : 0.0}};
          for (const auto& a : p) call.outputs.push_back(a->view());
          if (momentum != 0)
            for (const auto& a : b) call.outputs.push_back(a->view());
          for (const auto& a : g) call.inputs.push_back(a->view());
          run(isa, call);
          for (size_t k = 0; k < p.size(); k++) {
            EXPECT_NEAR(*p[k], want_p[k], is_half(t) ? 0.6 : 4, is_half(t) ? 0.01L : 1);
            if (momentum != 0) EXPECT_NEAR(*b[k], want_b[k], is_half(t) ? 0.6 : 4, is_half(t) ? 0.01L : 1);
            CHECK(p[k]->intact() && g[k]->intact() && b[k]->intact());
            if (momentum == 0 && first) CHECK(b[k]->untouched());
          }
        }
      }
}

TEST("adam steps as PyTorch documents it, with every option, in any layout") {
  const Threads threads(3);
  const double lr = 0.01, eps = 1e-6;
  int64_t number = 0;
  for (DType t : kFloats)
    for (int options = 0; options < 64; options++)
      for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps}) {
        if (left_out(number++)) continue;
        if (is_half(t) && options % 3 && !full) continue;
        const double decay = options & 1 ? 0.05 : 0, beta1 = options & 16 ? 0.3 : 0.9, beta2 = 0.99;
        const bool decoupled = options & 2, amsgrad = options & 4, maximize = options & 8;
        const double step = options & 32 ? 1 : 17;
        const Number root = std::sqrt(1 - std::pow(static_cast<Number>(beta2), step));
        const Number rate = lr / (1 - std::pow(static_cast<Number>(beta1), step));
        const Sizes shapes[] = {{3, 5}, {}, {40, 50}, {0, 2}, {70, 300}, {17}};
        for (Isa isa : isas()) {
          About about("%s, options %d, %s, on %s", dtype_name(t), options, layout_name(layout),
                      isa_name(isa));
          // Of each parameter: itself, its gradient, its states; then what they are to be.
          std::vector<std::unique_ptr<Array>> parts[5];
          std::vector<std::vector<Number>> want[5];
          for (const Sizes& shape : shapes) {
            if (product(shape) > 5000 && (layout != Layout::dense || is_half(t) || options % 5)) continue;
            if (product(shape) > 1000 && !full && options % 3) continue;
            for (int k = 0; k < 5; k++) {
              const Layout own = layout == Layout::gaps && k == 1 ? Layout::dense : layout;
              parts[k].push_back(std::make_unique<Array>(t, shape, own));
              fill_uniform(*parts[k].back(), static_cast<uint64_t>(k), k < 3 ? -1 : 0, 1);
              want[k].emplace_back();
            }
            for (int64_t i = 0; i < parts[0].back()->numel(); i++) {
              Number p = parts[0].back()->get(i), g = parts[1].back()->get(i), m = parts[2].back()->get(i);
              Number v = parts[3].back()->get(i), most = parts[4].back()->get(i);
              if (maximize) g = -g;
              if (decoupled)
                p *= 1 - lr * decay;
              else
                g += decay * p;
              m = beta1 * m + (1 - beta1) * g;
              v = beta2 * v + (1 - beta2) * g * g;
              if (amsgrad) most = std::max(most, v);
              p -= rate * m / (std::sqrt(amsgrad ? most : v) / root + eps);
              const Number results[5] = {p, 0, m, v, most};
              for (int k = 0; k < 5; k++) want[k].back().push_back(results[k]);
            }
          }
          Call call{Op::adam,
                    compute_of(t),
                    {},
                    {},
                    {lr, beta1, beta2, eps, decay, decoupled ? 1.0 : 0.0, amsgrad ? 1.0 : 0.0,
                     maximize ? 1.0 : 0.0, step}};
          for (int k : {0, 2, 3, 4})
            if (k < 4 || amsgrad)
              for (const auto& a : parts[k]) call.outputs.push_back(a->view());
          for (const auto& a : parts[1]) call.inputs.push_back(a->view());
          run(isa, call);
          for (int k = 0; k < 5; k++)
            for (size_t i = 0; i < parts[k].size(); i++) {
              if (k != 1) EXPECT_NEAR(*parts[k][i], want[k][i], is_half(t) ? 0.6 : 6, is_half(t) ? 0.01L : 1);
              CHECK(parts[k][i]->intact());
            }
        }
      }
}

TEST("many parameters step in one launch, each as it would alone") {
  for (Op op : {Op::sgd, Op::adam})
    for (DType t : {DType::f32, DType::bf16})
      for (Isa isa : isas()) {
        About about("%s of %s on %s", op_name(static_cast<int>(op)), dtype_name(t), isa_name(isa));
        const size_t states = op == Op::sgd ? 1 : 2, count = 130;
        std::vector<std::unique_ptr<Array>> parts[2][4];  // [alone][operand]
        for (size_t i = 0; i < count; i++)
          for (auto& way : parts)
            for (size_t k = 0; k < 2 + states; k++) {
              const int64_t n = i == 7 ? 9001 : i == 50 ? 0 : static_cast<int64_t>(i % 13);
              const Layout layout = i % 11 == 3 ? Layout::gaps : i % 5 == 1 ? Layout::shifted : Layout::dense;
              way[k].push_back(std::make_unique<Array>(t, Sizes{n}, layout));
              fill_uniform(*way[k].back(), i * 4 + k, 0, 1);
            }
        Call together{op, compute_of(t), {}, {}, {0.1, 0.9, 0.5, 0.01, 0, 0, 0}};
        if (op == Op::adam) together.scalars = {0.1, 0.9, 0.99, 1e-8, 0.01, 0, 0, 0, 3};
        Call alone = together;
        for (size_t k = 0; k < 2 + states; k++)
          for (size_t i = 0; i < count; i++)
            (k == 1 ? together.inputs : together.outputs).push_back(parts[0][k][i]->view());
        run(isa, together);
        for (size_t i = 0; i < count; i++) {
          alone.inputs = {parts[1][1][i]->view()};
          alone.outputs = {parts[1][0][i]->view()};
          for (size_t k = 2; k < 2 + states; k++) alone.outputs.push_back(parts[1][k][i]->view());
          run(isa, alone);
          for (size_t k = 0; k < 2 + states; k++) {
            CHECK_EQ(parts[0][k][i]->differences(*parts[1][k][i]), 0);
            CHECK(parts[0][k][i]->intact());
          }
        }
      }
}

TEST("losses and softmax have the same bits with any number of threads") {
  for (DType t : {DType::f32, DType::f64}) {
    Array x(t, {300, 700}), y(t, {300, 700}), scalar(t, {});
    fill_uniform(x, 1, -3, 3);
    fill_uniform(y, 2, -3, 3);
    scalar.fill(1);
    for (Isa isa : isas()) {
      const std::vector<std::pair<Op, std::vector<double>>> all = {
          {Op::softmax, {0}}, {Op::softmax, {1}},        {Op::logSoftmax, {0}}, {Op::logSoftmaxBackward, {1}},
          {Op::mseLoss, {1}}, {Op::mseLossBackward, {1}}};
      for (const auto& [op, scalars] : all) {
        std::vector<char> first;
        for (int threads : {1, 2, 3, 8}) {
          const Threads set(threads);
          Array out(t, op == Op::mseLoss ? Sizes{} : Sizes{300, 700});
          Call call{op, t, {out.view()}, {x.view()}, scalars};
          if (op == Op::mseLossBackward) call.inputs = {scalar.view(), x.view(), y.view()};
          if (op == Op::mseLoss || op == Op::logSoftmaxBackward) call.inputs.push_back(y.view());
          run(isa, call);
          if (first.empty()) first = out.bits();
          CHECK(out.bits() == first);
        }
      }
    }
  }
}
