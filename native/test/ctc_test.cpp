// ctcLoss and its derivative against plain loops: targets beside and after each other, with labels that come
// again or are the blank, inputs too short for them, more states than threads and than shared memory holds.

// Also runs on emulated CUDA.

#include <algorithm>
#include <cstring>
#include <functional>

#include "test/tensors.h"

using namespace test;

namespace {

struct Sequence {
  int64_t steps;
  std::vector<int64_t> labels;
};

/** Sequences, of which targets follow each other, or are a stride apart. */
struct Problem {
  DType dtype;
  int64_t steps, classes, blank, most_labels = 0;
  bool padded;
  std::vector<Sequence> sequences;
  Array x, labels, inputs, lengths, grad;

  Problem(DType t, int64_t most_steps, int64_t class_count, int64_t blank_class, bool pad, Layout layout,
          const std::vector<Sequence>& all)
      : dtype(t),
        steps(most_steps),
        classes(class_count),
        blank(blank_class),
        padded(pad),
        sequences(all),
        x(t, {most_steps, count(), class_count}, layout),
        labels(DType::i64, {room()}),
        inputs(DType::i64, {count()}),
        lengths(DType::i64, {count()}),
        grad(t, {count()}, layout) {
    Random random(7);
    x.fill_with([&](int64_t) { return random.uniform(-3, 0); });
    grad.fill_with([&](int64_t n) { return 1 + static_cast<Number>(n) / 4; });
    labels.fill(0);
    int64_t at = 0;
    for (int64_t n = 0; n < count(); n++) {
      const Sequence& s = sequence(n);
      inputs.set(n, s.steps);
      lengths.set(n, static_cast<Number>(s.labels.size()));
      int64_t place = padded ? n * most_labels : at;
      for (int64_t label : s.labels) labels.set(place++, label);
      at = place;
    }
  }

  int64_t count() const { return static_cast<int64_t>(sequences.size()); }
  const Sequence& sequence(int64_t n) const { return sequences[static_cast<size_t>(n)]; }
  int64_t states() const { return 2 * most_labels + 1; }
  double at(int64_t t, int64_t n, int64_t c) const {
    return static_cast<double>(x.get((t * count() + n) * classes + c));
  }

 private:
  /** Of labels, all together. */
  int64_t room() {
    int64_t sum = 0;
    for (const Sequence& s : sequences) {
      sum += static_cast<int64_t>(s.labels.size());
      most_labels = std::max(most_labels, static_cast<int64_t>(s.labels.size()));
    }
    return padded ? most_labels * count() : sum;
  }
};

/** log(e^a + e^b) */
double log_add(double a, double b) {
  const double high = std::max(a, b);
  return high == -HUGE_VAL ? high : high + std::log(std::exp(a - high) + std::exp(b - high));
}

/** One sequence by plain loops. */
struct Plain {
  double loss;
  std::vector<double> gradient;  // [steps, classes]

  Plain(const Problem& p, int64_t n, bool zero_infinity)
      : gradient(static_cast<size_t>(p.steps * p.classes)) {
    const Sequence& s = p.sequence(n);
    const size_t steps = static_cast<size_t>(s.steps), states = 2 * s.labels.size() + 1;
    const auto class_of = [&](size_t i) { return i % 2 ? s.labels[i / 2] : p.blank; };
    const auto skips = [&](size_t i) { return i > 2 && i % 2 && class_of(i) != class_of(i - 2); };
    const auto x = [&](size_t t, size_t i) { return p.at(static_cast<int64_t>(t), n, class_of(i)); };
    using Rows = std::vector<std::vector<double>>;
    Rows to(steps, std::vector<double>(states, -HUGE_VAL)), from = to;
    for (size_t t = 0; t < steps; t++)
      for (size_t i = 0; i < states; i++) {
        if (t == 0 && i < 2) to[t][i] = x(t, i);
        if (t == 0) continue;
        double sum = to[t - 1][i];
        if (i > 0) sum = log_add(sum, to[t - 1][i - 1]);
        if (skips(i)) sum = log_add(sum, to[t - 1][i - 2]);
        to[t][i] = sum + x(t, i);
      }
    for (size_t t = steps; t-- > 0;)
      for (size_t i = 0; i < states; i++) {
        if (t == steps - 1 && i + 2 >= states) from[t][i] = x(t, i);
        if (t == steps - 1) continue;
        double sum = from[t + 1][i];
        if (i + 1 < states) sum = log_add(sum, from[t + 1][i + 1]);
        if (i + 2 < states && skips(i + 2)) sum = log_add(sum, from[t + 1][i + 2]);
        from[t][i] = sum + x(t, i);
      }
    if (steps == 0)
      loss = states == 1 ? 0 : HUGE_VAL;
    else
      loss =
          -(states == 1 ? to[steps - 1][0] : log_add(to[steps - 1][states - 1], to[steps - 1][states - 2]));
    if (loss == HUGE_VAL && zero_infinity) return;
    const double g = static_cast<double>(p.grad.get(n));
    for (size_t t = 0; t < steps; t++) {
      double* const row = &gradient[t * static_cast<size_t>(p.classes)];
      for (size_t i = 0; i < states; i++)
        row[class_of(i)] += std::exp(to[t][i] + from[t][i] + loss - x(t, i));
      for (int64_t c = 0; c < p.classes; c++)
        row[c] =
            loss == HUGE_VAL ? std::nan("") : g * (std::exp(p.at(static_cast<int64_t>(t), n, c)) - row[c]);
    }
  }
};

/** What the kernels give. */
struct Results {
  Array loss, alpha, gradient;
  LaunchError error;

  Results(const Problem& p, bool zero_infinity, Isa isa)
      : loss(p.dtype, {p.count()}),
        alpha(p.dtype, {p.count(), p.steps, p.states()}),
        gradient(p.dtype, {p.steps, p.count(), p.classes}) {
    const double blank = static_cast<double>(p.blank),
                 stride = p.padded ? static_cast<double>(p.most_labels) : -1;
    error = try_run(isa, {Op::ctcLoss,
                          p.dtype,
                          {loss.view(), alpha.view()},
                          {p.x.view(), p.labels.view(), p.inputs.view(), p.lengths.view()},
                          {blank, stride}});
    if (error) return;
    error = try_run(isa, {Op::ctcLossBackward,
                          p.dtype,
                          {gradient.view()},
                          {p.grad.view(), p.x.view(), p.labels.view(), p.inputs.view(), p.lengths.view(),
                           loss.view(), alpha.view()},
                          {blank, stride, zero_infinity ? 1.0 : 0.0}});
  }
};

bool is_near(Number got, double want, double tolerance) {
  if (want != want) return got != got;
  if (std::isinf(want)) return static_cast<double>(got) == want;
  return std::fabs(static_cast<double>(got) - want) <= tolerance * (1 + std::fabs(want));
}

void check_case(const Problem& p) {
  const double tolerance = p.dtype == DType::f64 ? 1e-9 : 1e-5 * static_cast<double>(p.steps + 10);
  for (bool zero_infinity : {false, true}) {
    std::vector<Plain> wanted;
    for (int64_t n = 0; n < p.count(); n++) wanted.emplace_back(p, n, zero_infinity);
    for (Isa isa : isas()) {
      About about("%s, %lld sequences, %lld steps, on %s", dtype_name(p.dtype),
                  static_cast<long long>(p.count()), static_cast<long long>(p.steps), isa_name(isa));
      const Results got(p, zero_infinity, isa);
      CHECK(!got.error);
      int64_t wrong = 0;
      for (int64_t n = 0; n < p.count(); n++) {
        const Plain& want = wanted[static_cast<size_t>(n)];
        wrong += !is_near(got.loss.get(n), want.loss, tolerance);
        for (int64_t t = 0; t < p.steps; t++)
          for (int64_t c = 0; c < p.classes; c++)
            wrong += !is_near(got.gradient.get((t * p.count() + n) * p.classes + c),
                              want.gradient[static_cast<size_t>(t * p.classes + c)], tolerance);
      }
      CHECK_EQ(wrong, 0);
      CHECK(got.loss.intact() && got.alpha.intact() && got.gradient.intact());
    }
  }
}

std::vector<int64_t> random_labels(int64_t n, int64_t classes) {
  Random random(11);
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < n; i++) labels.push_back(random.integer(1, classes - 1));
  return labels;
}

}  // namespace

TEST("ctcLoss and its derivative are what plain loops give") {
  const std::vector<Sequence> few = {{6, {1, 2, 2}}, {5, {3, 1}}, {6, {}},     {3, {2, 2}},
                                     {2, {2, 2}},    {0, {1}},    {0, {}},     {6, {1, 0, 1}},
                                     {1, {4}},       {6, {4, 4}}, {4, {1, 1}}, {6, {3, 2, 1}}};
  for (DType t : {DType::f32, DType::f64})
    for (bool padded : {false, true})
      for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps})
        for (int64_t blank : {0, 4}) check_case({t, 6, 5, blank, padded, layout, few});
}

TEST("ctcLoss has states that go on beyond a block's threads, and shared memory") {
  for (DType t : {DType::f32, DType::f64}) {
    check_case({t, 40, 300, 0, false, Layout::dense, {{40, random_labels(20, 300)}, {39, {}}}});
    check_case(
        {t, 330, 4, 0, true, Layout::dense, {{330, random_labels(300, 4)}, {330, random_labels(20, 4)}}});
  }
  check_case({DType::f64, 1560, 3, 0, true, Layout::dense, {{1560, random_labels(1540, 3)}}});
  check_case({DType::f64, 2, 3, 0, false, Layout::dense, {{2, random_labels(1600, 3)}, {2, {1}}}});
}

TEST("ctcLoss takes many sequences") {
  std::vector<Sequence> many;
  for (int64_t n = 0; n < 1500; n++) many.push_back({n % 4, random_labels(n % 3, 3)});
  check_case({DType::f32, 3, 3, 0, false, Layout::dense, many});
}

TEST("ctcLoss says which length or label is the first that does not fit") {
  const std::vector<Sequence> all = {{6, {1, 2}}, {5, {3, 1, 1}}, {6, {1}}, {6, {2}}};
  const auto said = [&](bool padded, const std::function<void(Problem&)>& spoil, bool backward) {
    Problem p(DType::f32, 6, 5, 0, padded, Layout::dense, all);
    if (!backward) spoil(p);
    const Results first(p, false, isas()[0]);
    if (!backward) return first.error;
    spoil(p);
    Array gradient(DType::f32, {p.steps, p.count(), p.classes});
    return try_run(isas()[0], {Op::ctcLossBackward,
                               DType::f32,
                               {gradient.view()},
                               {p.grad.view(), p.x.view(), p.labels.view(), p.inputs.view(), p.lengths.view(),
                                first.loss.view(), first.alpha.view()},
                               {0, padded ? 3.0 : -1.0, 0}});
  };
  for (bool padded : {false, true})
    for (bool backward : {false, true}) {
      const auto check_said = [&](const char* expected, const std::function<void(Problem&)>& spoil) {
        const LaunchError error = said(padded, spoil, backward);
        CHECK(error.code == ErrorCode::index);
        CHECK(std::strcmp(error.message, expected) == 0);
      };
      check_said("ctcLoss: an input length is out of range: 7, expected 0 to 6", [](Problem& p) {
        p.inputs.set(1, 7);
        p.inputs.set(2, -1);
      });
      check_said("ctcLoss: an input length is out of range: -1, expected 0 to 6", [](Problem& p) {
        p.inputs.set(2, -1);
        p.lengths.set(2, 9);
      });
      check_said("ctcLoss: a target length is out of range: 4, expected 0 to 3", [](Problem& p) {
        p.lengths.set(1, 4);
        p.inputs.set(3, 9);
      });
      check_said("ctcLoss: a label is out of range: 5, expected 0 to 4", [&](Problem& p) {
        p.labels.set(padded ? 4 : 3, 5);
        p.labels.set(padded ? 5 : 4, -2);
      });
    }
}
