// Products: matmul, linear and linearBackward against the three loops. Operands are small whole numbers,
// whose products and sums are exact in any order, so that results must be equal.

// Also runs on emulated CUDA.

#include <memory>

#include "test/products.h"

using namespace test;

namespace {

/** Sizes around the edges of register tiles of all instruction sets. */
const std::vector<int64_t>& edges() {
  static const std::vector<int64_t> few = {1, 2, 5, 6, 7, 13, 14, 15, 16, 17, 31, 32, 33},
                                    many = {1,  2,  3,  4,  5,  6,  7,  8,  9,  11, 12, 13, 14, 15, 16,
                                            17, 18, 24, 28, 29, 31, 32, 33, 47, 48, 49, 63, 64, 65};
  return full ? many : few;
}

double activated(double x, int activation) {
  switch (activation) {
    case 1: return x < 0 ? 0 : x;
    case 2: return 1 / (1 + std::exp(-x));
    case 3: return std::tanh(x);
    default: return x;
  }
}

}  // namespace

TEST("products at the edges of register tiles, in every pair of transposes") {
  for (DType t : {DType::f32, DType::f64})
    for (int64_t m : edges())
      for (int64_t n : edges())
        for (int64_t k : {int64_t{1}, int64_t{7}, int64_t{8}, int64_t{9}, int64_t{24}}) {
          const int turn = static_cast<int>((m + n + k) % 4);
          check_product(t, {m, n, k}, turn & 1, turn & 2, Lie::dense, Lie::dense);
          if (full)
            for (int other = 0; other < 4; other++)
              check_product(t, {m, n, k}, other & 1, other & 2, Lie::dense, Lie::dense);
        }
}

TEST("empty products: no rows, no columns, or nothing to add up") {
  for (DType t : {DType::f32, DType::f64, DType::i32, DType::i64, DType::f16})
    for (const Product& p : {Product{0, 3, 4}, Product{3, 0, 4}, Product{3, 4, 0}, Product{0, 0, 0},
                             Product{70, 50, 0}, Product{0, 5, 0}})
      for (bool ta : {false, true}) check_product(t, p, ta, !ta, Lie::dense, Lie::dense);
}

TEST("operands of any strides: transposed, padded, with gaps, reversed, repeated") {
  const Threads threads(3);
  for (DType t : {DType::f32, DType::f64})
    for (const Product& p : {Product{5, 6, 7}, Product{33, 35, 40}, Product{100, 20, 64},
                             Product{20, 130, 17}, Product{1, 64, 100}, Product{64, 1, 100}})
      for (Lie a : kLies)
        for (Lie b : kLies)
          for (int turn = 0; turn < 4; turn++)
            if (full || turn == (static_cast<int>(a) + static_cast<int>(b)) % 4)
              check_product(t, p, turn & 1, turn & 2, a, b);
}

TEST("depths, heights and widths around the blocks of the cache") {
  const Threads threads(3);
  // float32 takes 384 of K at a time and float64 192, 196 rows or 192, 2048 columns.
  for (DType t : {DType::f32, DType::f64})
    for (int turn = 0; turn < 4; turn++) {
      const bool ta = turn & 1, tb = turn & 2;
      for (int64_t k : {191, 192, 193, 383, 384, 385, 400, 575, 767, 768, 769, 1155})
        check_product(t, {17, 33, k}, ta, tb, Lie::dense, Lie::dense);
      for (int64_t m : {195, 196, 197, 391, 393, 420})
        check_product(t, {m, 33, 20}, ta, tb, Lie::dense, Lie::dense);
      for (int64_t n : {2047, 2048, 2049, 4100}) check_product(t, {15, n, 9}, ta, tb, Lie::dense, Lie::dense);
      check_product(t, {200, 90, 400}, ta, tb, Lie::dense, Lie::dense);
      check_product(t, {128, 128, 128}, ta, tb, Lie::dense, Lie::dense);
      check_product(t, {256, 64, 512}, ta, tb, Lie::dense, Lie::dense);  // rows on the same cache sets
      check_product(t, {64, 256, 512}, ta, tb, Lie::dense, Lie::padded);
      if (full) {
        check_product(t, {400, 2100, 800}, ta, tb, Lie::dense, Lie::dense);
        check_product(t, {1000, 300, 1000}, ta, tb, Lie::padded, Lie::dense);
        check_product(t, {512, 512, 1024}, ta, tb, Lie::dense, Lie::dense);
      }
    }
}

TEST("so many tiles that GPUs take large ones; and so few that they cut k into parts") {
  const Threads threads(3);
  int turn = 0;
  for (DType t : {DType::f32, DType::f64, DType::f16, DType::bf16, DType::i64, DType::i8}) {
    if (t == DType::f64) check_product(t, {3100, 65, 20}, false, true, Lie::dense, Lie::dense);
    if (t == DType::f32 || t == DType::bf16 || (full && t == DType::f16))
      for (int other = 0; other < (full ? 8 : 1); other++, turn++)
        check_product(t, {12289, 68, 40 + other / 4}, turn & 1, turn & 2, Lie::dense, Lie::padded);
    for (const Product& p : {Product{5, 7, 2000}, Product{70, 40, 1024}, Product{64, 128, 769}})
      for (Lie lie : {Lie::dense, Lie::padded, Lie::gaps}) {
        check_product(t, p, turn & 1, turn & 2, lie, Lie::dense);
        turn++;
      }
  }
}

TEST("other dtypes: halves by way of float32, integers that wrap") {
  for (DType t : {DType::f16, DType::bf16, DType::i8, DType::u8, DType::i16, DType::i32, DType::i64})
    for (const Product& p : {Product{1, 1, 1}, Product{7, 5, 9}, Product{30, 33, 12}, Product{64, 72, 96}})
      for (int turn = 0; turn < 4; turn++)
        for (Lie lie : {Lie::dense, Lie::gaps, Lie::reversed})
          check_product(t, p, turn & 1, turn & 2, lie, Lie::dense);
  for (Isa isa : isas())
    for (DType t : {DType::i32, DType::i64}) {
      Array a(t, {1, 2}), b(t, {2, 1}), c(t, {1, 1});
      const int64_t most = t == DType::i32 ? INT32_MAX : INT64_MAX;
      a.fill(static_cast<Number>(most));
      b.fill(static_cast<Number>(most));
      run(isa, {Op::matmul, t, {c.view()}, {a.view(), b.view()}, {0, 0}});
      CHECK(c.get(0) == 2);  // (2^n - 1)^2 twice, modulo 2^(n + 1)
    }
}

TEST("batches broadcast") {
  const Threads threads(3);
  struct {
    Sizes a, b, c;
  } const batches[] = {{{3}, {3}, {3}},
                       {{3}, {}, {3}},
                       {{}, {4}, {4}},
                       {{2, 1}, {3}, {2, 3}},
                       {{2, 3}, {2, 3}, {2, 3}},
                       {{1}, {5}, {5}},
                       {{2, 1, 3}, {4, 1}, {2, 4, 3}},
                       {{0}, {1}, {0}},
                       {{}, {}, {1, 1}},
                       {{40}, {40}, {40}},
                       {{}, {}, {6}}};
  for (DType t : {DType::f32, DType::f64, DType::i64, DType::bf16})
    for (const auto& batch : batches)
      for (const Product& p :
           {Product{3, 4, 5}, Product{17, 18, 40}, Product{70, 66, 20}, Product{0, 3, 2}, Product{2, 3, 0}})
        for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps}) {
          if (p.m == 70 && batch.a == Sizes{40} && !full) continue;
          const bool ta = p.m % 2, tb = p.n % 2;
          const auto shape = [](Sizes s, int64_t rows, int64_t columns) {
            s.push_back(rows);
            s.push_back(columns);
            return s;
          };
          Array a(t, ta ? shape(batch.a, p.k, p.m) : shape(batch.a, p.m, p.k), layout);
          Array b(t, tb ? shape(batch.b, p.n, p.k) : shape(batch.b, p.k, p.n), layout);
          fill_small(a, 3);
          fill_small(b, 4);
          std::vector<std::unique_ptr<Array>> results;
          for (Isa isa : isas()) {
            About about("%s, batch of %lld, m %lld, %s, on %s", dtype_name(t),
                        static_cast<long long>(product(batch.c)), static_cast<long long>(p.m),
                        layout_name(layout), isa_name(isa));
            results.push_back(std::make_unique<Array>(t, shape(batch.c, p.m, p.n)));
            Array& c = *results.back();
            run(isa, {Op::matmul,
                      compute_of(t),
                      {c.view()},
                      {a.view(), b.view()},
                      {ta ? 1.0 : 0.0, tb ? 1.0 : 0.0}});
            CHECK(c.intact());
          }
          for (int64_t i = 0; i < product(batch.c); i++) {
            // Number of the matrix in an operand whose batch broadcasts.
            const auto own = [&](const Sizes& s) {
              int64_t rest = i, at = 0, step = 1;
              for (size_t d = batch.c.size(), e = s.size(); d-- > 0;) {
                const int64_t index = rest % batch.c[d];
                rest /= batch.c[d];
                if (e == 0) continue;
                e--;
                if (s[e] != 1) at += index * step;
                step *= s[e];
              }
              return at;
            };
            const std::vector<double> want =
                multiply(matrix_of(a, own(batch.a), ta), matrix_of(b, own(batch.b), tb), p.m, p.n, p.k);
            for (size_t r = 0; r < results.size(); r++) {
              About about("%s, batch %lld of %lld, m %lld, %s, on %s", dtype_name(t),
                          static_cast<long long>(i), static_cast<long long>(product(batch.c)),
                          static_cast<long long>(p.m), layout_name(layout), isa_name(isas()[r]));
              compare(*results[r], i * p.m * p.n, want);
            }
          }
        }
}

TEST("more matrices than blocks are launched for") {
  for (DType t : {DType::f32, DType::bf16}) {
    const int64_t count = 1100;  // of the emulated one; a real one takes thousands
    Array a(t, {count, 2, 3}), b(t, {3, 2}), c(t, {count, 2, 2});
    // Every other matrix, so that they don't follow each other as rows do.
    Array spread(t, {count, 2, 3}, {12, 3, 1}, true);
    fill_small(a, 11);
    fill_small(b, 12);
    spread.repeat(a);
    run(isas().back(), {Op::matmul, compute_of(t), {c.view()}, {spread.view(), b.view()}, {0, 0}});
    Matrix rows;
    rows.columns = 3;
    for (int64_t i = 0; i < a.numel(); i++) rows.values.push_back(static_cast<double>(a.get(i)));
    compare(c, 0, multiply(rows, matrix_of(b, 0, false), 2 * count, 2, 3));
  }
}

TEST("linear: bias and activation, on inputs of any rank") {
  const Threads threads(3);
  for (DType t : {DType::f32, DType::f64, DType::f16, DType::i32})
    for (const Sizes& leading : {Sizes{}, Sizes{1}, Sizes{5}, Sizes{33}, Sizes{4, 9}, Sizes{0}, Sizes{200}})
      for (const auto& [n, k] :
           {std::pair<int64_t, int64_t>{1, 1}, {5, 4}, {16, 7}, {33, 40}, {70, 3}, {0, 3}, {4, 0}, {300, 20}})
        for (int activation : {0, 1, 2, 3})
          for (bool bias : {false, true}) {
            if (activation && !is_floating(t)) continue;
            Sizes x_shape = leading, out_shape = leading;
            x_shape.push_back(k);
            out_shape.push_back(n);
            const Layout layout = leading.size() > 1 ? Layout::dense
                                  : activation % 2   ? Layout::gaps
                                                     : Layout::transposed;
            Array x(t, x_shape, layout), w(t, {n, k}, bias ? Layout::dense : Layout::transposed),
                b(t, {n}, activation == 2 ? Layout::gaps : Layout::shifted);
            fill_small(x, 5);
            fill_small(w, 6);
            fill_small(b, 7);
            if (activation > 1) {  // where they are not yet flat
              for (Array* a : {&x, &b})
                for (int64_t i = 0; i < a->numel(); i++) a->set(i, a->get(i) / 8);
            }
            const int64_t m = product(leading);
            Matrix rows;
            rows.columns = k;
            for (int64_t i = 0; i < x.numel(); i++) rows.values.push_back(static_cast<double>(x.get(i)));
            std::vector<double> want = multiply(rows, matrix_of(w, 0, true), m, n, k);
            for (size_t i = 0; i < want.size(); i++) {
              if (bias) want[i] += static_cast<double>(b.get(static_cast<int64_t>(i) % n));
              want[i] = activated(want[i], activation);
            }
            for (Isa isa : isas()) {
              About about("%s m %lld n %lld k %lld, activation %d, bias %d on %s", dtype_name(t),
                          static_cast<long long>(m), static_cast<long long>(n), static_cast<long long>(k),
                          activation, bias, isa_name(isa));
              Array out(t, out_shape);
              Call call{Op::linear,
                        compute_of(t),
                        {out.view()},
                        {x.view(), w.view()},
                        {static_cast<double>(activation)}};
              if (bias) call.inputs.push_back(b.view());
              run(isa, call);
              CHECK(out.intact());
              if (activation < 2) {
                compare(out, 0, want);
                continue;
              }
              double worst = 0;
              for (size_t i = 0; i < want.size(); i++)
                worst = std::max(worst, ulps(t, out.get(static_cast<int64_t>(i)), want[i]));
              CHECK(worst <= (t == DType::f16 ? 0.51 : 2.6));
            }
          }
}

TEST("linear keeps NaN and infinity through its activations") {
  for (Isa isa : isas()) {
    Array x(DType::f32, {4, 1}), w(DType::f32, {1, 1}), out(DType::f32, {4, 1});
    w.fill(1);
    const Number values[] = {std::nanl(""), INFINITY, -INFINITY, 0};
    x.fill_with([&](int64_t i) { return values[i]; });
    for (int activation : {0, 1, 2, 3}) {
      run(isa,
          {Op::linear, DType::f32, {out.view()}, {x.view(), w.view()}, {static_cast<double>(activation)}});
      for (int64_t i = 0; i < 4; i++) {
        const Number want =
            values[i] != values[i] ? values[i] : activated(static_cast<double>(values[i]), activation);
        CHECK(out.get(i) == want || (want != want && out.get(i) != out.get(i)));
      }
    }
  }
}

TEST("linearBackward gives each gradient that is asked for") {
  const Threads threads(3);
  for (DType t : {DType::f32, DType::f64, DType::bf16})
    for (const Product& p : {Product{1, 1, 1}, Product{5, 4, 3}, Product{33, 17, 40}, Product{300, 20, 10},
                             Product{0, 3, 2}, Product{3, 2, 0}, Product{64, 300, 65}})
      for (int asked = 0; asked < 8; asked++)
        for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps}) {
          const int64_t m = p.m, n = p.n, k = p.k;
          Array grad(t, {m, n}, layout), x(t, {m, k}, layout), w(t, {n, k}, layout);
          fill_small(grad, 8);
          fill_small(x, 9);
          fill_small(w, 10);
          std::vector<double> of_bias(static_cast<size_t>(n));
          for (int64_t i = 0; i < m * n; i++)
            of_bias[static_cast<size_t>(i % n)] += static_cast<double>(grad.get(i));
          const std::vector<double> of_x =
              multiply(matrix_of(grad, 0, false), matrix_of(w, 0, false), m, k, n);
          const std::vector<double> of_w =
              multiply(matrix_of(grad, 0, true), matrix_of(x, 0, false), n, k, m);
          for (Isa isa : isas()) {
            About about("%s m %lld n %lld k %lld, asked %d, %s, on %s", dtype_name(t),
                        static_cast<long long>(m), static_cast<long long>(n), static_cast<long long>(k),
                        asked, layout_name(layout), isa_name(isa));
            Array dx(t, {m, k}), dw(t, {n, k}), db(t, {n});
            Call call{Op::linearBackward, compute_of(t), {}, {grad.view(), x.view(), w.view()}, {}};
            for (int i = 0; i < 3; i++) call.scalars.push_back(asked >> i & 1);
            if (asked & 1) call.outputs.push_back(dx.view());
            if (asked & 2) call.outputs.push_back(dw.view());
            if (asked & 4) call.outputs.push_back(db.view());
            run(isa, call);
            if (asked & 1) compare(dx, 0, of_x);
            if (asked & 2) compare(dw, 0, of_w);
            if (asked & 4) compare(db, 0, of_bias);
            CHECK(dx.intact() && dw.intact() && db.intact());
          }
        }
}

TEST("rounding errors stay within what the length of the sums allows") {
  Random random(1);
  for (DType t : {DType::f32, DType::f64})
    for (const Product& p : {Product{20, 30, 50}, Product{40, 33, 1000}}) {
      Array a(t, {p.m, p.k}), b(t, {p.k, p.n});
      for (Array* x : {&a, &b}) x->fill_with([&](int64_t) { return random.uniform(-1, 1); });
      for (Isa isa : isas()) {
        Array c(t, {p.m, p.n});
        run(isa, {Op::matmul, t, {c.view()}, {a.view(), b.view()}, {0, 0}});
        int64_t wrong = 0;
        for (int64_t i = 0; i < p.m; i++)
          for (int64_t j = 0; j < p.n; j++) {
            Number sum = 0, size = 0;
            for (int64_t k = 0; k < p.k; k++) {
              const Number term = a.get(i * p.k + k) * b.get(k * p.n + j);
              sum += term;
              size += std::fabs(term);
            }
            wrong += std::fabs(c.get(i * p.n + j) - sum) >
                     size * std::sqrt(static_cast<Number>(p.k)) * spacing(t, 1);
          }
        CHECK_EQ(wrong, 0);
      }
    }
}

TEST("results have the same bits with any number of threads") {
  Random random(2);
  for (DType t : {DType::f32, DType::f64})
    for (const Product& p :
         {Product{150, 170, 300}, Product{20, 1000, 500}, Product{1000, 20, 500}, Product{130, 130, 800}}) {
      Array a(t, {p.m, p.k}), b(t, {p.n, p.k}), bias(t, {p.n});
      for (Array* x : {&a, &b, &bias}) x->fill_with([&](int64_t) { return random.uniform(-1, 1); });
      for (Isa isa : isas())
        for (bool linear : {false, true}) {
          std::vector<char> first;
          for (int threads = 1; threads <= (full ? 8 : 4); threads++) {
            const Threads set(threads);
            Array c(t, {p.m, p.n});
            if (linear)
              run(isa, {Op::linear, t, {c.view()}, {a.view(), b.view(), bias.view()}, {2}});
            else
              run(isa, {Op::matmul, t, {c.view()}, {a.view(), b.view()}, {0, 1}});
            if (first.empty()) first = c.bits();
            CHECK(c.bits() == first);
          }
        }
    }
}
