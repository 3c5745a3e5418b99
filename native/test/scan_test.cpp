// Scans along a dimension, beside plain loops: rows and columns of every length that is worked on in another
// way.

// Also runs on emulated CUDA.

#include <algorithm>

#include "test/tensors.h"

using namespace test;

namespace {

struct Scan {
  Sizes shape;
  int dim;
};
const Scan kScans[] = {{{1, 1}, 0},    {{3, 7}, 1},     {{5, 8}, 1},      {{70, 9}, 1},     {{2, 300}, 1},
                       {{1, 2049}, 1}, {{2, 5000}, 1},  {{1, 20001}, 1},  {{7, 3}, 0},      {{33, 40}, 0},
                       {{700, 9}, 0},  {{5, 17000}, 0}, {{900, 2, 3}, 0}, {{3, 50, 12}, 1}, {{64, 0}, 0}};

/** run(place of the i-th element of a lane, in the order of the scan) for each lane. */
template <class Run>
void for_lanes(const Sizes& shape, int dim, bool reverse, Run run) {
  const int64_t n = shape[static_cast<size_t>(dim)];
  int64_t inner = 1;
  for (size_t d = static_cast<size_t>(dim) + 1; d < shape.size(); d++) inner *= shape[d];
  for (int64_t lane = 0; n > 0 && lane < product(shape) / n; lane++)
    run([=](int64_t i) { return (lane / inner * n + (reverse ? n - 1 - i : i)) * inner + lane % inner; });
}

/** Of many elements, a few dtypes and layouts will do. */
bool wanted(DType t, const Sizes& shape, Layout layout) {
  return full || product(shape) < 3000 || (t == DType::f32 && layout == Layout::dense);
}

template <class Test>
void for_scans(const std::vector<DType>& types, Test test) {
  for (DType t : types)
    for (const Scan& c : kScans)
      for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps, Layout::reversed}) {
        if (!wanted(t, c.shape, layout)) continue;
        About about("%s, dimension %d of [%lld, %lld], %s", dtype_name(t), c.dim,
                    static_cast<long long>(c.shape[0]), static_cast<long long>(c.shape[1]),
                    layout_name(layout));
        test(t, c, layout);
      }
}

}  // namespace

TEST("cumsum, cumprod and linearScan go from either end") {
  const Threads threads(3);
  for_scans({DType::f32, DType::f64, DType::bf16, DType::i8, DType::i32, DType::i64}, [](DType t,
                                                                                         const Scan& c,
                                                                                         Layout layout) {
    // All results are exact.
    Array x(t, c.shape, layout), factor(t, c.shape, layout);
    Random random(3);
    x.fill_with([&](int64_t) {
      return static_cast<Number>(random.integer(0, 9) ? 0 : random.coin() ? 1 : -1);
    });
    factor.fill_with(
        [&](int64_t) { return static_cast<Number>(random.integer(0, 60) ? random.coin() ? 1 : -1 : 0); });
    for (bool reverse : {false, true}) {
      Array sums(t, c.shape), products(t, c.shape), lines(t, c.shape);
      const int64_t n = c.shape[static_cast<size_t>(c.dim)];
      for_lanes(c.shape, c.dim, reverse, [&](auto at) {
        Number sum = 0, product = 1, y = 0;
        for (int64_t i = 0; i < n; i++) {
          const int64_t k = at(i);
          sums.set(k, sum += x.get(k));
          products.set(k, product *= factor.get(k));
          lines.set(k, y = factor.get(k) * y + x.get(k));
        }
      });
      const double dim = c.dim, back = reverse ? 1 : 0;
      for (Isa isa : isas()) {
        Array out(t, c.shape), scanned(t, c.shape);
        run(isa, {Op::cumsum, compute_of(t), {out.view()}, {x.view()}, {dim, back}});
        CHECK_EQ(out.differences(sums), 0);
        run(isa, {Op::linearScan, compute_of(t), {scanned.view()}, {factor.view(), x.view()}, {dim, back}});
        int64_t wrong = 0;
        for (int64_t i = 0; i < lines.numel(); i++) wrong += scanned.get(i) != lines.get(i);
        CHECK_EQ(wrong, 0);
        CHECK(out.intact() && scanned.intact());
        if (reverse) continue;
        run(isa, {Op::cumprod, compute_of(t), {out.view()}, {factor.view()}, {dim}});
        wrong = 0;
        for (int64_t i = 0; i < products.numel(); i++) wrong += out.get(i) != products.get(i);
        CHECK_EQ(wrong, 0);
        CHECK(out.intact());
      }
    }
  });
}

TEST("cummax and cummin keep the last of equal ones, and NaN") {
  const Threads threads(3);
  for_scans({DType::f32, DType::f64, DType::f16, DType::u8, DType::i32, DType::i64},
            [](DType t, const Scan& c, Layout layout) {
              Array x(t, c.shape, layout);
              Random random(4);
              const int64_t total = x.numel(), n = c.shape[static_cast<size_t>(c.dim)];
              const auto draw = [&](int64_t i) {
                if (!is_floating(t)) return static_cast<Number>(random.integer(0, 99));
                if (i > total / 2 && random.integer(0, 2 * n) == 0)
                  return std::numeric_limits<Number>::quiet_NaN();
                if (random.integer(0, n) == 0) return std::numeric_limits<Number>::infinity();
                return random.coin() ? -Number{0} : static_cast<Number>(random.integer(-5, 5)) / 2;
              };
              x.fill_with(draw);
              for (bool largest : {true, false}) {
                Array values(t, c.shape), places(DType::i64, c.shape);
                for_lanes(c.shape, c.dim, false, [&](auto at) {
                  Number best = 0;
                  int64_t place = -1;
                  for (int64_t i = 0; i < n; i++) {
                    const Number y = x.get(at(i));
                    if (place < 0 || y != y || (best == best && (largest ? y >= best : y <= best)))
                      best = y, place = i;
                    values.copy(at(i), x, at(place));
                    places.set(at(i), static_cast<Number>(place));
                  }
                });
                for (Isa isa : isas()) {
                  Array out(t, c.shape), index(DType::i64, c.shape);
                  run(isa, {largest ? Op::cummax : Op::cummin,
                            compute_of(t),
                            {out.view(), index.view()},
                            {x.view()},
                            {static_cast<double>(c.dim)}});
                  CHECK_EQ(index.differences(places), 0);
                  CHECK_EQ(out.differences(values), 0);
                  CHECK(out.intact() && index.intact());
                }
              }
            });
}

TEST("logcumsumexp is near the true one, with infinities and NaN") {
  const Threads threads(3);
  const Number infinity = std::numeric_limits<Number>::infinity();
  for_scans({DType::f32, DType::f64, DType::f16}, [&](DType t, const Scan& c, Layout layout) {
    for (bool special : {false, true}) {
      Array x(t, c.shape, layout);
      Random random(5);
      x.fill_with([&](int64_t) { return rounded(t, random.uniform(-20, 20)); });
      const int64_t n = c.shape[static_cast<size_t>(c.dim)];
      if (special) {
        if (x.numel() == 0) continue;
        // The first lane begins with nothing, and ends in NaN.
        for_lanes(c.shape, c.dim, false, [&](auto at) {
          if (at(0) != 0) return;
          for (int64_t i = 0; i < n; i++)
            if (i < n / 3 || i == n / 2 || i == n - n / 4)
              x.set(at(i), i < n / 3    ? -infinity
                           : i == n / 2 ? infinity
                                        : std::numeric_limits<Number>::quiet_NaN());
        });
      }
      for (Isa isa : isas()) {
        Array out(t, c.shape);
        run(isa, {Op::logcumsumexp, compute_of(t), {out.view()}, {x.view()}, {static_cast<double>(c.dim)}});
        int64_t wrong = 0;
        for_lanes(c.shape, c.dim, false, [&](auto at) {
          Number sum = 0;
          bool nan = false, infinite = false;
          for (int64_t i = 0; i < n; i++) {
            const Number y = x.get(at(i)), got = out.get(at(i));
            nan |= y != y;
            infinite |= y == infinity;
            if (y < infinity) sum += std::exp(y);
            if (nan)
              wrong += got == got;
            else if (infinite || sum == 0)
              wrong += got != (infinite ? infinity : -infinity);
            else
              wrong += !(std::fabs(got - std::log(sum)) <=
                         static_cast<Number>(t == DType::f64 ? n + 2 : 2) * spacing(t, 20));
          }
        });
        CHECK_EQ(wrong, 0);
        CHECK(out.intact());
      }
    }
  });
}

TEST("what is behind a zero stays zero, but for infinities") {
  for (Isa isa : isas())
    for (DType t : {DType::f32, DType::f64})
      for (int dim : {0, 1})
        for (bool infinite : {false, true}) {
          constexpr int64_t n = 9000, columns = 9;
          const Sizes shape = dim ? Sizes{columns, n} : Sizes{n, columns};
          const auto place = [&](int64_t i, int64_t lane) { return dim ? lane * n + i : i * columns + lane; };
          Array x(t, shape), none(t, shape), product(t, shape), line(t, shape);
          x.fill(3);
          none.fill(0);
          for (int64_t lane = 0; lane < columns; lane++) {
            x.set(place(5, lane), 0);
            if (infinite) x.set(place(n - 7, lane), std::numeric_limits<Number>::infinity());
          }
          const double d = dim;
          run(isa, {Op::cumprod, t, {product.view()}, {x.view()}, {d}});
          run(isa, {Op::linearScan, t, {line.view()}, {x.view(), none.view()}, {d, 0}});
          int64_t wrong = 0;
          for (int64_t lane = 0; lane < columns; lane++)
            for (int64_t i = 5; i < n; i++) {
              const Number y = product.get(place(i, lane)), z = line.get(place(i, lane));
              wrong += infinite && i >= n - 7 ? y == y || z == z : y != 0 || z != 0;
            }
          CHECK_EQ(wrong, 0);
        }
}
