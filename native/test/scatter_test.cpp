// gather, take and scatter, against plain loops.

// Also runs on emulated CUDA.

#include "test/tensors.h"

using namespace test;

namespace {

constexpr int kModes = 5;

/** x with y come to its place, as `scatter` says of a mode. */
Number reduced(DType t, int mode, Number x, Number y) {
  if (mode == 0) return y;
  if (mode == 3) return x > y ? x : y;
  if (mode == 4) return x < y ? x : y;
  const Number z = mode == 1 ? x + y : x * y;
  return is_floating(t) ? rounded(t, is_half(t) ? rounded(DType::f32, z) : z) : z;
}

struct Indexed {
  Sizes whole, index;
  int dim;
};
const Indexed kIndexed[] = {{{5}, {9}, 0},
                            {{4, 6}, {3, 9}, 1},
                            {{7, 5}, {20, 4}, 0},
                            {{3, 4, 5}, {3, 2, 5}, 1},
                            {{3, 300}, {200, 290}, 0},
                            {{300, 3}, {290, 200}, 1}};

/** Where in the whole operand the i-th element of the index belongs. */
int64_t place(const Indexed& c, int64_t i, int64_t at) {
  int64_t index[8], place = 0;
  for (int d = static_cast<int>(c.index.size()) - 1; d >= 0; d--) {
    index[d] = i % c.index[static_cast<size_t>(d)];
    i /= c.index[static_cast<size_t>(d)];
  }
  index[c.dim] = at;
  for (size_t d = 0; d < c.whole.size(); d++) place = place * c.whole[d] + index[d];
  return place;
}

}  // namespace

TEST("gather reads and scatter writes one element for each index, in their order") {
  const Threads threads(3);
  for (DType t : kDTypes)
    for (const Indexed& c : kIndexed)
      for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps}) {
        // Of many indices, a few dtypes will do.
        const bool many = c.index[0] * c.index.back() > 16384;
        if (many && !(layout == Layout::dense && (t == DType::f32 || t == DType::i8)) && !full) continue;
        About about("%s, %d dimensions, %s", dtype_name(t), static_cast<int>(c.whole.size()),
                    layout_name(layout));
        Array x(t, c.whole, layout), source(t, c.index, layout), index(DType::i64, c.index, layout);
        Random random(7);
        const auto draw = [&](int64_t) {
          // No product is rounded, or leaves the range of int64.
          if (t == DType::i64) return static_cast<Number>(random.integer(-1, 1));
          return is_floating(t) ? static_cast<Number>(random.integer(0, 1) ? 2 : 0.5)
                                : static_cast<Number>(random.integer(0, 9));
        };
        x.fill_with(draw);
        source.fill_with(draw);
        const int64_t size = c.whole[static_cast<size_t>(c.dim)];
        index.fill_with([&](int64_t) { return static_cast<Number>(random.integer(0, size - 1)); });
        const double dim = c.dim;
        for (Isa isa : isas()) {
          Array out(t, c.index, layout);
          run(isa, {Op::gather, compute_of(t), {out.view()}, {x.view(), index.view()}, {dim}});
          int64_t wrong = 0;
          for (int64_t i = 0; i < out.numel(); i++)
            wrong += !out.same_bits(i, x, place(c, i, static_cast<int64_t>(index.get(i))));
          CHECK_EQ(wrong, 0);
          CHECK(out.intact());
          for (int mode = 0; mode < kModes; mode++) {
            Array expected(t, c.whole), changed(t, c.whole, layout);
            expected.repeat(x);
            changed.repeat(x);
            for (int64_t i = 0; i < index.numel(); i++) {
              const int64_t to = place(c, i, static_cast<int64_t>(index.get(i)));
              expected.set(to, reduced(t, mode, expected.get(to), source.get(i)));
            }
            run(isa, {Op::scatter,
                      compute_of(t),
                      {changed.view()},
                      {source.view(), index.view()},
                      {dim, static_cast<double>(mode)}});
            CHECK_EQ(changed.differences(expected), 0);
            CHECK(changed.intact());
          }
        }
      }
}

TEST("scatter combines long runs of one index, the same for all lanes or not") {
  struct Runs {
    Sizes whole, index;
    int dim;
    bool shared;
  };
  const Runs cases[] = {{{3}, {600}, 0, true},         {{3, 5}, {600, 5}, 0, true},
                        {{40, 4}, {33, 500}, 1, true}, {{5, 41}, {2300, 41}, 0, true},
                        {{2, 3}, {2, 700}, 1, false},  {{3, 4}, {1500, 3}, 0, false},
                        {{2, 300}, {2, 900}, 1, false}};
  for (DType t : kDTypes)
    for (const Runs& c : cases)
      for (Layout layout : {Layout::dense, Layout::gaps}) {
        const bool usual = t == DType::f32 || t == DType::bf16 || t == DType::i64 || t == DType::u8;
        if (!full && (!usual || (layout == Layout::gaps && t != DType::f32))) continue;
        About about("%s, %lld indices, %s", dtype_name(t), static_cast<long long>(c.index[0]),
                    layout_name(layout));
        Sizes strides = strides_of(c.index, Layout::dense);
        if (c.shared)
          for (size_t d = 0; d < strides.size(); d++) strides[d] = static_cast<int>(d) == c.dim ? 1 : 0;
        Array start(t, c.whole), source(t, c.index, layout), index(DType::i64, c.index, strides);
        Random random(11);
        // Sums and products are exact, in whatever order.
        const auto draw = [&](int64_t) {
          return t == DType::u8 || t == DType::boolean ? Number(random.integer(0, 1))
                                                       : Number(random.coin() ? 1 : -1);
        };
        start.fill_with(draw);
        source.fill_with(draw);
        const int64_t size = c.whole[static_cast<size_t>(c.dim)];
        index.fill_with([&](int64_t) { return static_cast<Number>(random.integer(0, size - 1)); });
        for (int mode = 0; mode < kModes; mode++) {
          Array expected(t, c.whole);
          expected.repeat(start);
          for (int64_t i = 0; i < index.numel(); i++) {
            const int64_t to = place({c.whole, c.index, c.dim}, i, static_cast<int64_t>(index.get(i)));
            expected.set(to, reduced(t, mode, expected.get(to), source.get(i)));
          }
          for (Isa isa : isas()) {
            Array out(t, c.whole, layout);
            out.repeat(start);
            run(isa, {Op::scatter,
                      compute_of(t),
                      {out.view()},
                      {source.view(), index.view()},
                      {static_cast<double>(c.dim), static_cast<double>(mode)}});
            CHECK_EQ(out.differences(expected), 0);
            CHECK(out.intact());
          }
        }
      }
}

TEST("NaN is the largest and the smallest that is scattered, and sums are near the true ones") {
  for (Isa isa : isas())
    for (int64_t n : {20, 100, 3000}) {
      Array x(DType::f32, {2, 7}), source(DType::f32, {2, n}), index(DType::i64, {2, n});
      Random random(static_cast<uint64_t>(n));
      x.fill(0.5);
      source.fill_with(
          [&](int64_t) { return static_cast<Number>(static_cast<float>(random.uniform(-1, 1))); });
      index.fill_with([&](int64_t) { return static_cast<Number>(random.integer(0, 6)); });
      for (int64_t k : {n / 2, n + 3}) source.set(k, std::numeric_limits<Number>::quiet_NaN());
      for (int mode : {1, 3, 4}) {
        Array out(DType::f32, {2, 7}), again(DType::f32, {2, 7});
        for (Array* a : {&out, &again}) {
          a->repeat(x);
          run(isa, {Op::scatter,
                    DType::f32,
                    {a->view()},
                    {source.view(), index.view()},
                    {1, static_cast<double>(mode)}});
        }
        CHECK(out.bits() == again.bits());
        Number expected[14];
        for (Number& e : expected) e = 0.5;
        for (int64_t i = 0; i < 2 * n; i++) {
          Number& e = expected[i / n * 7 + static_cast<int64_t>(index.get(i))];
          const Number y = source.get(i);
          if (mode == 1)
            e += y;
          else
            e = e != e || y != y ? e + y : mode == 3 ? std::max(e, y) : std::min(e, y);
        }
        for (int64_t i = 0; i < 14; i++)
          CHECK(expected[i] == expected[i] ? std::fabs(out.get(i) - expected[i]) < 1e-4L
                                           : out.get(i) != out.get(i));
      }
    }
}

TEST("gather and scatter of tensors without dimensions") {
  for (Isa isa : isas()) {
    Array number(DType::f32, {}), zero(DType::i64, {}), zeros(DType::i64, {3}), three(DType::f32, {3});
    Array out(DType::f32, {});
    number.fill(5);
    zero.fill(0);
    zeros.fill(0);
    three.fill_with([](int64_t i) { return static_cast<Number>(i + 1); });
    run(isa, {Op::gather, DType::f32, {out.view()}, {three.view(), zero.view()}, {0}});
    CHECK(out.get(0) == 1);
    run(isa, {Op::scatter, DType::f32, {out.view()}, {three.view(), zeros.view()}, {0, 1}});
    CHECK(out.get(0) == 7);
    run(isa, {Op::scatter, DType::f32, {three.view()}, {number.view(), zero.view()}, {0, 0}});
    CHECK(three.get(0) == 5 && three.get(1) == 2);
    run(isa, {Op::gather, DType::f32, {three.view()}, {number.view(), zeros.view()}, {0}});
    CHECK(three.get(0) == 5 && three.get(2) == 5);
  }
}

TEST("take reads elements by their number, from the end if negative, in the index's shape") {
  const Threads threads(3);
  for (DType t : kDTypes)
    for (const Sizes& shape : {Sizes{}, Sizes{0}, Sizes{1}, Sizes{5, 7}, Sizes{40, 1000}, Sizes{70001}})
      for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps}) {
        About about("%s, %d dimensions, %s", dtype_name(t), static_cast<int>(shape.size()),
                    layout_name(layout));
        constexpr int64_t size = 301;
        Array x(t, {size}), index(DType::i64, shape, layout);
        Random random(5);
        x.fill_with([&](int64_t) { return static_cast<Number>(random.integer(0, 1)); });
        index.fill_with([&](int64_t i) {
          return static_cast<Number>(i == 0 ? -size : i == 1 ? size - 1 : random.integer(-size, size - 1));
        });
        for (Isa isa : isas()) {
          Array out(t, shape);
          run(isa, {Op::take, compute_of(t), {out.view()}, {x.view(), index.view()}, {}});
          int64_t wrong = 0;
          for (int64_t i = 0; i < out.numel(); i++) {
            const int64_t from = static_cast<int64_t>(index.get(i));
            wrong += !out.same_bits(i, x, from < 0 ? from + size : from);
          }
          CHECK_EQ(wrong, 0);
          CHECK(out.intact());
        }
      }
  for (Isa isa : isas())
    for (double bad : {9.0, -10.0, 9007199254740992.0, -9007199254740992.0}) {
      Array x(DType::f32, {9}), index(DType::i64, {3, 2000}), out(DType::f32, {3, 2000});
      x.fill(1);
      index.fill(-9);
      index.set(5000, bad);
      const LaunchError error =
          try_run(isa, {Op::take, DType::f32, {out.view()}, {x.view(), index.view()}, {}});
      char expected[96];
      std::snprintf(expected, sizeof expected, "take: %.0f is out of range for 9 elements", bad);
      CHECK(std::strcmp(error.message, expected) == 0);
    }
}

TEST("an index out of range is told, by scatter before anything is written") {
  for (Isa isa : isas()) {
    Array x(DType::f32, {2, 3}), index(DType::i64, {2, 2}), out(DType::f32, {2, 2});
    x.fill(1);
    index.fill(1);
    index.set(3, 3);
    LaunchError error = try_run(isa, {Op::gather, DType::f32, {out.view()}, {x.view(), index.view()}, {1}});
    CHECK(std::strcmp(error.message, "gather: index 3 is out of range for dimension 1 with size 3") == 0);
    Array source(DType::f32, {2, 2}), to(DType::f32, {2, 3});
    source.fill(5);
    index.set(3, -1);
    error = try_run(isa, {Op::scatter, DType::f32, {to.view()}, {source.view(), index.view()}, {1, 0}});
    CHECK(std::strcmp(error.message, "scatter: index -1 is out of range for dimension 1 with size 3") == 0);
    CHECK(to.untouched());
  }
}
