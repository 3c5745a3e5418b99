// Scans, sorting, selection and searching along a dimension, beside plain loops.
#include <algorithm>

#include "test/tensors.h"

using namespace test;

namespace {

/** Lanes along the dimension `dim` of two: where element i of lane k is. */
int64_t place(const Sizes& shape, int dim, int64_t lane, int64_t i) {
  return dim == 1 ? lane * shape[1] + i : i * shape[1] + lane;
}

/** NaN is the largest. */
bool less(Number a, Number b) { return a < b || (a == a && b != b); }

/** Few different elements, NaN, both zeros and infinities among them where there are such. */
Number some(DType t, Random& random) {
  if (!is_floating(t)) return static_cast<Number>(random.integer(-5, 5));
  const int64_t k = random.integer(0, 12);
  if (k == 0) return std::numeric_limits<Number>::quiet_NaN();
  if (k == 1) return -Number{0};
  if (k == 2) return std::numeric_limits<Number>::infinity();
  return static_cast<Number>(random.integer(-5, 5)) / 2;
}

/** The indices of a lane in the order of its elements. */
std::vector<int64_t> order_of(const Array& x, int dim, int64_t lane, bool descending) {
  const int64_t n = x.shape()[static_cast<size_t>(dim)];
  std::vector<int64_t> order(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; i++) order[static_cast<size_t>(i)] = i;
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const Number p = x.get(place(x.shape(), dim, lane, a)), q = x.get(place(x.shape(), dim, lane, b));
    return descending ? less(q, p) : less(p, q);
  });
  return order;
}

}  // namespace

TEST("sort is stable, puts NaN last, and moves elements bit by bit") {
  const Threads threads(3);
  for (DType t : kDTypes)
    for (const Sizes& shape : {Sizes{3, 1}, Sizes{2, 40}, Sizes{40, 3}, Sizes{2, 3000}, Sizes{3000, 1}})
      for (int dim : {0, 1})
        for (bool descending : {false, true})
          for (Layout layout : {Layout::dense, Layout::transposed, Layout::reversed}) {
            if (product(shape) > 200 && layout == Layout::reversed) continue;
            About about("%s, dimension %d of [%lld, %lld], %s", dtype_name(t), dim,
                        static_cast<long long>(shape[0]), static_cast<long long>(shape[1]),
                        layout_name(layout));
            Array x(t, shape, layout), values(t, shape), indices(DType::i64, shape);
            Random random(7);
            x.fill_with([&](int64_t) { return some(t, random); });
            for (int64_t lane = 0; lane < shape[dim ? 0 : 1]; lane++) {
              const std::vector<int64_t> order = order_of(x, dim, lane, descending);
              for (size_t i = 0; i < order.size(); i++) {
                const int64_t to = place(shape, dim, lane, static_cast<int64_t>(i));
                indices.set(to, static_cast<Number>(order[i]));
                values.copy(to, x, place(shape, dim, lane, order[i]));
              }
            }
            for (Isa isa : isas()) {
              Array out(t, shape), places(DType::i64, shape);
              run(isa, {Op::sort,
                        compute_of(t),
                        {out.view(), places.view()},
                        {x.view()},
                        {static_cast<double>(dim), descending ? 1.0 : 0.0}});
              CHECK_EQ(places.differences(indices), 0);
              CHECK_EQ(out.differences(values), 0);
              CHECK(out.intact() && places.intact());
            }
          }
}

TEST("topk, kthvalue and median are elements of the sorted lane") {
  for (DType t : {DType::f32, DType::f64, DType::bf16, DType::u8, DType::i32, DType::i64})
    for (int64_t n : {1, 2, 7, 100, 1000}) {
      About about("%s, %lld elements", dtype_name(t), static_cast<long long>(n));
      const Sizes shape = {2, n};
      Array x(t, shape, Layout::transposed);
      Random random(static_cast<uint64_t>(n));
      x.fill_with([&](int64_t) { return some(t, random); });
      for (Isa isa : isas())
        for (int64_t k : {int64_t{1}, (n + 1) / 2, n}) {
          Array top(t, {2, k}), top_places(DType::i64, {2, k}), one(t, {2, 1}), at(DType::i64, {2, 1});
          const double rank = static_cast<double>(k);
          run(isa, {Op::topk, compute_of(t), {top.view(), top_places.view()}, {x.view()}, {1, 1, 1}});
          run(isa, {Op::kthvalue, compute_of(t), {one.view(), at.view()}, {x.view()}, {1, rank}});
          Array middle(t, {2, 1}), middle_at(DType::i64, {2, 1});
          run(isa, {Op::median, compute_of(t), {middle.view(), middle_at.view()}, {x.view()}, {1, 1}});
          for (int64_t lane = 0; lane < 2; lane++) {
            const auto value = [&](int64_t i) { return x.get(place(shape, 1, lane, i)); };
            const auto same = [](Number a, Number b) { return a == b || (a != a && b != b); };
            const std::vector<int64_t> up = order_of(x, 1, lane, false), down = order_of(x, 1, lane, true);
            for (int64_t i = 0; i < k; i++) {
              CHECK(same(top.get(lane * k + i), value(down[static_cast<size_t>(i)])));
              CHECK(same(top.get(lane * k + i), value(static_cast<int64_t>(top_places.get(lane * k + i)))));
            }
            CHECK(same(one.get(lane), value(up[static_cast<size_t>(k - 1)])));
            CHECK(same(one.get(lane), value(static_cast<int64_t>(at.get(lane)))));
            int64_t numbers = 0;
            for (int64_t i = 0; i < n; i++) numbers += value(i) == value(i);
            if (numbers == 0) continue;
            const int64_t half = up[static_cast<size_t>((numbers - 1) / 2)];
            CHECK_EQ(static_cast<int64_t>(middle_at.get(lane)), half);
            CHECK(same(middle.get(lane), value(half)));
          }
        }
    }
}

TEST("cumsum adds up from either end, and integers wrap") {
  const Threads threads(3);
  for (DType t : {DType::f32, DType::f64, DType::i8, DType::i32, DType::i64})
    for (const Sizes& shape : {Sizes{1, 1}, Sizes{3, 700}, Sizes{700, 3}, Sizes{2, 300}})
      for (int dim : {0, 1})
        for (bool reverse : {false, true})
          for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps}) {
            Array x(t, shape, layout), sums(t, shape);
            Random random(3);
            x.fill_with([&](int64_t) { return static_cast<Number>(random.integer(-9, 9)); });
            const int64_t n = shape[static_cast<size_t>(dim)];
            for (int64_t lane = 0; lane < shape[dim ? 0 : 1]; lane++) {
              Number sum = 0;
              for (int64_t i = 0; i < n; i++) {
                const int64_t at = place(shape, dim, lane, reverse ? n - 1 - i : i);
                sums.set(at, sum += x.get(at));
              }
            }
            for (Isa isa : isas()) {
              Array out(t, shape);
              run(isa, {Op::cumsum,
                        compute_of(t),
                        {out.view()},
                        {x.view()},
                        {static_cast<double>(dim), reverse ? 1.0 : 0.0}});
              CHECK_EQ(out.differences(sums), 0);
              CHECK(out.intact());
            }
          }
}

TEST("nonzero finds every element that is not zero, in row-major order") {
  const Threads threads(3);
  for (DType t : kDTypes)
    for (const Sizes& shape : {Sizes{1}, Sizes{3, 0}, Sizes{2, 3, 5}, Sizes{70000}, Sizes{300, 251}})
      for (Layout layout : {Layout::dense, Layout::transposed}) {
        Array x(t, shape, layout);
        Random random(5);
        x.fill_with([&](int64_t) { return random.integer(0, 2) ? 0 : 1; });
        const int64_t rank = static_cast<int64_t>(shape.size());
        std::vector<int64_t> found;
        for (int64_t i = 0; i < x.numel(); i++)
          if (x.get(i) != 0) found.push_back(i);
        const int64_t count = static_cast<int64_t>(found.size());
        Array expected(DType::i64, {count, rank});
        for (int64_t k = 0; k < count; k++) {
          int64_t rest = found[static_cast<size_t>(k)];
          for (int64_t d = rank; d-- > 0; rest /= shape[static_cast<size_t>(d)])
            expected.set(k * rank + d, static_cast<Number>(rest % shape[static_cast<size_t>(d)]));
        }
        for (Isa isa : isas()) {
          Array out(DType::i64, {count, rank});
          run(isa, {Op::nonzero, compute_of(t), {out.view()}, {x.view()}, {}});
          CHECK_EQ(out.differences(expected), 0);
          CHECK(out.intact());
        }
      }
}

TEST("searchsorted gives the bounds") {
  for (DType t : {DType::f32, DType::f64, DType::f16, DType::i16, DType::i64})
    for (int64_t n : {0, 1, 2, 3, 17, 1000})
      for (bool right : {false, true}) {
        Array sequence(t, {n}), values(t, {50});
        Random random(static_cast<uint64_t>(n));
        std::vector<int64_t> sorted;
        for (int64_t i = 0; i < n; i++) sorted.push_back(random.integer(-20, 20));
        std::sort(sorted.begin(), sorted.end());
        sequence.fill_with([&](int64_t i) { return static_cast<Number>(sorted[static_cast<size_t>(i)]); });
        values.fill_with([&](int64_t i) { return static_cast<Number>(i - 25); });
        for (Isa isa : isas()) {
          Array out(DType::i64, {50});
          run(isa, {Op::searchsorted,
                    compute_of(t),
                    {out.view()},
                    {sequence.view(), values.view()},
                    {right ? 1.0 : 0.0}});
          for (int64_t i = 0; i < 50; i++) {
            const auto at = right ? std::upper_bound(sorted.begin(), sorted.end(), i - 25)
                                  : std::lower_bound(sorted.begin(), sorted.end(), i - 25);
            CHECK_EQ(static_cast<int64_t>(out.get(i)), static_cast<int64_t>(at - sorted.begin()));
          }
        }
      }
}
