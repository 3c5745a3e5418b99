// embedding and its derivative, with indices that come often; the rest is in norm_test.cpp.

// Also runs on emulated CUDA.

#include "test/tensors.h"

using namespace test;

namespace {

struct Table {
  int64_t rows, width, count;
};
const Table kTables[] = {{1, 1, 1},     {5, 3, 7},    {65, 128, 300}, {3, 5, 2100}, {2, 1, 5000},
                         {4000, 7, 33}, {9, 40, 700}, {3, 0, 5},      {3, 4, 0}};

}  // namespace

TEST("embedding takes rows, and its derivative adds them up where they came from") {
  const Threads threads(3);
  for (DType t : {DType::f32, DType::f64})
    for (const Table& c : kTables) {
      About about("%s, %lld of %lld rows of %lld", dtype_name(t), static_cast<long long>(c.count),
                  static_cast<long long>(c.rows), static_cast<long long>(c.width));
      Array grad(t, {c.count, c.width}), index(DType::i64, {c.count});
      Random random(static_cast<uint64_t>(c.count));
      grad.fill_with([&](int64_t) { return static_cast<Number>(random.integer(-9, 9)); });
      // Most of them are one row.
      index.fill_with([&](int64_t) {
        return static_cast<Number>(random.integer(0, 2) ? c.rows / 2 : random.integer(0, c.rows - 1));
      });
      for (bool by_frequency : {false, true})
        for (int64_t skipped : {int64_t{-1}, c.rows - 1}) {
          std::vector<Number> want(static_cast<size_t>(c.rows * c.width)),
              counts(static_cast<size_t>(c.rows));
          for (int64_t i = 0; i < c.count; i++) counts[static_cast<size_t>(index.get(i))] += 1;
          for (int64_t i = 0; i < c.count * c.width; i++) {
            const int64_t row = static_cast<int64_t>(index.get(i / c.width));
            if (row == skipped) continue;
            want[static_cast<size_t>(row * c.width + i % c.width)] +=
                grad.get(i) / (by_frequency ? counts[static_cast<size_t>(row)] : 1);
          }
          for (Isa isa : isas()) {
            Array out(t, {c.rows, c.width});
            run(isa, {Op::embeddingBackward,
                      t,
                      {out.view()},
                      {grad.view(), index.view()},
                      {static_cast<double>(skipped), by_frequency ? 1.0 : 0.0}});
            int64_t wrong = 0;
            for (int64_t i = 0; i < out.numel(); i++) {
              const Number w = want[static_cast<size_t>(i)];
              wrong += by_frequency ? std::fabs(out.get(i) - w) > 64 * spacing(t, 1) : out.get(i) != w;
            }
            CHECK_EQ(wrong, 0);
            CHECK(out.intact());
          }
        }
      for (Layout layout : {Layout::dense, Layout::gaps, Layout::transposed}) {
        Array table(t, {c.rows, c.width}, layout);
        table.fill_with([](int64_t i) { return static_cast<Number>(i % 1001); });
        for (Isa isa : isas()) {
          Array out(t, {c.count, c.width});
          run(isa, {Op::embedding, t, {out.view()}, {table.view(), index.view()}, {}});
          int64_t wrong = 0;
          for (int64_t i = 0; i < out.numel(); i++)
            wrong += !out.same_bits(i, table,
                                    static_cast<int64_t>(index.get(i / c.width)) * c.width + i % c.width);
          CHECK_EQ(wrong, 0);
          CHECK(out.intact());
        }
      }
    }
}

TEST("an index that names no row is told before anything is written") {
  for (Isa isa : isas())
    for (int64_t n : {6, 3000}) {
      Array index(DType::i64, {2, n / 2}), table(DType::f32, {4, 3}), rows(DType::f32, {2, n / 2, 3});
      index.fill(1);
      index.set(n - 2, -1);
      index.set(n - 1, 4);
      table.fill(1);
      const char* const message = "embedding: index -1 is out of range for 4 embeddings";
      LaunchError error =
          try_run(isa, {Op::embedding, DType::f32, {rows.view()}, {table.view(), index.view()}, {}});
      CHECK(error.code == ErrorCode::index && std::strcmp(error.message, message) == 0);
      CHECK(rows.untouched());
      Array grad(DType::f32, {2, n / 2, 3}), out(DType::f32, {4, 3});
      grad.fill(1);
      error = try_run(
          isa, {Op::embeddingBackward, DType::f32, {out.view()}, {grad.view(), index.view()}, {-1, 0}});
      CHECK(error.code == ErrorCode::index && std::strcmp(error.message, message) == 0);
      CHECK(out.untouched());
    }
}
