// Attention and its derivative against plain loops, over shapes, layouts, masks and dtypes; and on any number
// of threads to the bit.

// Also runs on emulated CUDA.

#include <memory>

#include "test/tensors.h"

using namespace test;

namespace {

enum class Masking { none, causal, boolean, added };
constexpr Masking kMaskings[] = {Masking::none, Masking::causal, Masking::boolean, Masking::added};

struct Sizing {
  Sizes batch;
  int64_t queries, keys, size, width;
};
const Sizing kSizings[] = {
    {{}, 1, 1, 1, 1},     {{2}, 3, 5, 4, 4},    {{2, 2}, 7, 3, 5, 2},    {{1}, 64, 64, 8, 8},
    {{}, 65, 130, 17, 9}, {{}, 130, 65, 3, 33}, {{3}, 31, 63, 16, 16},   {{17}, 33, 65, 4, 6},
    {{2}, 0, 5, 4, 4},    {{2}, 5, 0, 4, 4},    {{0, 2}, 3, 3, 4, 4},    {{2}, 3, 5, 0, 4},
    {{2}, 3, 5, 4, 0},    {{}, 70, 90, 40, 80}, {{2}, 20, 70, 130, 100}, {{}, 9, 40, 270, 150},
    {{2}, 3, 600, 8, 72}, {{}, 2, 2000, 4, 4},  {{}, 70, 70, 104, 128}};

Sizes with(Sizes batch, int64_t rows, int64_t columns) {
  batch.push_back(rows);
  batch.push_back(columns);
  return batch;
}

/** Operands and all results of one case. */
struct Problem {
  Sizing s;
  DType dtype, compute;
  Masking masking;
  double scale = 0.375;
  Array q, k, v, g;
  std::unique_ptr<Array> mask;

  Problem(const Sizing& sizing, DType t, Masking m, Layout layout)
      : s(sizing),
        dtype(t),
        compute(compute_of(t)),
        masking(m),
        q(t, with(s.batch, s.queries, s.size), layout),
        k(t, with(s.batch, s.keys, s.size), layout),
        v(t, with(s.batch, s.keys, s.width), layout),
        g(t, with(s.batch, s.queries, s.width), layout) {
    Random random(5);
    for (Array* x : {&q, &k, &v, &g})
      x->fill_with([&](int64_t) { return static_cast<Number>(random.integer(-16, 16)) / 8; });
    if (m != Masking::boolean && m != Masking::added) return;
    mask =
        std::make_unique<Array>(m == Masking::boolean ? DType::boolean : t, Sizes{s.queries, s.keys}, layout);
    // Query 1 may look nowhere.
    mask->fill_with([&](int64_t i) -> Number {
      const bool blind = i / s.keys == 1;
      if (m == Masking::boolean) return blind ? 0 : random.coin();
      return blind ? -HUGE_VALL : static_cast<Number>(random.integer(-8, 8)) / 4;
    });
  }

  std::vector<double> scalars() const { return {masking == Masking::causal ? 1.0 : 0.0, scale}; }

  /** The probabilities of query i of a matrix. */
  std::vector<double> probabilities(int64_t batch, int64_t i) const {
    std::vector<double> p(static_cast<size_t>(s.keys));
    double largest = -HUGE_VAL, sum = 0;
    for (int64_t j = 0; j < s.keys; j++) {
      double x = 0;
      for (int64_t e = 0; e < s.size; e++)
        x += value(q, batch, s.queries, i, s.size, e) * value(k, batch, s.keys, j, s.size, e);
      x *= scale;
      if (masking == Masking::causal && j > i) x = -HUGE_VAL;
      if (masking == Masking::boolean && mask->get(i * s.keys + j) == 0) x = -HUGE_VAL;
      if (masking == Masking::added) x += static_cast<double>(mask->get(i * s.keys + j));
      p[static_cast<size_t>(j)] = x;
      largest = std::fmax(largest, x);
    }
    for (double& x : p) sum += x = largest == -HUGE_VAL ? 0 : std::exp(x - largest);
    for (double& x : p) x = sum == 0 ? 0 : x / sum;
    return p;
  }

  static double value(const Array& x, int64_t batch, int64_t rows, int64_t i, int64_t columns, int64_t j) {
    return static_cast<double>(x.get((batch * rows + i) * columns + j));
  }

  int64_t batches() const {
    int64_t n = 1;
    for (int64_t size : s.batch) n *= size;
    return n;
  }
};

/** What plain loops give: the result, and the gradients of query, key and value. */
struct Plain {
  std::vector<double> out, q, k, v;

  explicit Plain(const Problem& p) {
    const Sizing& s = p.s;
    const int64_t n = p.batches();
    out.resize(static_cast<size_t>(n * s.queries * s.width));
    q.resize(static_cast<size_t>(n * s.queries * s.size));
    k.resize(static_cast<size_t>(n * s.keys * s.size));
    v.resize(static_cast<size_t>(n * s.keys * s.width));
    for (int64_t b = 0; b < n; b++)
      for (int64_t i = 0; i < s.queries; i++) row(p, b, i);
  }

 private:
  void row(const Problem& p, int64_t b, int64_t i) {
    const Sizing& s = p.s;
    const std::vector<double> probability = p.probabilities(b, i);
    std::vector<double> slope(probability.size());
    double mean = 0;
    for (int64_t j = 0; j < s.keys; j++) {
      const double w = probability[static_cast<size_t>(j)];
      for (int64_t d = 0; d < s.width; d++) {
        const double g = Problem::value(p.g, b, s.queries, i, s.width, d),
                     x = Problem::value(p.v, b, s.keys, j, s.width, d);
        out[static_cast<size_t>((b * s.queries + i) * s.width + d)] += w * x;
        v[static_cast<size_t>((b * s.keys + j) * s.width + d)] += w * g;
        slope[static_cast<size_t>(j)] += g * x;
      }
      mean += w * slope[static_cast<size_t>(j)];
    }
    for (int64_t j = 0; j < s.keys; j++) {
      const double d = probability[static_cast<size_t>(j)] * (slope[static_cast<size_t>(j)] - mean) * p.scale;
      for (int64_t e = 0; e < s.size; e++) {
        q[static_cast<size_t>((b * s.queries + i) * s.size + e)] +=
            d * Problem::value(p.k, b, s.keys, j, s.size, e);
        k[static_cast<size_t>((b * s.keys + j) * s.size + e)] +=
            d * Problem::value(p.q, b, s.queries, i, s.size, e);
      }
    }
  }
};

/** The results of the kernels. */
struct Results {
  Array out, sums, q, k, v;

  Results(const Problem& p, Isa isa)
      : out(p.dtype, p.g.shape()),
        sums(p.compute, Sizes(p.q.shape().begin(), p.q.shape().end() - 1)),
        q(p.dtype, p.q.shape()),
        k(p.dtype, p.k.shape()),
        v(p.dtype, p.v.shape()) {
    Call forward{Op::attention,
                 p.compute,
                 {out.view(), sums.view()},
                 {p.q.view(), p.k.view(), p.v.view()},
                 p.scalars()};
    if (p.mask) forward.inputs.push_back(p.mask->view());
    run(isa, forward);
    Call backward{Op::attentionBackward,
                  p.compute,
                  {q.view(), k.view(), v.view()},
                  {p.g.view(), p.q.view(), p.k.view(), p.v.view(), out.view(), sums.view()},
                  p.scalars()};
    if (p.mask) backward.inputs.push_back(p.mask->view());
    run(isa, backward);
  }

  bool intact() const { return out.intact() && sums.intact() && q.intact() && k.intact() && v.intact(); }
};

void compare(const char* what, const Array& got, const std::vector<double>& want, double tolerance) {
  int64_t wrong = 0, where = 0;
  for (int64_t i = 0; i < got.numel(); i++) {
    const double w = want[static_cast<size_t>(i)];
    if (!(std::fabs(static_cast<double>(got.get(i)) - w) <= tolerance * (1 + std::fabs(w))) && wrong++ == 0)
      where = i;
  }
  checks++;
  if (wrong)
    fail(__FILE__, __LINE__, "%s: %lld are wrong: element %lld is %Lg, expected %g", what,
         static_cast<long long>(wrong), static_cast<long long>(where), got.get(where),
         want[static_cast<size_t>(where)]);
}

double tolerance_of(DType t) {
  return t == DType::f64 ? 1e-12 : t == DType::f32 ? 2e-5 : t == DType::f16 ? 0.02 : 0.15;
}

void check_case(const Sizing& s, DType t, Masking masking, Layout layout) {
  About about("%s %lld x %lld, mask %d, %s", dtype_name(t), static_cast<long long>(s.queries),
              static_cast<long long>(s.keys), static_cast<int>(masking), layout_name(layout));
  const Problem problem(s, t, masking, layout);
  const Plain plain(problem);
  for (Isa isa : isas()) {
    About on("on %s", isa_name(isa));
    const Results got(problem, isa);
    compare("out", got.out, plain.out, tolerance_of(t));
    compare("query", got.q, plain.q, tolerance_of(t));
    compare("key", got.k, plain.k, tolerance_of(t));
    compare("value", got.v, plain.v, tolerance_of(t));
    CHECK(got.intact());
  }
}

}  // namespace

TEST("attention and its derivative are what plain loops give") {
  for (const Sizing& s : kSizings)
    for (Masking masking : kMaskings) {
      const bool large = s.queries * s.keys * (s.size + s.width) > 100000;
      if (brief && large) continue;
      if (large && on_cuda() && !full) {  // slow when emulated
        check_case(s, DType::f32, masking, Layout::dense);
        continue;
      }
      for (DType t : {DType::f32, DType::f64}) check_case(s, t, masking, Layout::dense);
      for (Layout layout : {Layout::transposed, Layout::gaps}) check_case(s, DType::f32, masking, layout);
      if (s.queries * s.keys < 5000)
        for (DType t : {DType::f16, DType::bf16})
          for (Layout layout : {Layout::dense, Layout::gaps}) check_case(s, t, masking, layout);
    }
}

TEST("attention has the same bits on any number of threads") {
  const Sizing sizings[] = {{{2}, 150, 300, 8, 8}, {{20}, 70, 70, 4, 4}};
  for (const Sizing& s : sizings)
    for (Masking masking : {Masking::none, Masking::causal}) {
      const Problem problem(s, DType::f32, masking, Layout::dense);
      const Results one(problem, isas().back());
      const Threads threads(3);
      const Results three(problem, isas().back());
      int64_t first;
      CHECK_EQ(three.out.differences(one.out, first), 0);
      CHECK_EQ(three.q.differences(one.q, first), 0);
      CHECK_EQ(three.k.differences(one.k, first), 0);
      CHECK_EQ(three.v.differences(one.v, first), 0);
    }
}

TEST("attention refuses operands that do not fit") {
  const Array q(DType::f32, {2, 3, 4}), k(DType::f32, {2, 5, 4}), v(DType::f32, {2, 5, 6}),
      other(DType::f64, {2, 5, 6});
  const Array narrow(DType::f32, {2, 5, 3}), mask(DType::f32, {4, 5}), whole(DType::i32, {3, 5});
  Array out(DType::f32, {2, 3, 6}), sums(DType::f32, {2, 3});
  const auto code = [&](const std::vector<TensorView>& inputs) {
    return try_run(isas()[0], {Op::attention, DType::f32, {out.view(), sums.view()}, inputs, {0, 1}}).code;
  };
  CHECK(code({q.view(), k.view(), v.view()}) == ErrorCode::none);
  CHECK(code({q.view(), narrow.view(), v.view()}) == ErrorCode::shape);
  CHECK(code({q.view(), k.view(), k.view()}) == ErrorCode::shape);
  CHECK(code({q.view(), k.view(), other.view()}) == ErrorCode::dtype);
  CHECK(code({q.view(), k.view(), v.view(), mask.view()}) == ErrorCode::shape);
  CHECK(code({q.view(), k.view(), v.view(), whole.view()}) == ErrorCode::dtype);
  CHECK(code({q.view(), k.view()}) == ErrorCode::internal);
}
