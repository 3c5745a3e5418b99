// Reductions against naive loops: all of ops.def's REDUCE rows, over any dimensions of any layout and dtype.

// Also runs on emulated CUDA.

#include <memory>

#include "test/tensors.h"

using namespace test;

namespace {

constexpr unsigned bit(DType t) { return 1u << static_cast<int>(t); }
constexpr unsigned FLOAT = bit(DType::f32) | bit(DType::f64), INTEGER = bit(DType::i32) | bit(DType::i64),
                   NUMERIC = FLOAT | INTEGER;

struct Row {
  const char* name;
  Op op;
  unsigned types;
  int outputs;
  bool is(const char* other) const { return !std::strcmp(name, other); }
  bool truth() const { return is("all") || is("any"); }
  /** Whether the last output is a place. */
  bool place() const { return is("argmax") || is("argmin") || outputs == 2; }
  /** Whether there is a value for no elements. */
  bool identity() const { return is("sum") || is("prod") || is("mean") || truth(); }
  bool known() const { return place() || identity() || is("amax") || is("amin"); }
};
const Row rows[] = {
#define REDUCE(name, types, outputs) {#name, Op::name, types, outputs},
#include "ops.def"
};
static_assert(INTEGER != FLOAT, "both are named in ops.def");

/** What a row gives for some elements, in order: a value, or a place. */
struct Result {
  Number value = 0;
  int64_t place = -1;
};

Result naive(const Row& row, DType compute, const std::vector<Number>& all,
             const std::vector<int64_t>& group) {
  Result r;
  std::vector<Number> x;
  x.reserve(group.size());
  for (int64_t i : group) x.push_back(all[static_cast<size_t>(i)]);
  const bool floating = is_floating(compute);
  if (row.is("sum") || row.is("mean")) {
    uint64_t whole = 0;
    for (Number v : x)
      floating ? void(r.value += v) : void(whole += static_cast<uint64_t>(static_cast<int64_t>(v)));
    if (!floating) r.value = static_cast<Number>(wrapped(compute, static_cast<int64_t>(whole)));
    if (row.is("mean")) r.value /= static_cast<Number>(x.size());
  } else if (row.is("prod")) {
    r.value = 1;
    uint64_t whole = 1;
    for (Number v : x)
      floating ? void(r.value *= v) : void(whole *= static_cast<uint64_t>(static_cast<int64_t>(v)));
    if (!floating) r.value = static_cast<Number>(wrapped(compute, static_cast<int64_t>(whole)));
  } else if (row.truth()) {
    r.value = row.is("all");
    for (Number v : x) r.value = row.is("all") ? r.value != 0 && v != 0 : r.value != 0 || v != 0;
  } else {
    const bool largest = row.is("amax") || row.is("argmax") || row.is("max");
    for (size_t i = 0; i < x.size(); i++) {
      const bool better = largest ? x[i] > r.value : x[i] < r.value;
      if (i == 0 || better || (x[i] != x[i] && r.value == r.value)) r = {x[i], static_cast<int64_t>(i)};
    }
  }
  return r;
}

std::string text(const std::vector<int64_t>& list) {
  std::string s = "[";
  for (int64_t n : list) s += (s.size() > 1 ? "," : "") + std::to_string(n);
  return s + "]";
}

/** The numbers of the elements that belong to each result, in row-major order of both. */
std::vector<std::vector<int64_t>> groups_of(const Sizes& shape, const Sizes& dims) {
  std::vector<bool> reduced(shape.size());
  for (int64_t d : dims) reduced[static_cast<size_t>(d)] = true;
  int64_t results = 1;
  for (size_t d = 0; d < shape.size(); d++)
    if (!reduced[d]) results *= shape[d];
  std::vector<std::vector<int64_t>> groups(static_cast<size_t>(results));
  for (int64_t i = 0; i < product(shape); i++) {
    int64_t rest = i, at = 0, step = 1;
    for (size_t d = shape.size(); d-- > 0;) {
      if (!reduced[d]) at += rest % shape[d] * step, step *= shape[d];
      rest /= shape[d];
    }
    groups[static_cast<size_t>(at)].push_back(i);
  }
  return groups;
}

Sizes kept(const Sizes& shape, const Sizes& dims) {
  Sizes rest;
  for (size_t d = 0; d < shape.size(); d++) {
    bool reduced = false;
    for (int64_t r : dims) reduced |= r == static_cast<int64_t>(d);
    if (!reduced) rest.push_back(shape[d]);
  }
  return rest;
}

/**
 * Runs one reduction on every instruction set and compares all its results; `slack` is in units of the
 * result's last place.
 */
void check_reduction(const Row& row, const Array& x, DType compute, DType out_type, const Sizes& dims,
                     const std::vector<std::vector<int64_t>>& groups, double slack = 0) {
  std::vector<Number> all;
  all.reserve(static_cast<size_t>(x.numel()));
  for (int64_t i = 0; i < x.numel(); i++) all.push_back(converted(x.dtype(), compute, x.get(i)));
  std::vector<Result> results;
  for (const auto& group : groups) results.push_back(naive(row, compute, all, group));
  const Sizes shape = kept(x.shape(), dims);
  for (Isa isa : isas()) {
    About about("%s of %s %s over %s to %s on %s", row.name, dtype_name(x.dtype()), text(x.shape()).c_str(),
                text(dims).c_str(), dtype_name(out_type), isa_name(isa));
    Array values(row.truth() ? DType::boolean : out_type, shape), places(DType::i64, shape);
    Call call{row.op, compute, {}, {x.view()}, {dims.begin(), dims.end()}};
    const bool gives_values = row.outputs == 2 || !row.place();
    if (gives_values) call.outputs.push_back(values.view());
    if (row.place()) call.outputs.push_back(places.view());
    run(isa, call);
    for (int64_t r = 0; r < values.numel(); r++) {
      const Result& want = results[static_cast<size_t>(r)];
      checks++;
      if (row.place() && places.get(r) != want.place)
        fail(__FILE__, __LINE__, "result %lld is place %Lg, expected %lld", static_cast<long long>(r),
             places.get(r), static_cast<long long>(want.place));
      if (!gives_values) continue;
      const Number got = values.get(r), expected = converted(compute, values.dtype(), want.value);
      const bool good = got == expected || (got != got && expected != expected) ||
                        (is_floating(values.dtype()) && ulps(values.dtype(), got, want.value) <= slack);
      if (!good)
        fail(__FILE__, __LINE__, "result %lld: expected %.17Lg, got %.17Lg", static_cast<long long>(r),
             expected, got);
    }
    CHECK(values.intact() && places.intact());
  }
}

/** Values whose sums and products are exact in any order, with some of each row's special cases. */
void fill_exactly(const Row& row, Array& x, Random& random) {
  const DType t = x.dtype();
  int64_t low = -8, high = 8;
  if (t == DType::u8) low = 0;
  if (t == DType::boolean) low = 0, high = 1;
  if (row.is("prod")) low = t == DType::u8 || t == DType::boolean ? 0 : -1, high = 1;
  const bool mostly = row.is("all") || row.is("prod");  // zeros are rare
  x.fill_with([&](int64_t) -> Number {
    if (row.is("any")) return random.integer(0, 40) == 0;
    if (mostly && random.integer(0, 40) != 0) return row.is("prod") && low < 0 && random.coin() ? -1 : 1;
    if (mostly) return is_floating(t) ? 0.5L : row.is("prod") ? 1 : 0;
    return random.integer(low, high);
  });
}

/** All sets of dimensions of a shape of few dimensions; those of one for rows of two outputs. */
std::vector<Sizes> dims_of(const Row& row, const Sizes& shape) {
  std::vector<Sizes> all;
  const int rank = static_cast<int>(shape.size());
  for (int set = 0; set < 1 << rank; set++) {
    Sizes dims;
    for (int d = 0; d < rank; d++)
      if (set >> d & 1) dims.push_back(d);
    if (row.outputs == 2 && dims.size() != 1 && rank > 0) continue;
    all.push_back(dims);
  }
  return all;
}

bool allowed(const Row& row, const Sizes& shape, const Sizes& dims) {
  return row.identity() || product(shape) > 0 || product(kept(shape, dims)) == 0;
}

}  // namespace

TEST("reductions over any dimensions, layouts and dtypes are those of naive loops") {
  const Threads threads(3);
  const Sizes shapes[] = {{},      {1},     {7},       {64},      {3, 5},      {17, 33},
                          {1, 70}, {70, 1}, {2, 3, 4}, {5, 8, 9}, {2, 3, 2, 5}};
  Random random(1);
  std::string missing;
  for (const Row& row : rows) {
    if (!row.known()) {
      missing += std::string(" ") + row.name;
      continue;
    }
    for (DType t : kDTypes) {
      const DType compute = compute_of(t);
      if (!(row.types & bit(compute))) continue;
      for (const Sizes& shape : shapes)
        for (const Sizes& dims : dims_of(row, shape)) {
          const auto groups = groups_of(shape, dims);
          for (Layout layout : kLayouts) {
            Array x(t, shape, layout);
            fill_exactly(row, x, random);
            About about("%s", layout_name(layout));
            check_reduction(row, x, compute, t, dims, groups, row.is("mean") ? 0.51 : 0);
          }
        }
    }
  }
  if (!missing.empty()) note("values not compared:%s", missing.c_str());
}

TEST("sums of small integers are wider than what they sum") {
  Random random(2);
  for (DType t : {DType::i8, DType::u8, DType::i16, DType::i32, DType::boolean}) {
    Array x(t, {300, 50}, Layout::transposed);
    x.fill_with(
        [&](int64_t) { return t == DType::boolean ? 1 : static_cast<Number>(random.integer(100, 127)); });
    for (const Row& row : rows)
      if (row.is("sum"))
        for (const Sizes& dims : {Sizes{0}, Sizes{1}, Sizes{0, 1}})
          check_reduction(row, x, DType::i64, DType::i64, dims, groups_of({300, 50}, dims));
  }
}

TEST("long and wide tensors, at the edges of tiles and splits") {
  const Threads threads(3);
  Random random(3);
  std::vector<Sizes> shapes = {{4095},     {4096},     {4097},      {8200},        {140000},
                               {3, 5000},  {5000, 3},  {511, 40},   {40, 511},     {40, 513},
                               {2, 70000}, {70000, 2}, {130, 1100}, {20, 3, 2000}, {129, 600}};
  if (full)
    shapes.insert(shapes.end(), {{3000000}, {1500000, 2}, {2, 1500000}, {3, 100000, 2}, {1200, 1300}});
  for (const Sizes& shape : shapes) {
    std::vector<std::pair<Sizes, std::vector<std::vector<int64_t>>>>
        all;  // dimensions, and what belongs together
    for (const Sizes& dims : dims_of(rows[0], shape))
      if (full || !dims.empty()) all.emplace_back(dims, groups_of(shape, dims));
    for (const Row& row : rows)
      for (DType t : {DType::f32, DType::f64, DType::i32, DType::i64, DType::f16, DType::u8}) {
        if (!row.known() || !(row.types & bit(compute_of(t)))) continue;
        const bool large = product(shape) > 30000;
        if ((!full || large) && t != DType::f32 && !row.is("sum") && !row.is("max")) continue;
        if (large && on_cuda() && !full && !row.is("sum") && !row.is("max") && !row.is("argmax")) continue;
        // Halves of large sums would overflow; the sums of small numbers are exact in float32.
        if (t == DType::f16 && (row.is("sum") || row.is("mean")) && product(shape) > 2000) continue;
        for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps}) {
          if (shape.size() == 1 && layout == Layout::transposed) continue;
          if (layout != Layout::dense && large && (!full || product(shape) > 200000)) continue;
          Array x(t, shape, layout);
          fill_exactly(row, x, random);
          About about("%s", layout_name(layout));
          for (const auto& [dims, groups] : all)
            if (row.outputs == 1 || dims.size() == 1)
              check_reduction(row, x, compute_of(t), t, dims, groups, row.is("mean") ? 0.51 : 0);
        }
      }
  }
}

TEST("NaN wins, and the first of equals is found") {
  for (const Row& row : rows) {
    if (!row.known() || row.identity()) continue;
    for (DType t : {DType::f32, DType::f64, DType::f16}) {
      for (const Sizes& shape : {Sizes{9, 100}, Sizes{100, 9}, Sizes{2, 5000}, Sizes{5000, 2}}) {
        Random random(4);
        for (int round = 0; round < (full ? 20 : 2); round++) {
          Array x(t, shape);
          x.fill_with([&](int64_t) -> Number {
            const int64_t kind = random.integer(0, round % 2 ? 4000 : 60);
            return kind == 0   ? std::nanl("")
                   : kind == 1 ? INFINITY
                   : kind == 2 ? -INFINITY
                               : random.integer(-2, 2);
          });
          for (const Sizes& dims : dims_of(row, shape))
            check_reduction(row, x, compute_of(t), t, dims, groups_of(shape, dims));
        }
      }
    }
    // All the same, and the worst there is.
    for (DType t : {DType::f32, DType::f64, DType::i32, DType::i64, DType::u8})
      for (Number value : {-std::numeric_limits<Number>::infinity(), std::numeric_limits<Number>::infinity(),
                           Number{INT32_MIN}, Number{0}}) {
        if (std::isinf(value) && !is_floating(t)) continue;
        if (t == DType::u8) value = 0;
        for (const Sizes& shape : {Sizes{1, 5000}, Sizes{5000, 2}}) {
          Array x(t, shape);
          x.fill(value);
          for (const Sizes& dims : dims_of(row, shape))
            check_reduction(row, x, compute_of(t), t, dims, groups_of(shape, dims));
        }
      }
  }
}

TEST("NaN and infinity go through sums and truths") {
  const Number none = std::nanl(""), far = INFINITY;
  for (const Row& row : rows) {
    if (!row.identity()) continue;
    for (DType t : {DType::f32, DType::f64, DType::bf16})
      for (const std::vector<Number>& special : {std::vector<Number>{none},
                                                 {far},
                                                 {far, -far},
                                                 {far, far},
                                                 {-far},
                                                 {0, none},
                                                 {far, 0},
                                                 {-0.0L}}) {
        for (const Sizes& shape : {Sizes{3, 700}, Sizes{700, 3}}) {
          Array x(t, shape);
          x.fill(1);
          for (size_t i = 0; i < special.size(); i++) x.set(static_cast<int64_t>(300 + 301 * i), special[i]);
          for (const Sizes& dims : dims_of(row, shape))
            check_reduction(row, x, compute_of(t), t, dims, groups_of(shape, dims),
                            row.is("mean") ? 0.51 : 0);
        }
      }
  }
}

TEST("nothing to reduce gives the identity, also where sizes are beyond counting") {
  const int64_t huge = int64_t{1} << 40;
  for (const Row& row : rows) {
    if (!row.known()) continue;
    for (DType t : {DType::f32, DType::i64, DType::boolean}) {
      const DType compute = compute_of(t);
      if (!(row.types & bit(compute))) continue;
      for (const Sizes& shape : {Sizes{0}, Sizes{0, 3}, Sizes{3, 0}, Sizes{2, 0, 600}})
        for (const Sizes& dims : dims_of(row, shape)) {
          if (!allowed(row, shape, dims)) continue;
          for (Layout layout : {Layout::dense, Layout::transposed, Layout::gaps}) {
            Array x(t, shape, layout);
            check_reduction(row, x, compute, t, dims, groups_of(shape, dims));
          }
        }
      if (!row.identity()) continue;
      const Sizes shape = {0, huge, huge, 3}, strides = {7, huge, -huge, huge};
      Array x(t, {0});
      TensorView v = x.view();
      v.shape = shape.data();
      v.strides = strides.data();
      v.rank = 4;
      v.contiguous = false;
      for (Isa isa : isas()) {
        About about("%s of %s", row.name, dtype_name(t));
        Array out(row.truth() ? DType::boolean : t, {3});
        run(isa, {row.op, compute, {out.view()}, {v}, {0, 1, 2}});
        const Number want = row.is("mean") ? std::nanl("") : row.is("prod") || row.is("all") ? 1 : 0;
        for (int64_t i = 0; i < 3; i++) CHECK(identical(out.get(i), want));
      }
    }
  }
}

TEST("sums are as exact as their type allows") {
  Random random(6);
  const int64_t n = full ? 3000000 : 300000;
  for (DType t : {DType::f32, DType::f64}) {
    Array x(t, {n});
    x.fill_with([&](int64_t) { return random.uniform(0, 1); });
    Number sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x.get(i);
    for (Isa isa : isas()) {
      Array out(t, {});
      run(isa, {Op::sum, t, {out.view()}, {x.view()}, {0}});
      CHECK(ulps(t, out.get(0), sum) < (t == DType::f32 ? 4 : 20));
      run(isa, {Op::mean, t, {out.view()}, {x.view()}, {0}});
      CHECK(ulps(t, out.get(0), sum / static_cast<Number>(n)) < (t == DType::f32 ? 4 : 20));
    }
  }
}

TEST("a sum without end is refused for lack of memory, not crashed on") {
  // One element that stands for more than memory could hold partial sums of.
  const int64_t n = int64_t{1} << 52, zero = 0;
  Array x(DType::f32, {1});
  x.fill(1);
  TensorView v = x.view();
  v.shape = &n;
  v.strides = &zero;
  v.numel = n;
  v.contiguous = false;
  for (Isa isa : isas()) {
    Array out(DType::f32, {});
    bool refused = false;
    try {
      refused = try_run(isa, {Op::sum, DType::f32, {out.view()}, {v}, {0}}).code == ErrorCode::out_of_memory;
    } catch (const std::bad_alloc&) {
      refused = true;
    }
    CHECK(refused);
    CHECK(out.untouched());
  }
}

TEST("splits join in the order of places") {
  const Threads threads(4);
  for (Isa isa : isas())
    for (const Row& row : rows) {
      if (!row.place()) continue;
      // The same best value in every part: the first place wins, whichever thread was faster.
      Array x(DType::f32, {1, 600000});
      x.fill_with(
          [](int64_t i) { return static_cast<Number>(i % 1000 == 7 ? (i % 2000 < 1000 ? 5 : -5) : 0); });
      Array values(DType::f32, {1}), places(DType::i64, {1});
      Call call{row.op, DType::f32, {places.view()}, {x.view()}, {1}};
      if (row.outputs == 2) call.outputs = {values.view(), places.view()};
      for (int round = 0; round < 5; round++) {
        run(isa, call);
        CHECK_EQ(places.get(0), row.is("argmax") || row.is("max") ? 7 : 1007);
      }
    }
}

SLOW_TEST("places in columns of more than a million rows") {
  // As many columns as it takes for none of them to be split.
  const int64_t outer = 32, rows = (int64_t{1} << 20) + 1000, columns = 2;
  std::vector<float> values(static_cast<size_t>(outer * rows * columns));
  const Sizes shape = {outer, rows, columns};
  Sizes strides(3);
  row_major(shape.data(), 3, strides.data());
  TensorView x;
  x.data = values.data();
  x.shape = shape.data();
  x.strides = strides.data();
  x.rank = 3;
  x.numel = outer * rows * columns;
  const auto place = [&](int64_t i) { return i % 2 ? rows - 1 - i : i * 7; };  // of result i
  for (int64_t i = 0; i < outer * columns; i++)
    values[static_cast<size_t>((i / 2 * rows + place(i)) * 2 + i % 2)] = 1;
  for (Isa isa : isas()) {
    Array out(DType::i64, {outer, columns});
    run(isa, {Op::argmax, DType::f32, {out.view()}, {x}, {1}});
    for (int64_t i = 0; i < out.numel(); i++) CHECK_EQ(out.get(i), place(i));
  }
}
