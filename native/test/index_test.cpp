// What indexAdd and indexCopy do with equal indices, few and many, and linearIndex; the rest is in
// move_test.cpp.

// Also runs on emulated CUDA.

#include <algorithm>

#include "test/tensors.h"

using namespace test;

namespace {

struct Scatter {
  int64_t count, rows, columns;
};
const Scatter kScatters[] = {{1, 1, 1},    {5, 3, 4},      {300, 1, 5},   {2048, 300, 1},
                             {2049, 7, 3}, {5000, 257, 1}, {4100, 2, 16}, {9000, 70000, 1}};

/** Row `row` of a [rows, columns] tensor, or its column where the index is along the last dimension. */
int64_t place(const Scatter& c, int64_t row, int64_t column, int64_t rows, bool last) {
  return last ? column * rows + row : row * c.columns + column;
}

}  // namespace

TEST("indexAdd adds what has one index in the order of the indices, indexCopy keeps the last") {
  const Threads threads(3);
  for (DType t : kDTypes)
    for (const Scatter& c : kScatters)
      for (bool last : {false, true})
        for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps}) {
          // Of many indices, a few dtypes will do.
          const bool few = layout == Layout::dense && (t == DType::f32 || t == DType::bf16);
          if (c.count > 300 && !few && !full) continue;
          About about("%s, %lld indices of %lld rows, %s", dtype_name(t), static_cast<long long>(c.count),
                      static_cast<long long>(c.rows), layout_name(layout));
          const Sizes shape = last ? Sizes{c.columns, c.rows} : Sizes{c.rows, c.columns};
          const Sizes many = last ? Sizes{c.columns, c.count} : Sizes{c.count, c.columns};
          Array source(t, many, layout), index(DType::i64, {c.count}, layout), start(t, shape);
          Random random(static_cast<uint64_t>(c.count));
          const auto draw = [&](int64_t) {
            return is_floating(t) ? rounded(t, random.uniform(-1, 1))
                                  : static_cast<Number>(random.integer(-9, 9));
          };
          source.fill_with(draw);
          start.fill_with(draw);
          index.fill_with([&](int64_t) { return static_cast<Number>(random.integer(0, c.rows - 1)); });
          Array sums(t, shape), copies(t, shape);
          sums.repeat(start);
          copies.repeat(start);
          for (int64_t k = 0; k < c.count; k++)
            for (int64_t j = 0; j < c.columns; j++) {
              const int64_t from = place(c, k, j, c.count, last);
              const int64_t to = place(c, static_cast<int64_t>(index.get(k)), j, c.rows, last);
              copies.copy(to, source, from);
              // Each sum is rounded: in float32 first, for halves.
              const Number sum = sums.get(to) + source.get(from);
              sums.set(to, is_half(t)       ? rounded(t, rounded(DType::f32, sum))
                           : is_floating(t) ? rounded(t, sum)
                                            : sum);
            }
          for (Isa isa : isas()) {
            for (Op op : {Op::indexAdd, Op::indexCopy}) {
              Array out(t, shape, layout);
              out.repeat(start);
              run(isa, {op, compute_of(t), {out.view()}, {source.view(), index.view()}, {last ? 1.0 : 0.0}});
              CHECK_EQ(out.differences(op == Op::indexAdd ? sums : copies), 0);
              CHECK(out.intact());
            }
          }
        }
}

TEST("indexSelect and indexCopy move rows of any width") {
  for (DType t : {DType::u8, DType::f16, DType::f32, DType::f64})
    for (int64_t columns : {1, 2, 3, 4, 8, 12, 16, 33, 64})
      for (Layout layout : {Layout::dense, Layout::shifted})
        for (Isa isa : isas()) {
          About about("%s, %lld columns, %s", dtype_name(t), static_cast<long long>(columns),
                      layout_name(layout));
          Array x(t, {3, 5, columns}, layout), index(DType::i64, {4}), out(t, {3, 4, columns}, layout);
          x.fill_with([](int64_t i) { return static_cast<Number>(i % 101); });
          index.fill_with([](int64_t i) { return static_cast<Number>(4 - i); });
          run(isa, {Op::indexSelect, compute_of(t), {out.view()}, {x.view(), index.view()}, {1}});
          int64_t wrong = 0;
          for (int64_t i = 0; i < out.numel(); i++) {
            const int64_t plane = i / (4 * columns), k = i / columns % 4, j = i % columns;
            wrong += !out.same_bits(i, x, (plane * 5 + 4 - k) * columns + j);
          }
          CHECK_EQ(wrong, 0);
          CHECK(out.intact());
          Array back(t, {3, 5, columns}, layout);
          back.repeat(x);
          run(isa, {Op::indexCopy, compute_of(t), {back.view()}, {out.view(), index.view()}, {1}});
          CHECK_EQ(back.differences(x), 0);
          CHECK(back.intact());
        }
}

TEST("linearIndex numbers places, from the end if negative, and tells the first index out of range") {
  for (Isa isa : isas()) {
    Array a(DType::i64, {3, 1}, Layout::gaps), b(DType::i64, {4}, Layout::reversed), out(DType::i64, {3, 4});
    a.fill_with([](int64_t i) { return static_cast<Number>(i - 2); });
    b.fill_with([](int64_t i) { return static_cast<Number>(i == 3 ? -7 : i); });
    run(isa, {Op::linearIndex, DType::i64, {out.view()}, {a.view(), b.view()}, {5, 7}});
    for (int64_t i = 0; i < 12; i++) {
      const int64_t row = i / 4 < 2 ? i / 4 + 3 : 0, column = i % 4 == 3 ? 0 : i % 4;
      CHECK_EQ(static_cast<int64_t>(out.get(i)), row * 7 + column);
    }
    CHECK(out.intact());
    b.set(1, 8);
    b.set(2, -8);
    Array refused(DType::i64, {3, 4});
    const LaunchError error =
        try_run(isa, {Op::linearIndex, DType::i64, {refused.view()}, {a.view(), b.view()}, {5, 7}});
    CHECK(error.code == ErrorCode::index);
    CHECK(std::strcmp(error.message, "index: 8 is out of range for 7 elements") == 0);
    CHECK(refused.untouched());
    Array scalar(DType::i64, {}), place(DType::i64, {});
    scalar.fill(-1);
    run(isa, {Op::linearIndex, DType::i64, {place.view()}, {scalar.view()}, {9}});
    CHECK_EQ(static_cast<int64_t>(place.get(0)), 8);
  }
}

TEST("the last index of each end is in range and the next one is not, wherever it stands") {
  const int64_t size = 7, lowest = INT64_MIN, highest = INT64_MAX;
  for (Isa isa : isas())
    for (int64_t at : {0, 5, 98})
      for (int64_t k : {lowest, -size - 1, -size, int64_t{-1}, int64_t{0}, size - 1, size, highest}) {
        About about("%lld at %lld", static_cast<long long>(k), static_cast<long long>(at));
        Array index(DType::i64, {99}), place(DType::i64, {99}), x(DType::f32, {size}), out(DType::f32, {99});
        index.fill(1);
        x.fill(1);
        std::memcpy(index.view().as<int64_t>() + at, &k, sizeof k);
        const LaunchError numbered =
            try_run(isa, {Op::linearIndex, DType::i64, {place.view()}, {index.view()}, {size}});
        CHECK(numbered.code == (k >= -size && k < size ? ErrorCode::none : ErrorCode::index));
        if (numbered) CHECK(place.untouched());
        const LaunchError selected =
            try_run(isa, {Op::indexSelect, DType::f32, {out.view()}, {x.view(), index.view()}, {0}});
        CHECK(selected.code == (k >= 0 && k < size ? ErrorCode::none : ErrorCode::index));
        if (selected) CHECK(out.untouched());
      }
}

TEST("of several indices out of range, the first is told") {
  for (Isa isa : isas())
    for (int64_t n : {10, 3000}) {
      Array index(DType::i64, {n}), x(DType::f32, {4}), out(DType::f32, {n});
      index.fill(1);
      x.fill(1);
      index.set(n - 3, 7);
      index.set(n - 2, -1);
      index.set(n - 1, 9);
      const LaunchError error =
          try_run(isa, {Op::indexSelect, DType::f32, {out.view()}, {x.view(), index.view()}, {0}});
      CHECK(std::strcmp(error.message, "indexSelect: index 7 is out of range for dimension 0 with size 4") ==
            0);
      CHECK(out.untouched());
    }
}
