// Sorting, selection and what is built on them, beside the CPU's kernels: so that the same ones of equal
// elements are chosen, and the same categories drawn, on every device.

// Also runs on emulated CUDA.

#include <algorithm>

#include "test/tensors.h"

using namespace test;

namespace {

/** Runs a launch on the CPU. */
void run_there(const Call& call) {
  static Scratch scratch;
  LaunchError error;
  Prepared prepared(call);
  prepared.launch.scratch = &scratch;
  prepared.launch.error = &error;
  if (check(prepared.launch, error)) cpu_kernels(isa())[prepared.launch.op](prepared.launch);
  if (error) fail(__FILE__, __LINE__, "%s", error.message);
}

/** What elements are like. */
enum class Kind { few, many, equal, nan, rising, falling, hard, hard_pairs };
constexpr Kind kKinds[] = {Kind::few,    Kind::many,    Kind::equal, Kind::nan,
                           Kind::rising, Kind::falling, Kind::hard,  Kind::hard_pairs};

/**
 * Numbers that make the C++ library's sort partition as badly as it can (McIlroy, "A killer adversary for
 * quicksort", 1999).
 */
std::vector<int64_t> hard_to_sort(int64_t n) {
  constexpr int64_t open = INT64_MAX;
  std::vector<int64_t> value(static_cast<size_t>(n), open);
  std::vector<size_t> order(static_cast<size_t>(n));
  for (size_t i = 0; i < order.size(); i++) order[i] = i;
  int64_t fixed = 0;
  size_t candidate = 0;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (value[a] == open && value[b] == open) value[a == candidate ? a : b] = fixed++;
    if (value[a] == open)
      candidate = a;
    else if (value[b] == open)
      candidate = b;
    return value[a] < value[b];
  });
  for (int64_t& v : value)
    if (v == open) v = fixed;
  return value;
}

void fill(Array& x, Kind kind, int64_t n) {
  const DType t = x.dtype();
  const std::vector<int64_t> hard =
      kind == Kind::hard || kind == Kind::hard_pairs ? hard_to_sort(n) : std::vector<int64_t>();
  Random random(11 + static_cast<uint64_t>(n));
  x.fill_with([&](int64_t i) -> Number {
    const int64_t k = i % n;
    switch (kind) {
      case Kind::few:
        if (is_floating(t) && random.integer(0, 9) == 0)
          return random.integer(0, 1) ? std::numeric_limits<Number>::quiet_NaN() : -Number{0};
        return static_cast<Number>(random.integer(-3, 3));
      case Kind::many: return static_cast<Number>(random.integer(-1000, 1000) * (is_half(t) ? 1 : 50));
      case Kind::equal: return 1;
      case Kind::nan: return is_floating(t) ? std::numeric_limits<Number>::quiet_NaN() : 0;
      case Kind::rising: return static_cast<Number>(k);
      case Kind::falling: return static_cast<Number>(n - k);
      case Kind::hard: return static_cast<Number>(hard[static_cast<size_t>(k)]);
      default: return static_cast<Number>(hard[static_cast<size_t>(k)] / 2);
    }
  });
}

/** Whether values and places of an op with `m` of each row are those of the CPU. */
void compare(Op op, const Array& x, int dim, int64_t m, std::vector<double> scalars) {
  Sizes shape = x.shape();
  shape[static_cast<size_t>(dim)] = m;
  Array values(x.dtype(), shape), places(DType::i64, shape);
  scalars.insert(scalars.begin(), static_cast<double>(dim));
  const DType compute = compute_of(x.dtype());
  run_there({op, compute, {values.view(), places.view()}, {x.view()}, scalars});
  for (Isa isa : isas()) {
    Array out(x.dtype(), shape), at(DType::i64, shape);
    run(isa, {op, compute, {out.view(), at.view()}, {x.view()}, scalars});
    CHECK_EQ(at.differences(places), 0);
    CHECK_EQ(out.differences(values), 0);
    CHECK(out.intact() && at.intact());
  }
}

void compare_choices(const Array& x, int dim, int64_t n) {
  for (double flag : {0.0, 1.0}) {
    compare(Op::sort, x, dim, n, {flag});
    compare(Op::median, x, dim, 1, {flag});
    std::vector<int64_t> counts = {1, n / 64, n / 64 + 1, n / 2, n};
    counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
    for (int64_t k : counts)
      for (double sorted : {0.0, 1.0})
        if (k > 0) compare(Op::topk, x, dim, k, {flag, sorted});
  }
  for (int64_t k : {int64_t{1}, (n + 1) / 2, n}) compare(Op::kthvalue, x, dim, 1, {static_cast<double>(k)});
  compare(Op::mode, x, dim, 1, {});
}

}  // namespace

TEST("the same elements are chosen, of equal ones, too: all dtypes and layouts") {
  for (DType t : kDTypes)
    for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps})
      for (int64_t n : {1, 3, 40, 130}) {
        About about("%s, %lld elements, %s", dtype_name(t), static_cast<long long>(n), layout_name(layout));
        Array x(t, {2, n, 3}, layout);
        fill(x, Kind::few, n);
        compare_choices(x, 1, n);
      }
}

TEST("the same elements are chosen, of equal ones, too: all kinds and lengths") {
  for (DType t : {DType::f32, DType::i64})
    for (int64_t n : {2, 16, 17, 64, 300, 1500})
      for (Kind kind : kKinds) {
        if (n > 300 && t == DType::i64 && kind != Kind::few && !full) continue;
        About about("%s, %lld elements, kind %d", dtype_name(t), static_cast<long long>(n),
                    static_cast<int>(kind));
        Array x(t, {2, n});
        fill(x, kind, n);
        compare_choices(x, 1, n);
      }
}

TEST("long rows are sorted digit by digit, and chosen from") {
  for (DType t : {DType::f32, DType::f64, DType::bf16, DType::u8, DType::i32})
    for (int64_t n : {2048, 2049, 9000})
      for (Kind kind : {Kind::few, Kind::many})
        for (Layout layout : {Layout::dense, Layout::transposed}) {
          if (n == 9000 && t != DType::f32 && t != DType::f64 && !full) continue;
          if (layout != Layout::dense && (t != DType::f32 || n != 2049) && !full) continue;
          About about("%s, %lld elements, kind %d, %s", dtype_name(t), static_cast<long long>(n),
                      static_cast<int>(kind), layout_name(layout));
          Array x(t, {3, n}, layout);
          fill(x, kind, n);
          compare(Op::sort, x, 1, n, {0});
          compare(Op::sort, x, 1, n, {1});
          compare(Op::mode, x, 1, 1, {});
          if (n != 9000) continue;
          compare(Op::topk, x, 1, 140, {1, 1});
          compare(Op::topk, x, 1, 3000, {0, 1});
          compare(Op::median, x, 1, 1, {0});
          compare(Op::kthvalue, x, 1, 1, {2000});
        }
  // More than a block's elements, several times.
  for (DType t : {DType::f32, DType::i64}) {
    Array x(t, {20000});
    fill(x, Kind::many, 20000);
    compare(Op::sort, x, 0, 20000, {0});
  }
  Array x(DType::bf16, {70000});
  fill(x, Kind::many, 70000);
  compare(Op::topk, x, 0, 1050, {0, 1});
  compare(Op::topk, x, 0, 5, {1, 1});
}

TEST("many short rows, along either dimension") {
  for (int64_t rows : {1000, 5000})
    for (int dim : {0, 1}) {
      Array x(DType::f32, dim ? Sizes{rows, 5} : Sizes{5, rows});
      fill(x, Kind::many, 97);
      compare(Op::sort, x, dim, 5, {1});
      compare(Op::topk, x, dim, 2, {1, 1});
    }
}

TEST("rows of a matrix are put in order, equal ones as they come") {
  for (DType t : kDTypes)
    for (const Sizes& shape : {Sizes{1, 3}, Sizes{2, 1}, Sizes{17, 2}, Sizes{300, 3}, Sizes{5, 0}})
      for (Layout layout : {Layout::dense, Layout::transposed}) {
        Array x(t, shape, layout), order(DType::i64, {shape[0]});
        fill(x, Kind::few, 7);
        run_there({Op::sortRows, compute_of(t), {order.view()}, {x.view()}, {}});
        for (Isa isa : isas()) {
          Array out(DType::i64, {shape[0]});
          run(isa, {Op::sortRows, compute_of(t), {out.view()}, {x.view()}, {}});
          CHECK_EQ(out.differences(order), 0);
          CHECK(out.intact());
        }
      }
}

TEST("nonzero finds elements in row-major order, and tells when their number is wrong") {
  for (DType t : kDTypes)
    for (const Sizes& shape : {Sizes{}, Sizes{1}, Sizes{3, 0}, Sizes{2, 3, 5}, Sizes{9000}, Sizes{67, 91}})
      for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps}) {
        Array x(t, shape, layout);
        Random random(5);
        x.fill_with([&](int64_t) { return random.integer(0, 2) ? 0 : 1; });
        int64_t count = 0;
        for (int64_t i = 0; i < x.numel(); i++) count += x.get(i) != 0;
        const int64_t rank = static_cast<int64_t>(shape.size());
        Array places(DType::i64, {count, rank});
        run_there({Op::nonzero, compute_of(t), {places.view()}, {x.view()}, {}});
        for (Isa isa : isas()) {
          Array out(DType::i64, {count, rank}), more(DType::i64, {count + 1, rank});
          run(isa, {Op::nonzero, compute_of(t), {out.view()}, {x.view()}, {}});
          CHECK_EQ(out.differences(places), 0);
          CHECK(out.intact());
          const LaunchError error = try_run(isa, {Op::nonzero, compute_of(t), {more.view()}, {x.view()}, {}});
          CHECK(error.code == ErrorCode::argument);
          CHECK(std::strcmp(error.message, "nonzero: the tensor was changed while it was searched") == 0);
          CHECK(more.untouched());
        }
      }
}

TEST("multinomial draws the same categories") {
  for (DType t : {DType::f32, DType::f64})
    for (int64_t n : {1, 7, 300, 3000})
      for (bool replacement : {false, true})
        for (bool even : {false, true}) {
          // Even weights and draws: bounds between categories are met exactly.
          About about("%s, %lld categories", dtype_name(t), static_cast<long long>(n));
          const int64_t rows = 3, count = replacement ? 50 : (n + 1) / 2;
          Array weights(t, {rows, n}), draws(DType::f64, {rows, replacement ? count : n});
          Random random(static_cast<uint64_t>(n) + even);
          weights.fill_with([&](int64_t i) {
            if (even || i % n == n / 2) return Number{1};
            return random.integer(0, 3) ? std::exp(random.uniform(-9, 9)) : Number{0};
          });
          draws.fill_with([&](int64_t) {
            return even ? static_cast<Number>(random.integer(0, n - 1)) / static_cast<Number>(n)
                        : static_cast<Number>(random.integer(0, (int64_t{1} << 53) - 1)) * 0x1p-53L;
          });
          const double flag = replacement ? 1 : 0;
          Array drawn(DType::i64, {rows, count});
          run_there({Op::multinomial, DType::i64, {drawn.view()}, {weights.view(), draws.view()}, {flag}});
          for (Isa isa : isas()) {
            Array out(DType::i64, {rows, count});
            run(isa, {Op::multinomial, DType::i64, {out.view()}, {weights.view(), draws.view()}, {flag}});
            CHECK_EQ(out.differences(drawn), 0);
            CHECK(out.intact());
          }
        }
}

TEST("multinomial tells the first weight that is none, or the first sum that can't be") {
  const double inf = std::numeric_limits<double>::infinity();
  struct Case {
    int64_t at;
    double weight;
    const char* message;
  };
  for (const Case& c :
       {Case{900, -2, "multinomial: expected weights that are finite and not negative, got -2"},
        Case{5, inf, "multinomial: expected weights that are finite and not negative, got inf"},
        Case{-1, 0, "multinomial: expected weights with a sum above 0, and finite, got 0"}})
    for (double replacement : {0.0, 1.0})
      for (Isa isa : isas()) {
        Array weights(DType::f64, {4, 300}), draws(DType::f64, {4, replacement != 0 ? 9 : 300});
        Array out(DType::i64, {4, 9});
        weights.fill(1);
        draws.fill(0);
        if (c.at < 0)
          for (int64_t i = 300; i < 600; i++) weights.set(i, 0);
        else
          weights.set(c.at, c.weight);
        weights.set(1100, -7);
        const LaunchError error = try_run(
            isa, {Op::multinomial, DType::i64, {out.view()}, {weights.view(), draws.view()}, {replacement}});
        CHECK(error.code == ErrorCode::argument);
        CHECK(std::strcmp(error.message, c.message) == 0);
        CHECK(out.untouched());
      }
}
