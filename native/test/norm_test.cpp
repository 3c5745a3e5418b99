// Layer, group, RMS and batch norm with their derivatives, dropout and embeddings, against plain loops.

// Also runs on emulated CUDA.

#include <algorithm>

#include "test/tensors.h"

using namespace test;

namespace {

constexpr DType kTypes[] = {DType::f32, DType::f64};

using Numbers = std::vector<Number>;

void fill_uniform(Array& x, uint64_t seed, double low = -2, double high = 2) {
  Random random(seed);
  x.fill_with([&](int64_t) { return random.uniform(low, high); });
  // Exactly what the dtype holds.
  if (x.dtype() == DType::f32) x.fill_with([&](int64_t i) { return x.get(i); });
}

/** Within `slack` units in the last place of the larger of the result and `scale`. */
void expect_near(int line, const Array& out, const Numbers& want, double slack, Number scale = 1) {
  int64_t wrong = 0, where = 0;
  for (int64_t i = 0; i < out.numel(); i++) {
    const Number w = want[static_cast<size_t>(i)], got = out.get(i);
    if (!(std::fabs(got - w) <= slack * spacing(out.dtype(), std::max(std::fabs(w), scale))) && wrong++ == 0)
      where = i;
  }
  checks++;
  if (wrong)
    fail(__FILE__, line, "%lld results are wrong: element %lld is %.17Lg, expected %.17Lg",
         static_cast<long long>(wrong), static_cast<long long>(where), out.get(where),
         want[static_cast<size_t>(where)]);
}
#define EXPECT_NEAR(...) expect_near(__LINE__, __VA_ARGS__)

/** Sets of elements that are normalised together, each element with the number of its weight. */
struct Sets {
  int64_t sets, weights;
  std::vector<int64_t> set, weight;  // of each element
};

/** x [samples, groups, channels, span]: by rows, or (`across`) by channel over all samples. */
Sets sets_of(int64_t samples, int64_t groups, int64_t channels, int64_t span, bool across) {
  Sets s{across ? channels : samples * groups, groups * channels, {}, {}};
  for (int64_t i = 0; i < samples * groups * channels * span; i++) {
    const int64_t c = i / span % channels, g = i / span / channels % groups, n = i / span / channels / groups;
    s.set.push_back(across ? c : n * groups + g);
    s.weight.push_back(g * channels + c);
  }
  return s;
}

/** What is expected of a normalisation and its derivative. */
struct Expected {
  Numbers out, mean, rstd, variance, ofX, ofWeight, ofBias;
};

Expected expected(const Sets& s, const Array& x, const Array& g, const Array* w, const Array* b, double eps,
                  bool centred) {
  const size_t sets = static_cast<size_t>(s.sets), weights = static_cast<size_t>(s.weights);
  Numbers count(sets), sum(sets), squares(sets), gw(sets), gwx(sets);
  const size_t n = s.set.size();
  const auto at = [](size_t i) { return static_cast<int64_t>(i); };
  const auto set = [&](size_t i) { return static_cast<size_t>(s.set[i]); };
  for (size_t i = 0; i < n; i++) count[set(i)] += 1, sum[set(i)] += x.get(at(i));
  Expected e;
  for (size_t k = 0; k < sets; k++) e.mean.push_back(centred ? sum[k] / count[k] : 0);
  for (size_t i = 0; i < n; i++) squares[set(i)] += std::pow(x.get(at(i)) - e.mean[set(i)], Number{2});
  for (size_t k = 0; k < sets; k++) {
    e.variance.push_back(squares[k] / (count[k] - 1));
    e.rstd.push_back(1 / std::sqrt(squares[k] / count[k] + eps));
  }
  const auto normal = [&](size_t i) { return (x.get(at(i)) - e.mean[set(i)]) * e.rstd[set(i)]; };
  const auto weight = [&](size_t i) { return w ? w->get(s.weight[i]) : Number{1}; };
  e.ofWeight.assign(weights, 0);
  e.ofBias.assign(weights, 0);
  for (size_t i = 0; i < n; i++) {
    e.out.push_back(normal(i) * weight(i) + (b ? b->get(s.weight[i]) : 0));
    gw[set(i)] += g.get(at(i)) * weight(i);
    gwx[set(i)] += g.get(at(i)) * weight(i) * normal(i);
    e.ofWeight[static_cast<size_t>(s.weight[i])] += g.get(at(i)) * normal(i);
    e.ofBias[static_cast<size_t>(s.weight[i])] += g.get(at(i));
  }
  for (size_t i = 0; i < n; i++) {
    const size_t k = set(i);
    e.ofX.push_back(e.rstd[k] * (g.get(at(i)) * weight(i) - (centred ? gw[k] / count[k] : 0) -
                                 normal(i) * gwx[k] / count[k]));
  }
  return e;
}

/** samples, groups, channels, span */
const Sizes kRows[] = {{1, 1, 1, 2},   {3, 1, 5, 1},    {2, 1, 64, 1},   {300, 1, 33, 1}, {2, 3, 2, 5},
                       {4, 2, 3, 1},   {2, 4, 1, 40},   {3, 2, 2, 17},   {2, 1, 9000, 1}, {1, 2, 1, 9000},
                       {700, 2, 8, 1}, {2, 1, 3, 5000}, {2, 2, 600, 16}, {3, 1, 700, 1},  {2, 3, 2, 65}};

double slack_of(DType t, const Sizes& sizes) {
  return (t == DType::f32 ? 8 : 64) + std::sqrt(static_cast<double>(product(sizes)));
}

}  // namespace

namespace {

/** variant: bits 0 to 2 are whether it is centred, has weights, has biases. */
void check_rows(Isa isa, DType t, const Sizes& sizes, int variant) {
  const bool centred = variant & 1, weighted = variant & 2, biased = variant & 4;
  const int64_t groups = sizes[1], channels = sizes[2], rows = sizes[0] * groups, n = product(sizes);
  const About about("%s %s, %lld rows of %lld, %d", isa_name(isa), dtype_name(t),
                    static_cast<long long>(rows), static_cast<long long>(n / rows), variant);
  Array x(t, {n}), g(t, {n}), w(t, {groups * channels}), b(t, {groups * channels});
  fill_uniform(x, 1, -2, 5);
  fill_uniform(g, 2);
  fill_uniform(w, 3);
  fill_uniform(b, 4);
  const double eps = 1e-3;
  const Expected e = expected(sets_of(sizes[0], groups, channels, sizes[3], false), x, g,
                              weighted ? &w : nullptr, biased ? &b : nullptr, eps, centred);
  Array out(t, {n}), rstd(t, {rows}), mean(t, {rows});
  Call call{Op::rowNorm, t, {out.view(), rstd.view()}, {x.view()}, {}};
  if (centred) call.outputs.push_back(mean.view());
  if (weighted) call.inputs.push_back(w.view());
  if (biased) call.inputs.push_back(b.view());
  const double g_ = static_cast<double>(groups), c_ = static_cast<double>(channels);
  call.scalars = {g_, c_, eps, double(centred), double(weighted), double(biased)};
  run(isa, call);
  EXPECT_NEAR(out, e.out, 16, 16);
  EXPECT_NEAR(rstd, e.rstd, 4);
  if (centred) EXPECT_NEAR(mean, e.mean, 4);
  CHECK(out.intact() && rstd.intact() && mean.intact());

  Array gx(t, {n}), gw(t, {groups * channels}), gb(t, {groups * channels});
  Call back{Op::rowNormBackward, t, {}, {g.view(), x.view(), rstd.view()}, {}};
  if (centred) back.inputs.push_back(mean.view());
  if (weighted) back.inputs.push_back(w.view());
  for (int wanted = 1; wanted < 8; wanted += 2 + (n > 2000)) {
    back.outputs.clear();
    const bool wx = wanted & 1, ww = wanted & 2, wb = wanted & 4;
    if (wx) back.outputs.push_back(gx.view());
    if (ww) back.outputs.push_back(gw.view());
    if (wb) back.outputs.push_back(gb.view());
    back.scalars = {g_, c_, double(centred), double(weighted), double(wx), double(ww), double(wb)};
    run(isa, back);
    if (wx) EXPECT_NEAR(gx, e.ofX, 64, 16);
    if (ww) EXPECT_NEAR(gw, e.ofWeight, slack_of(t, sizes), 4);
    if (wb) EXPECT_NEAR(gb, e.ofBias, slack_of(t, sizes), 4);
    CHECK(gx.intact() && gw.intact() && gb.intact());
  }
}

}  // namespace

TEST("rowNorm and its derivative") {
  const Threads threads(3);
  int64_t number = 0;
  for (Isa isa : isas())
    for (DType t : kTypes)
      for (const Sizes& sizes : kRows)
        for (int variant = 0; variant < 8; variant++)
          if (!left_out(number++)) check_rows(isa, t, sizes, variant);
}

TEST("rowNorm and its derivative, of many long rows") {
  const Threads threads(3);
  for (Isa isa : isas()) check_rows(isa, DType::f32, {129, 1, 8195, 1}, 3);
}

namespace {

/** samples, channels, span */
const Sizes kPlanes[] = {{2, 1, 1},   {4, 3, 1},  {300, 70, 1}, {5, 300, 1},  {2, 3, 4},
                         {260, 2, 7}, {3, 2, 16}, {2, 3, 577},  {70, 2, 300}, {1, 2, 20000}};

}  // namespace

TEST("batchNorm and its derivative, in training and with known statistics") {
  const Threads threads(3);
  int64_t number = 0;
  for (Isa isa : isas())
    for (DType t : kTypes)
      for (const Sizes& sizes : kPlanes)
        for (int variant = 0; variant < 8; variant++) {
          if (left_out(number++)) continue;
          const bool training = variant & 1, affine = variant & 2, tracked = training && variant & 4;
          const int64_t c = sizes[1], n = product(sizes);
          const About about("%s %s, %lld planes of %lld, %d", isa_name(isa), dtype_name(t),
                            static_cast<long long>(n / sizes[2]), static_cast<long long>(sizes[2]), variant);
          Array x(t, sizes), g(t, sizes), w(t, {c}), b(t, {c});
          Array running_mean(DType::f64, {c}, Layout::gaps), running_var(t, {c});
          fill_uniform(x, 1, -2, 5);
          fill_uniform(g, 2);
          fill_uniform(w, 3);
          fill_uniform(b, 4);
          fill_uniform(running_mean, 5);
          fill_uniform(running_var, 6, 0.5, 2);
          Numbers mean_before, var_before;
          for (int64_t i = 0; i < c; i++) {
            mean_before.push_back(running_mean.get(i));
            var_before.push_back(running_var.get(i));
          }
          const double eps = 1e-3, momentum = 0.25;
          const Sets sets = sets_of(sizes[0], 1, c, sizes[2], true);
          Expected e = expected(sets, x, g, affine ? &w : nullptr, affine ? &b : nullptr, eps, true);
          if (!training) {
            for (size_t k = 0; k < static_cast<size_t>(c); k++) {
              e.mean[k] = mean_before[k];
              e.rstd[k] = 1 / std::sqrt(var_before[k] + eps);
            }
            e.ofWeight.assign(static_cast<size_t>(c), 0);
            for (size_t i = 0; i < sets.set.size(); i++) {
              const size_t k = static_cast<size_t>(sets.set[i]);
              const int64_t at = static_cast<int64_t>(i), channel = sets.set[i];
              const Number normal = (x.get(at) - e.mean[k]) * e.rstd[k];
              e.out[i] = affine ? normal * w.get(channel) + b.get(channel) : normal;
              e.ofX[i] = g.get(at) * e.rstd[k] * (affine ? w.get(channel) : 1);
              e.ofWeight[k] += g.get(at) * normal;
            }
          }
          Array out(t, sizes), mean(t, {c}), rstd(t, {c});
          Call call{Op::batchNorm, t, {out.view(), mean.view(), rstd.view()}, {x.view()}, {}};
          if (tracked) call.outputs.insert(call.outputs.end(), {running_mean.view(), running_var.view()});
          if (!training) call.inputs.insert(call.inputs.end(), {running_mean.view(), running_var.view()});
          if (affine) call.inputs.insert(call.inputs.end(), {w.view(), b.view()});
          call.scalars = {double(training), eps, momentum, double(affine), double(affine), double(tracked)};
          run(isa, call);
          EXPECT_NEAR(out, e.out, 16, 16);
          EXPECT_NEAR(mean, e.mean, 4);
          EXPECT_NEAR(rstd, e.rstd, 4);
          Numbers mean_after = mean_before, var_after = var_before;
          for (size_t k = 0; tracked && k < static_cast<size_t>(c); k++) {
            mean_after[k] = mean_before[k] * (1 - momentum) + e.mean[k] * momentum;
            var_after[k] = var_before[k] * (1 - momentum) + e.variance[k] * momentum;
          }
          for (int64_t k = 0; k < c; k++)
            CHECK(std::fabs(running_mean.get(k) - mean_after[static_cast<size_t>(k)]) <
                  8 * spacing(t, Number{4}));
          EXPECT_NEAR(running_var, var_after, 8, 4);
          CHECK(out.intact() && mean.intact() && running_mean.intact() && running_var.intact());

          Array gx(t, sizes), gw(t, {c}), gb(t, {c});
          Call back{Op::batchNormBackward, t, {}, {g.view(), x.view(), mean.view(), rstd.view()}, {}};
          if (affine) back.inputs.push_back(w.view());
          for (int wanted = 1; wanted < 8; wanted += 2) {
            back.outputs.clear();
            const bool wx = wanted & 1, ww = wanted & 2, wb = wanted & 4;
            if (wx) back.outputs.push_back(gx.view());
            if (ww) back.outputs.push_back(gw.view());
            if (wb) back.outputs.push_back(gb.view());
            back.scalars = {double(training), double(affine), double(wx), double(ww), double(wb)};
            run(isa, back);
            if (wx) EXPECT_NEAR(gx, e.ofX, 64, 16);
            if (ww) EXPECT_NEAR(gw, e.ofWeight, slack_of(t, sizes), 4);
            if (wb) EXPECT_NEAR(gb, e.ofBias, slack_of(t, sizes), 4);
          }
        }
}

TEST("dropout keeps a share, the same for any number of threads, and maskedScale applies the mask again") {
  for (Isa isa : isas())
    for (DType t : {DType::f32, DType::f64, DType::f16, DType::bf16})
      for (int64_t n : {1, 63, 1000, 40000})
        for (Layout layout : {Layout::dense, Layout::gaps}) {
          const About about("%s %s, %lld elements, %s", isa_name(isa), dtype_name(t),
                            static_cast<long long>(n), layout_name(layout));
          Array x(t, {n}, layout), out(t, {n}, layout), again(t, {n}), mask(DType::boolean, {n});
          Array other(DType::boolean, {n}), unused(t, {n});
          x.fill(2);
          const double p = 0.25;
          const auto call = [&](const Array& to, const Array& bits) {
            return Call{Op::dropout, compute_of(t), {to.view(), bits.view()}, {x.view()}, {7, 9, 11, p}};
          };
          {
            const Threads one(1);
            run(isas()[0], call(unused, other));
          }
          const Threads threads(3);
          run(isa, call(out, mask));
          CHECK_EQ(mask.differences(other), 0);
          int64_t kept = 0, wrong = 0;
          const Number scaled = rounded(t, rounded(compute_of(t), 2 * rounded(compute_of(t), 1 / (1 - p))));
          for (int64_t i = 0; i < n; i++) {
            kept += mask.get(i) != 0;
            wrong += out.get(i) != (mask.get(i) != 0 ? scaled : 0);
          }
          CHECK_EQ(wrong, 0);
          if (n == 40000) CHECK(std::fabs(static_cast<double>(kept) / 40000 - 0.75) < 0.01);
          run(isa, {Op::maskedScale, compute_of(t), {again.view()}, {x.view(), mask.view()}, {1 / (1 - p)}});
          CHECK_EQ(again.differences(out), 0);
          CHECK(out.intact() && mask.intact());
        }
}

TEST("embedding and its derivative") {
  const Threads threads(3);
  for (Isa isa : isas())
    for (DType t : kTypes)
      for (const Sizes& sizes : {Sizes{5, 3, 7}, Sizes{65, 128, 300}, Sizes{3000, 17, 50}, Sizes{1, 1, 1}}) {
        const int64_t rows = sizes[0], width = sizes[1], n = sizes[2];
        const About about("%s %s, %lld of %lld rows of %lld", isa_name(isa), dtype_name(t),
                          static_cast<long long>(n), static_cast<long long>(rows),
                          static_cast<long long>(width));
        Random random(3);
        Array table(t, {rows, width}, Layout::gaps), index(DType::i64, {n}), out(t, {n, width});
        fill_uniform(table, 1);
        index.fill_with([&](int64_t) { return random.integer(0, rows - 1); });
        run(isa, {Op::embedding, t, {out.view()}, {table.view(), index.view()}, {}});
        int64_t wrong = 0;
        for (int64_t i = 0; i < n * width; i++)
          wrong += out.get(i) != table.get(static_cast<int64_t>(index.get(i / width)) * width + i % width);
        CHECK_EQ(wrong, 0);
        Array grad(t, {n, width}), back(t, {rows, width});
        fill_uniform(grad, 2);
        for (int by_frequency = 0; by_frequency < 2; by_frequency++) {
          const int64_t padding = rows / 2;
          Numbers want(static_cast<size_t>(rows * width)), counts(static_cast<size_t>(rows));
          for (int64_t i = 0; i < n; i++) counts[static_cast<size_t>(index.get(i))] += 1;
          for (int64_t i = 0; i < n * width; i++) {
            const int64_t k = static_cast<int64_t>(index.get(i / width));
            if (k == padding) continue;
            want[static_cast<size_t>(k * width + i % width)] +=
                by_frequency ? grad.get(i) / counts[static_cast<size_t>(k)] : grad.get(i);
          }
          run(isa, {Op::embeddingBackward,
                    t,
                    {back.view()},
                    {grad.view(), index.view()},
                    {static_cast<double>(padding), static_cast<double>(by_frequency)}});
          EXPECT_NEAR(back, want, 16, 2);
        }
        index.set(n - 1, rows);
        Array untouched(t, {n, width});
        const LaunchError error =
            try_run(isa, {Op::embedding, t, {untouched.view()}, {table.view(), index.view()}, {}});
        CHECK(error.code == ErrorCode::index);
        CHECK(untouched.untouched());
      }
}

TEST("operands that do not fit are refused") {
  Array x(DType::f32, {4, 6}), out(DType::f32, {4, 6}), rstd(DType::f32, {4}), mean(DType::f32, {4});
  Array w(DType::f32, {5}), strided(DType::f32, {4, 6}, Layout::gaps), none(DType::f32, {0, 6});
  const Isa isa = isas()[0];
  const auto refuses = [&](const Call& call) { CHECK(static_cast<bool>(try_run(isa, call))); };
  const auto norm = [&](const Array& from, const Array& to, double groups, double channels) {
    return Call{Op::rowNorm,
                DType::f32,
                {to.view(), rstd.view(), mean.view()},
                {from.view()},
                {groups, channels, 0, 1, 0, 0}};
  };
  CHECK(!try_run(isa, norm(x, out, 1, 6)));
  for (double bad : {0.0, -1.0, 5.0, 7.0, 1e300, static_cast<double>(NAN)}) {
    refuses(norm(x, out, bad, 6));
    if (bad != 1) refuses(norm(x, out, 1, bad));
  }
  refuses(norm(strided, out, 1, 6));
  refuses(norm(x, strided, 1, 6));
  refuses(norm(none, none, 1, 6));
  refuses({Op::rowNorm, DType::f32, {out.view(), rstd.view()}, {x.view(), w.view()}, {1, 6, 0, 0, 1, 0}});
  refuses(
      {Op::batchNorm, DType::f32, {out.view(), mean.view(), rstd.view()}, {x.view()}, {1, 0, 0, 0, 0, 0}});
  refuses(
      {Op::batchNorm, DType::f32, {out.view(), mean.view(), rstd.view()}, {x.view()}, {0, 0, 0, 0, 0, 0}});
  Array mask(DType::boolean, {6, 4}), index(DType::i64, {2}), rows(DType::f32, {2, 5});
  refuses({Op::dropout, DType::f32, {out.view(), mask.view()}, {x.view()}, {0, 0, 0, 0.5}});
  refuses({Op::maskedScale, DType::f32, {out.view()}, {x.view(), mask.view()}, {1}});
  refuses({Op::embedding, DType::f32, {rows.view()}, {x.view(), index.view()}, {}});
}
