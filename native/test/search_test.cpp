// searchsorted, bincount and histc, beside plain loops.

// Also runs on emulated CUDA.

#include <algorithm>

#include "test/tensors.h"

using namespace test;

TEST("searchsorted searches one sequence, or that of each lane") {
  for (DType t : {DType::f32, DType::f64, DType::bf16, DType::u8, DType::i32, DType::i64})
    for (int64_t n : {0, 1, 2, 17, 600})
      for (int64_t lanes : {0, 3})  // 0: one sequence for all
        for (bool right : {false, true})
          for (DType places : {DType::i32, DType::i64}) {
            const int64_t each = 50;
            Array sequence(t, lanes ? Sizes{lanes, n} : Sizes{n}), values(t, {3, each});
            Random random(static_cast<uint64_t>(n));
            for (int64_t lane = 0; lane < std::max(lanes, int64_t{1}); lane++) {
              std::vector<int64_t> sorted;
              for (int64_t i = 0; i < n; i++) sorted.push_back(random.integer(0, 60));
              std::sort(sorted.begin(), sorted.end());
              for (int64_t i = 0; i < n; i++)
                sequence.set(lane * n + i, static_cast<Number>(sorted[static_cast<size_t>(i)]));
            }
            values.fill_with([&](int64_t i) {
              if (is_floating(t) && i % 20 == 7) return std::numeric_limits<Number>::quiet_NaN();
              return static_cast<Number>(random.integer(0, 62));
            });
            for (Isa isa : isas()) {
              Array out(places, {3, each});
              run(isa, {Op::searchsorted,
                        compute_of(t),
                        {out.view()},
                        {sequence.view(), values.view()},
                        {right ? 1.0 : 0.0}});
              int64_t wrong = 0;
              for (int64_t i = 0; i < out.numel(); i++) {
                const int64_t lane = lanes ? i / each : 0;
                const Number value = values.get(i);
                int64_t place = 0;
                for (int64_t k = 0; k < n; k++) {
                  const Number element = sequence.get(lane * n + k);
                  place += right ? !(element > value) : !(element >= value);
                }
                wrong += static_cast<int64_t>(out.get(i)) != place;
              }
              CHECK_EQ(wrong, 0);
              CHECK(out.intact());
            }
          }
}

TEST("bincount counts, and adds weights up in the order of the elements") {
  for (int64_t n : {1, 300, 2500})
    for (int64_t bins : {1, 3, 700, 9000})
      for (Layout layout : {Layout::dense, Layout::gaps}) {
        About about("%lld of %lld bins", static_cast<long long>(n), static_cast<long long>(bins));
        Array x(DType::i64, {n}, layout);
        Random random(static_cast<uint64_t>(n));
        x.fill_with([&](int64_t) { return static_cast<Number>(random.integer(0, bins - 1)); });
        std::vector<Number> counts(static_cast<size_t>(bins));
        for (int64_t i = 0; i < n; i++) counts[static_cast<size_t>(x.get(i))] += 1;
        for (Isa isa : isas()) {
          Array out(DType::i64, {bins}, layout);
          run(isa, {Op::bincount, DType::i64, {out.view()}, {x.view()}, {}});
          int64_t wrong = 0;
          for (int64_t i = 0; i < bins; i++) wrong += out.get(i) != counts[static_cast<size_t>(i)];
          CHECK_EQ(wrong, 0);
          CHECK(out.intact());
        }
        for (DType t : {DType::f32, DType::f64}) {
          Array weights(t, {n}, layout);
          weights.fill_with([&](int64_t) { return static_cast<Number>(random.integer(-9, 9)) / 4; });
          std::vector<Number> sums(static_cast<size_t>(bins));
          for (int64_t i = 0; i < n; i++) sums[static_cast<size_t>(x.get(i))] += weights.get(i);
          for (Isa isa : isas()) {
            Array out(t, {bins}, layout);
            run(isa, {Op::bincount, t, {out.view()}, {x.view(), weights.view()}, {}});
            int64_t wrong = 0;
            for (int64_t i = 0; i < bins; i++) wrong += out.get(i) != sums[static_cast<size_t>(i)];
            CHECK_EQ(wrong, 0);
            CHECK(out.intact());
          }
        }
      }
}

TEST("bincount tells the first number that has no bin") {
  for (Isa isa : isas())
    for (bool weighted : {false, true}) {
      Array x(DType::i64, {300}), weights(DType::f32, {300}), out(weighted ? DType::f32 : DType::i64, {4});
      x.fill(3);
      x.set(280, 4);
      x.set(290, -1);
      weights.fill(1);
      Call call{Op::bincount, weighted ? DType::f32 : DType::i64, {out.view()}, {x.view()}, {}};
      if (weighted) call.inputs.push_back(weights.view());
      const LaunchError error = try_run(isa, call);
      CHECK(error.code == ErrorCode::index);
      CHECK(std::strcmp(error.message, "bincount: 4 is out of range for 4 bins") == 0);
      CHECK(out.untouched());
    }
}

TEST("histc counts what is in bins of one width") {
  for (DType t : {DType::f32, DType::f64, DType::f16})
    for (int64_t n : {0, 1, 3000})
      for (int64_t bins : {1, 10, 9000})
        for (Layout layout : {Layout::dense, Layout::transposed}) {
          About about("%s, %lld in %lld bins", dtype_name(t), static_cast<long long>(n),
                      static_cast<long long>(bins));
          Array x(t, {3, n / 3 + (n == 1)}, layout);
          Random random(9);
          x.fill_with([&](int64_t i) {
            return i % 50 == 3 ? std::numeric_limits<Number>::quiet_NaN() : rounded(t, random.uniform(-3, 3));
          });
          std::vector<Number> counts(static_cast<size_t>(bins));
          const double low = -1.5, high = 2;
          for (int64_t i = 0; i < x.numel(); i++) {
            const Number y = x.get(i);
            if (!(y >= low && y <= high)) continue;
            const auto bin = [&](auto z) {
              using T = decltype(z);
              return static_cast<int64_t>((z - static_cast<T>(low)) * static_cast<T>(bins) /
                                          (static_cast<T>(high) - static_cast<T>(low)));
            };
            const int64_t k = t == DType::f64 ? bin(static_cast<double>(y)) : bin(static_cast<float>(y));
            counts[static_cast<size_t>(std::min(k, bins - 1))] += 1;
          }
          for (Isa isa : isas()) {
            Array out(t, {bins});
            run(isa, {Op::histc, compute_of(t), {out.view()}, {x.view()}, {low, high}});
            int64_t wrong = 0;
            for (int64_t i = 0; i < bins; i++) wrong += out.get(i) != counts[static_cast<size_t>(i)];
            CHECK_EQ(wrong, 0);
            CHECK(out.intact());
          }
        }
}
