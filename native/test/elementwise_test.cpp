// The rows of ops.def that work element by element: values against naive loops, and every layout, dtype, size
// and number of threads against the same elements one dense array. A row that is new in ops.def is run with
// no edit here; give it a line in reference.h to have its values compared.

// Also runs on emulated CUDA.

#include <algorithm>
#include <memory>

#include "test/reference.h"
#include "test/tensors.h"

using namespace test;

namespace {

constexpr unsigned bit(DType t) { return 1u << static_cast<int>(t); }
constexpr unsigned FLOAT = bit(DType::f32) | bit(DType::f64), INTEGER = bit(DType::i32) | bit(DType::i64),
                   NUMERIC = FLOAT | INTEGER;

struct Row {
  const char* name;
  Op op;
  bool truth;  // results are bools
  unsigned types;
  int inputs, scalars;
  bool has(DType compute) const { return types & bit(compute); }
};

const Row rows[] = {
#define UNARY(name, types, scalars) {#name, Op::name, false, types, 1, scalars},
#define PREDICATE(name, types) {#name, Op::name, true, types, 1, 0},
#define BINARY(name, types, scalars) {#name, Op::name, false, types, 2, scalars},
#define COMPARE(name, types) {#name, Op::name, true, types, 2, 0},
#include "ops.def"
};

/** Results that are not exact are within so many units in the last place; so says kernels/math.h. */
constexpr double kUlps = 2.6;

/** Scalars that any row can take. */
std::vector<double> scalars_of(const Row& row) {
  std::vector<double> all = {-2, 3, 1, 1};
  all.resize(static_cast<size_t>(row.scalars));
  return all;
}

bool divides(const Row& row) {
  return row.op == Op::floorDivide || row.op == Op::truncDivide || row.op == Op::remainder ||
         row.op == Op::fmod;
}

/** Numbers of a dtype on which things tend to go wrong, then others. */
std::vector<Number> numbers_of(DType t, size_t count, uint64_t seed) {
  std::vector<Number> all;
  Random random(seed);
  if (is_floating(t)) {
    const FloatFormat f = format_of(t);
    const Number most = (2 - std::ldexp(Number{1}, 1 - f.digits)) * std::ldexp(Number{1}, f.most),
                 least = std::ldexp(Number{1}, f.least), tiny = std::ldexp(Number{1}, f.least - f.digits + 1);
    const Number magnitudes[] = {
        0,   1,    2,     0.5,  1.5,          2.5, 3, 0.1L, 10,       88.5L,
        100, most, least, tiny, least - tiny, 4,   7, 1000, INFINITY, std::sqrt(most)};
    for (Number x : magnitudes)
      for (int sign : {1, -1}) all.push_back(rounded(t, sign * x));
    all.push_back(std::nanl(""));
    while (all.size() < count) {
      const bool wide = random.coin();
      const double x =
          wide ? std::ldexp(random.uniform(1, 2), static_cast<int>(random.integer(f.least - 8, f.most)))
               : random.uniform(0, 8);
      all.push_back(rounded(t, random.coin() ? x : -x));
    }
  } else {
    int64_t low = 0, high = 1;
    if (t != DType::boolean) {
      const int width = static_cast<int>(8 * element_size(t));
      low = t == DType::u8 ? 0 : width == 64 ? INT64_MIN : -(int64_t{1} << (width - 1));
      high = t == DType::u8 ? 255 : width == 64 ? INT64_MAX : (int64_t{1} << (width - 1)) - 1;
    }
    for (int64_t x : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{2}, int64_t{-2}, int64_t{3}, int64_t{-3},
                      int64_t{7}, int64_t{10}, int64_t{63}, low, low + 1, high, high - 1, low / 2, high / 2})
      all.push_back(static_cast<Number>(wrapped(t, x)));
    while (all.size() < count)
      all.push_back(static_cast<Number>(random.coin()
                                            ? random.integer(low, high)
                                            : random.integer(low > -9 ? low : -9, high < 9 ? high : 9)));
  }
  return all;
}

/** Operands of a row: every pair of the first numbers, and pairs of others. */
struct Operands {
  std::vector<Number> x, y;
};
Operands operands_of(const Row& row, DType t, size_t count) {
  Operands all;
  all.x = numbers_of(t, count, 1);
  all.y = numbers_of(t, count, 2);
  if (row.inputs == 2) {
    const size_t special = std::min<size_t>(all.x.size(), 44);
    for (size_t i = 0; i < special; i++)
      for (size_t j = 0; j < special; j++) all.x.push_back(all.x[i]), all.y.push_back(all.y[j]);
  }
  if (divides(row) && !is_floating(t))
    for (Number& y : all.y)
      if (y == 0) y = 1;
  return all;
}

DType result_type(const Row& row, DType compute, DType t) {
  if (row.truth) return DType::boolean;
  return is_floating(compute) && !is_floating(t) ? compute : t;
}

/** Whether `got` is what the reference says of x and y in the compute type, converted to `out`. */
bool right(const Row& row, const Reference& r, DType compute, DType out, Number x, Number y, const double* s,
           Number got, Number& want) {
  if (!is_floating(compute)) {
    int64_t exact = r.integer(static_cast<int64_t>(x), static_cast<int64_t>(y), s);
    want = converted(compute, out, static_cast<Number>(wrapped(compute, exact)));
    return identical(got, want);
  }
  if (r.wide) {
    want = r.wide(x, y);
    if (compute == DType::f64) return ulps(out, got, want) <= kUlps;
    // A half is the float32 result rounded once more.
    return is_half(out) ? ulps(out, got, want) <= 0.51 : ulps(out, got, want) <= kUlps;
  }
  const auto matches = [&](Number exact) {
    want = converted(compute, out, exact);
    if (row.op == Op::maximum || row.op == Op::minimum || row.op == Op::fmax || row.op == Op::fmin)
      return got == want || identical(got, want);
    return identical(got, want);
  };
  if (compute == DType::f32) {
    const float a = static_cast<float>(x), b = static_cast<float>(y);
    return (r.fused32 && matches(r.fused32(a, b, s))) || matches(r.f32(a, b, s));
  }
  const double a = static_cast<double>(x), b = static_cast<double>(y);
  return (r.fused64 && matches(r.fused64(a, b, s))) || matches(r.f64(a, b, s));
}

bool compares(const Reference* r, DType compute) {
  if (!r) return false;
  return is_floating(compute) ? r->wide || r->f32 : r->integer != nullptr;
}

/** Values of a row in one dtype, on every instruction set. */
void check_values(const Row& row, DType t, DType compute) {
  const Reference* const r = find_reference(row.name);
  if (!compares(r, compute)) return;
  const Operands operands = operands_of(row, t, full ? 20000 : 700);
  const int64_t n = static_cast<int64_t>(operands.x.size());
  Array x(t, {n}), y(t, {n});
  for (int64_t i = 0; i < n; i++) {
    x.set(i, operands.x[static_cast<size_t>(i)]);
    y.set(i, operands.y[static_cast<size_t>(i)]);
  }
  const std::vector<double> s = scalars_of(row);
  const DType out_type = result_type(row, compute, t);
  for (Isa isa : isas()) {
    About about("%s of %s in %s on %s", row.name, dtype_name(t), dtype_name(compute), isa_name(isa));
    Array out(out_type, {n});
    Call call{row.op, compute, {out.view()}, {x.view()}, s};
    if (row.inputs == 2) call.inputs.push_back(y.view());
    run(isa, call);
    for (int64_t i = 0; i < n; i++) {
      const Number a = converted(t, compute, x.get(i)),
                   b = row.inputs == 2 ? converted(t, compute, y.get(i)) : 0, got = out.get(i);
      Number want = 0;
      checks++;
      if (!right(row, *r, compute, out_type, a, b, s.data(), got, want))
        fail(__FILE__, __LINE__, "(%.17Lg, %.17Lg): expected %.17Lg, got %.17Lg", a, b, want, got);
    }
    CHECK(out.intact());
  }
}

/** Dtypes that a row is run with. */
struct Types {
  DType compute, x, y, out;
};

std::vector<Types> types_of(const Row& row) {
  std::vector<Types> all;
  const auto add = [&](DType compute, DType x, DType y, DType out) {
    if (row.has(compute)) all.push_back({compute, x, y, row.truth ? DType::boolean : out});
  };
  for (DType t : kDTypes) add(compute_of(t), t, t, t);
  add(DType::f32, DType::f16, DType::i32, DType::f32);
  add(DType::f32, DType::boolean, DType::bf16, DType::f16);
  add(DType::f64, DType::f32, DType::i64, DType::f64);
  add(DType::f32, DType::f64, DType::f32, DType::i8);
  add(DType::i32, DType::u8, DType::i8, DType::i16);
  add(DType::i64, DType::i32, DType::i64, DType::u8);
  add(DType::i64, DType::boolean, DType::i16, DType::i64);
  return all;
}

/** A dense array of the given numbers. */
std::unique_ptr<Array> array_of(DType t, const std::vector<Number>& numbers) {
  auto all = std::make_unique<Array>(t, Sizes{static_cast<int64_t>(numbers.size())});
  all->fill_with([&](int64_t i) { return numbers[static_cast<size_t>(i)]; });
  return all;
}

/** Number, in row-major order, of the element of a tensor of `shape` that element i of `whole` broadcasts
 * from. */
int64_t broadcast_source(const Sizes& whole, int64_t i, const Sizes& shape) {
  int64_t at = 0, step = 1;
  for (size_t d = whole.size(), own = shape.size(); own-- > 0;) {
    d--;
    const int64_t index = i % whole[d];
    i /= whole[d];
    if (shape[own] != 1) at += index * step;
    step *= shape[own];
  }
  return at;
}

/**
 * Runs a row on tensors of the given shapes and layouts, and on the same elements as dense arrays: results
 * must have the same bits.
 */
class Comparison {
 public:
  Comparison(const Row& row, const Types& types, Isa isa) : row_(row), types_(types), isa_(isa) {
    std::vector<Number> x = usable(numbers_of(types.x, 160, 3), types.x),
                        y = usable(numbers_of(types.y, 163, 4), types.y);
    if (divides(row_) && !is_floating(types_.compute))
      for (Number& divisor : y)
        if (divisor == 0 || (is_floating(types_.y) && std::fabs(divisor) < 1)) divisor = 3;
    x_values_ = array_of(types.x, x);
    y_values_ = array_of(types.y, y);
  }

  void run_on(const Sizes& shape, Layout out_layout, const Sizes& x_shape, Layout x_layout,
              const Sizes& y_shape, Layout y_layout) {
    About about("%s %s(%s, %s)->%s on %s, %s out %s, x %s %s, y %s %s", row_.name, dtype_name(types_.compute),
                dtype_name(types_.x), dtype_name(types_.y), dtype_name(types_.out), isa_name(isa_),
                layout_name(out_layout), text(shape).c_str(), layout_name(x_layout), text(x_shape).c_str(),
                layout_name(y_layout), text(y_shape).c_str());
    Array x(types_.x, x_shape, x_layout), y(types_.y, y_shape, y_layout), out(types_.out, shape, out_layout);
    x.repeat(*x_values_);
    y.repeat(*y_values_);
    const int64_t n = out.numel();
    Array dense_x(types_.x, {n}), dense_y(types_.y, {n}), dense(types_.out, {n});
    const bool broadcast = x_shape != shape || y_shape != shape;
    for (int64_t i = 0; i < n; i++) {
      dense_x.copy(i, x, broadcast ? broadcast_source(shape, i, x_shape) : i);
      if (row_.inputs == 2) dense_y.copy(i, y, broadcast ? broadcast_source(shape, i, y_shape) : i);
    }
    launch(out.view(), x.view(), y.view());
    launch(dense.view(), dense_x.view(), dense_y.view());
    int64_t first = 0;
    const int64_t wrong = out.differences(dense, first);
    checks++;
    if (wrong)
      fail(__FILE__, __LINE__,
           "%lld elements differ; element %lld: f(%.17Lg, %.17Lg) is %.17Lg dense, %.17Lg here",
           static_cast<long long>(wrong), static_cast<long long>(first), dense_x.get(first),
           dense_y.get(first), dense.get(first), out.get(first));
    CHECK(out.intact());
  }

  /** In place on x, where dtypes allow it. */
  void run_in_place(const Sizes& shape, Layout layout) {
    if (types_.x != types_.out) return;
    About about("%s %s on %s, in place on %s %s", row_.name, dtype_name(types_.x), isa_name(isa_),
                layout_name(layout), text(shape).c_str());
    Array x(types_.x, shape, layout), y(types_.y, shape), same(types_.x, shape), out(types_.out, shape);
    x.repeat(*x_values_);
    y.repeat(*y_values_);
    same.repeat(*x_values_);
    launch(out.view(), same.view(), y.view());
    launch(x.view(), x.view(), y.view());
    CHECK_EQ(out.differences(x), 0);
    CHECK(x.intact());
  }

  static std::string text(const Sizes& shape) {
    std::string s = "[";
    for (int64_t size : shape) s += (s.size() > 1 ? "," : "") + std::to_string(size);
    return s + "]";
  }

 private:
  /** pow's special exponents are another way to the same numbers, within rounding: not bit by bit. */
  std::vector<Number> usable(std::vector<Number> all, DType t) const {
    if (row_.op == Op::pow && is_floating(types_.compute))
      for (Number& x : all)
        if (x == 2 || x == 0.5L || x == -0.5L || x == -1) x = is_floating(t) || t == DType::i32 ? 3 : 1;
    return all;
  }

  void launch(const TensorView& out, const TensorView& x, const TensorView& y) {
    Call call{row_.op, types_.compute, {out}, {x}, scalars_of(row_)};
    if (row_.inputs == 2) call.inputs.push_back(y);
    run(isa_, call);
  }

  const Row& row_;
  const Types types_;
  const Isa isa_;
  std::unique_ptr<Array> x_values_, y_values_;
};

/** Sizes around vectors, tiles and what threads share. */
const std::vector<int64_t>& lengths() {
  static const std::vector<int64_t> all = [] {
    std::vector<int64_t> n;
    for (int64_t i = 0; i <= 35; i++) n.push_back(i);
    for (int64_t around : {48, 64, 128, 1024, 2048, 4096})
      for (int64_t off : {-1, 0, 1}) n.push_back(around + off);
    for (int64_t around : {16384, 32768}) n.push_back(around + 1);
    return n;
  }();
  return all;
}

/** Of rows of a kind, whose functors run in the same loops, the first is run with all combinations of dtypes.
 */
bool first_of_kind(const Row& row) {
  for (const Row& other : rows)
    if (other.inputs == row.inputs && other.truth == row.truth) return &other == &row;
  return false;
}

void check_layouts(const Row& row) {
  Threads threads(3);
  std::vector<Types> types = types_of(row);
  const bool thorough = full || first_of_kind(row);
  if (!thorough)
    types.erase(std::remove_if(types.begin(), types.end(),
                               [](const Types& t) { return t.x != t.compute && t.x != DType::f16; }),
                types.end());
  for (Isa isa : isas())
    for (size_t k = 0; k < types.size(); k++) {
      Comparison compare(row, types[k], isa);
      if (thorough ? k < 2 || full : k == 0)
        for (int64_t n : lengths())
          compare.run_on({n}, Layout::dense, {n}, Layout::shifted, {n}, Layout::dense);
      const Sizes shapes[] = {
          {},       {1},         {0},          {3, 0, 2},         {5, 7}, {40, 50}, {3, 700},
          {300, 5}, {65, 1, 66}, {3, 4, 5, 6}, {2, 3, 2, 3, 2, 3}};
      size_t turn = k;
      for (const Sizes& shape : shapes) {
        if (brief && product(shape) > 1500) continue;  // what is broadcast below is larger
        for (Layout layout : kLayouts) {
          // Each operand has its turn to be in another layout than the others.
          const Layout other = kLayouts[turn++ % 6], third = kLayouts[turn / 3 % 6];
          compare.run_on(shape, layout, shape, other, shape, third);
          if (full) compare.run_on(shape, third, shape, layout, shape, other);
        }
      }
      // Broadcasting, of either operand, from fewer dimensions and from sizes of 1.
      compare.run_on({33, 70}, Layout::dense, {33, 70}, Layout::dense, {}, Layout::dense);
      compare.run_on({33, 70}, Layout::dense, {1, 1}, Layout::shifted, {33, 70}, Layout::gaps);
      compare.run_on({33, 70}, Layout::dense, {33, 1}, Layout::dense, {70}, Layout::shifted);
      compare.run_on({33, 70}, Layout::transposed, {70}, Layout::reversed, {33, 1}, Layout::gaps);
      compare.run_on({9, 300}, Layout::dense, {9, 1}, Layout::dense, {9, 300}, Layout::dense);
      compare.run_on({9, 300}, Layout::gaps, {300}, Layout::dense, {9, 1}, Layout::dense);
      compare.run_on({4, 5, 6}, Layout::rotated, {5, 1}, Layout::gaps, {4, 1, 6}, Layout::transposed);
      compare.run_on({0, 5}, Layout::dense, {1, 5}, Layout::dense, {1}, Layout::dense);
      compare.run_in_place({40, 50}, Layout::dense);
      compare.run_in_place({40, 50}, Layout::transposed);
      compare.run_in_place({3, 700}, Layout::gaps);
      if (thorough) {  // long rows of their own, many tasks
        compare.run_on({2, 20000}, Layout::dense, {2, 20000}, Layout::shifted, {20000}, Layout::dense);
        compare.run_in_place({70000}, Layout::dense);
      }
      Sizes many(64, 1);
      many[3] = 3, many[40] = 2, many[63] = 5;
      compare.run_on(many, Layout::dense, many, Layout::gaps, many, Layout::transposed);
    }
}

/** A function of three operands, of elements as its kernel takes them; `scale`: of what it rounds on the way.
 */
Number three(Op op, Number x, Number a, Number b, Number value, Number& scale) {
  if (op == Op::lerp) {
    scale = (std::fabs(x) + std::fabs(a)) * (1 + std::fabs(b));
    return x + b * (a - x);
  }
  const Number product = op == Op::addcmul ? value * a * b : value * a / b;
  scale = std::fabs(x) + std::fabs(product);
  return x + product;
}

/** An operand of one: its dtype, shape and layout. */
struct Third {
  DType type;
  Sizes shape;
  Layout layout;
};

/** Runs one on tensors of moderate elements and compares with a plain loop; `in_place`: on the first. */
void check_three(Op op, DType compute, const Third& result, const Third (&operand)[3],
                 bool in_place = false) {
  const double value = -2;
  Random random(21);
  std::vector<std::unique_ptr<Array>> in;
  for (const Third& o : operand) {
    in.push_back(std::make_unique<Array>(o.type, o.shape, o.layout));
    in.back()->fill_with([&](int64_t) -> Number {
      if (o.type == DType::boolean) return 1;
      if (!is_floating(o.type)) return static_cast<Number>(random.integer(1, 9));
      const Number x = rounded(o.type, random.uniform(0.5, 2));
      return random.coin() ? x : -x;
    });
  }
  Array made(result.type, result.shape, result.layout);
  const int64_t n = made.numel();
  std::vector<Number> want(static_cast<size_t>(n)), scales(want.size());
  for (int64_t i = 0; i < n; i++) {
    Number x[3];
    for (size_t k = 0; k < 3; k++)
      x[k] = converted(operand[k].type, compute,
                       in[k]->get(broadcast_source(result.shape, i, operand[k].shape)));
    want[static_cast<size_t>(i)] = three(op, x[0], x[1], x[2], value, scales[static_cast<size_t>(i)]);
  }
  Array& out = in_place ? *in[0] : made;
  for (Isa isa : isas()) {
    if (in_place && isa != isas().back()) continue;
    About about("%s %s(%s, %s, %s)->%s on %s, %s out %s, operands %s %s, %s %s, %s %s%s",
                op_name(static_cast<int>(op)), dtype_name(compute), dtype_name(operand[0].type),
                dtype_name(operand[1].type), dtype_name(operand[2].type), dtype_name(result.type),
                isa_name(isa), layout_name(result.layout), Comparison::text(result.shape).c_str(),
                layout_name(operand[0].layout), Comparison::text(operand[0].shape).c_str(),
                layout_name(operand[1].layout), Comparison::text(operand[1].shape).c_str(),
                layout_name(operand[2].layout), Comparison::text(operand[2].shape).c_str(),
                in_place ? ", in place" : "");
    Call call{op, compute, {out.view()}, {in[0]->view(), in[1]->view(), in[2]->view()}, {value}};
    if (op == Op::lerp) call.scalars.clear();
    run(isa, call);
    int64_t wrong = 0, where = 0;
    for (int64_t i = 0; i < n; i++) {
      const Number got = out.get(i), w = want[static_cast<size_t>(i)];
      bool good;
      if (is_floating(compute))
        good = std::fabs(got - w) <= 3 * spacing(compute, scales[static_cast<size_t>(i)]) +
                                         (is_half(result.type) ? 0.51L * spacing(result.type, w) : 0);
      else
        good = got == converted(compute, result.type, w);
      if (!good && wrong++ == 0) where = i;
    }
    checks++;
    if (wrong)
      fail(__FILE__, __LINE__, "%lld elements are wrong: element %lld is %.17Lg, expected %.17Lg",
           static_cast<long long>(wrong), static_cast<long long>(where), out.get(where),
           want[static_cast<size_t>(where)]);
    CHECK(out.intact());
  }
}

}  // namespace

TEST("functions of three operands, of any dtype, size and layout") {
  const Threads threads(3);
  const Layout dense = Layout::dense, gaps = Layout::gaps;
  for (Op op : {Op::addcmul, Op::addcdiv, Op::lerp}) {
    for (DType t : kDTypes) {
      const DType compute = compute_of(t);
      if (!is_floating(t) && (op != Op::addcmul || t == DType::boolean)) continue;
      for (int64_t n : {0, 1, 3, 4, 5, 33, 257, 1025, 5000}) {
        check_three(op, compute, {t, {n}, dense}, {{t, {n}, dense}, {t, {n}, dense}, {t, {n}, dense}});
        check_three(op, compute, {t, {n}, dense},
                    {{t, {n}, dense}, {t, {n}, Layout::shifted}, {t, {n}, dense}});
        check_three(op, compute, {t, {n}, dense}, {{t, {n}, dense}, {t, {}, dense}, {t, {1}, dense}}, n > 1);
      }
      const Sizes shapes[] = {{}, {3, 0, 2}, {40, 50}, {3, 4, 5, 6}, {300, 5}};
      size_t turn = static_cast<size_t>(t);
      for (const Sizes& shape : shapes)
        for (Layout layout : kLayouts) {
          const Layout second = kLayouts[turn++ % 6], third = kLayouts[turn / 3 % 6];
          check_three(op, compute, {t, shape, third},
                      {{t, shape, layout}, {t, shape, second}, {t, shape, third}});
          check_three(op, compute, {t, shape, layout},
                      {{t, shape, layout}, {t, shape, second}, {t, shape, layout}}, true);
        }
      check_three(op, compute, {t, {33, 70}, dense}, {{t, {70}, dense}, {t, {33, 1}, gaps}, {t, {}, dense}});
      check_three(op, compute, {t, {33, 70}, Layout::transposed},
                  {{t, {33, 70}, dense}, {t, {1, 1}, gaps}, {t, {33, 1}, Layout::reversed}});
      check_three(op, compute, {t, {4, 5, 6}, gaps},
                  {{t, {1, 5, 1}, dense}, {t, {6}, Layout::shifted}, {t, {4, 1, 6}, Layout::transposed}});
    }
    const Sizes n = {3000};
    check_three(op, DType::f32, {DType::f32, n, dense},
                {{DType::f16, n, dense}, {DType::f64, {}, dense}, {DType::i32, n, gaps}});
    check_three(op, DType::f64, {DType::f64, n, gaps},
                {{DType::i64, n, dense}, {DType::f64, n, dense}, {DType::boolean, n, dense}});
  }
  check_three(Op::addcmul, DType::i64, {DType::i32, {3000}, dense},
              {{DType::u8, {3000}, dense}, {DType::i64, {3000}, dense}, {DType::boolean, {3000}, dense}});
}

TEST("functions of three operands take numbers, wrap, and lerp reaches its ends") {
  for (Isa isa : isas()) {
    About about("%s", isa_name(isa));
    for (DType t : {DType::f32, DType::f64, DType::bf16}) {
      Array x(t, {700}), y(t, {700}), weight(compute_of(t), {}), out(t, {700}), same(t, {700});
      Random random(4);
      for (Array* a : {&x, &y}) a->fill_with([&](int64_t) { return rounded(t, random.uniform(-9, 9)); });
      for (double w : {0.0, 0.3, 1.0}) {
        const NumberOperand number(w);
        weight.fill(w);
        run(isa, {Op::lerp, compute_of(t), {out.view()}, {x.view(), y.view(), number.view()}, {}});
        run(isa, {Op::lerp, compute_of(t), {same.view()}, {x.view(), y.view(), weight.view()}, {}});
        CHECK_EQ(out.differences(same), 0);
        if (w != 0.3) CHECK_EQ(out.differences(w == 0 ? x : y), 0);
      }
    }
    for (DType t : {DType::i32, DType::i64}) {
      const int64_t most = t == DType::i32 ? INT32_MAX : INT64_MAX;
      Array x(t, {130}), a(t, {130}), out(t, {130});
      x.fill(static_cast<Number>(most));
      a.fill(static_cast<Number>(most));
      const NumberOperand number(int64_t{1});
      // most + 3 most = 4 (most + 1) - 4, modulo 2^n
      run(isa, {Op::addcmul, t, {out.view()}, {x.view(), a.view(), number.view()}, {3}});
      for (int64_t i = 0; i < 130; i++) CHECK_EQ(static_cast<int64_t>(out.get(i)), -4);
    }
  }
}

TEST("values in every dtype are those of a naive loop") {
  std::string missing;
  for (const Row& row : rows) {
    if (!find_reference(row.name)) missing += std::string(" ") + row.name;
    for (DType t : kDTypes)
      if (row.has(compute_of(t)))
        check_values(row, t, compute_of(t));
      else if (row.has(DType::f32) && !is_floating(t))
        check_values(row, t, DType::f32);
  }
  if (!missing.empty()) note("values not compared (no line in reference.h):%s", missing.c_str());
}

TEST("unary rows give the same results in every layout") {
  for (const Row& row : rows)
    if (row.inputs == 1) check_layouts(row);
}

TEST("binary rows give the same results in every layout") {
  for (const Row& row : rows)
    if (row.inputs == 2) check_layouts(row);
}

TEST("every element is its own: a dense array gives what its elements give alone") {
  for (const Row& row : rows)
    for (DType t : {DType::f32, DType::f64, DType::i32, DType::i64}) {
      if (!row.has(t)) continue;
      const Operands operands = operands_of(row, t, 60);
      const int64_t most = full ? 4000 : brief ? 40 : 300;
      const int64_t n = std::min(static_cast<int64_t>(operands.x.size()), most);
      const DType out_type = result_type(row, t, t);
      Array x(t, {n}), y(t, {n}), out(out_type, {n});
      for (int64_t i = 0; i < n; i++) {
        // From the end, where the pairs are.
        x.set(i, operands.x[operands.x.size() - 1 - static_cast<size_t>(i)]);
        y.set(i, operands.y[operands.y.size() - 1 - static_cast<size_t>(i)]);
      }
      for (Isa isa : isas()) {
        About about("%s of %s on %s", row.name, dtype_name(t), isa_name(isa));
        Call call{row.op, t, {out.view()}, {x.view()}, scalars_of(row)};
        if (row.inputs == 2) call.inputs.push_back(y.view());
        run(isa, call);
        for (int64_t i = 0; i < n; i++) {
          Array a(t, {1}), b(t, {1}), c(out_type, {1});
          a.set(0, x.get(i));
          b.set(0, y.get(i));
          Call one{row.op, t, {c.view()}, {a.view()}, scalars_of(row)};
          // A y with a second element, so that pow has no special case for it.
          Array pair(t, {2}), pair_x(t, {2}), pair_out(out_type, {2});
          if (row.op == Op::pow) {
            pair_x.set(0, x.get(i)), pair_x.set(1, 1), pair.set(0, y.get(i)), pair.set(1, 1);
            one = {row.op, t, {pair_out.view()}, {pair_x.view(), pair.view()}, {}};
          } else if (row.inputs == 2) {
            one.inputs.push_back(b.view());
          }
          run(isa, one);
          const Number alone = row.op == Op::pow ? pair_out.get(0) : c.get(0);
          checks++;
          if (!identical(alone, out.get(i)))
            fail(__FILE__, __LINE__, "f(%.17Lg, %.17Lg) is %.17Lg alone, %.17Lg among others", x.get(i),
                 y.get(i), alone, out.get(i));
        }
      }
    }
}

TEST("a number beside a tensor counts as an element of the compute type") {
  for (const Row& row : rows) {
    if (row.inputs != 2) continue;
    for (DType t : kDTypes) {
      const DType compute = compute_of(t);
      if (!row.has(compute)) continue;
      for (double value : {3.0, -7.0, 0.1}) {
        if (!is_floating(t) && value == 0.1) continue;
        if (t == DType::u8 || t == DType::boolean) value = 1;
        const NumberOperand number(value);
        Array x(t, {130}), same(t, {130}), y(compute, {130});
        x.repeat(*array_of(t, numbers_of(t, 130, 5)));
        if (divides(row) && !is_floating(t))
          for (int64_t i = 0; i < 130; i++)
            if (x.get(i) == 0) x.set(i, 1);
        y.fill(value);
        const DType out_type = row.truth ? DType::boolean : t;
        for (Isa isa : isas())
          for (bool first : {true, false}) {
            About about("%s of %s with %g %s on %s", row.name, dtype_name(t), value,
                        first ? "first" : "second", isa_name(isa));
            Array out(out_type, {130}), want(out_type, {130});
            const TensorView a = first ? number.view() : x.view(), b = first ? x.view() : number.view();
            run(isa, {row.op, compute, {out.view()}, {a, b}, scalars_of(row)});
            run(isa, {row.op,
                      compute,
                      {want.view()},
                      {first ? y.view() : x.view(), first ? x.view() : y.view()},
                      scalars_of(row)});
            CHECK_EQ(out.differences(want), 0);
          }
      }
    }
  }
}

TEST("remainders and whole quotients are exact, whatever the size of the quotient") {
  const int64_t n = full ? 400000 : 20000;
  for (DType t : {DType::f32, DType::f64}) {
    Random random(8);
    Array x(t, {n}), y(t, {n}), out(t, {n});
    for (int64_t i = 0; i < n; i++) {
      const Number divisor = std::ldexp(random.uniform(1, 2), static_cast<int>(random.integer(-20, 20)));
      // Near a multiple, exactly one, or between two, of up to 2^60 times the divisor.
      const Number times = std::nearbyint(std::ldexp(random.uniform(1, 2), static_cast<int>(i % 61)));
      const Number exact = rounded(t, divisor), near = rounded(t, exact * times);
      y.set(i, random.coin() ? exact : -exact);
      x.set(i,
            (random.coin() ? near : -near) + static_cast<Number>(random.integer(-1, 1)) * spacing(t, near));
      if (i % 3 == 0) x.set(i, near + exact * random.uniform(0, 1));
    }
    for (Op op : {Op::remainder, Op::floorDivide}) {
      const Reference* const r = find_reference(op_name(static_cast<int>(op)));
      for (Isa isa : isas()) {
        About about("%s of %s on %s", op_name(static_cast<int>(op)), dtype_name(t), isa_name(isa));
        run(isa, {op, t, {out.view()}, {x.view(), y.view()}, {}});
        for (int64_t i = 0; i < n; i++) {
          const Number want =
              t == DType::f32 ? r->f32(static_cast<float>(x.get(i)), static_cast<float>(y.get(i)), nullptr)
                              : r->f64(static_cast<double>(x.get(i)), static_cast<double>(y.get(i)), nullptr);
          checks++;
          if (!identical(out.get(i), want))
            fail(__FILE__, __LINE__, "(%.17Lg, %.17Lg): expected %.17Lg, got %.17Lg", x.get(i), y.get(i),
                 want, out.get(i));
        }
      }
    }
  }
}

TEST("pow has exact shortcuts for some exponents") {
  struct {
    double exponent;
    Number (*f)(Number);
  } const shortcuts[] = {{2, [](Number x) { return x * x; }},
                         {0.5, [](Number x) { return std::sqrt(x); }},
                         {-0.5, [](Number x) { return 1 / std::sqrt(x); }},
                         {-1, [](Number x) { return 1 / x; }}};
  for (Isa isa : isas())
    for (DType t : {DType::f32, DType::f64, DType::f16})
      for (const auto& shortcut : shortcuts) {
        About about("exponent %g, %s on %s", shortcut.exponent, dtype_name(t), isa_name(isa));
        Array x(t, {100}), out(t, {100});
        x.repeat(*array_of(t, numbers_of(t, 100, 6)));
        const NumberOperand number(shortcut.exponent);
        run(isa, {Op::pow, compute_of(t), {out.view()}, {x.view(), number.view()}, {}});
        for (int64_t i = 0; i < 100; i++) CHECK(ulps(t, out.get(i), shortcut.f(x.get(i))) <= 1.5);
      }
}

TEST("clamp takes bounds beyond an integer's range, and none where they are NaN") {
  const double none = std::nan("");
  for (Isa isa : isas())
    for (DType t : {DType::i32, DType::i64}) {
      About about("%s on %s", dtype_name(t), isa_name(isa));
      Array x(t, {40}), out(t, {40});
      x.repeat(*array_of(t, numbers_of(t, 40, 7)));
      const auto clamped = [&](double low, double high) {
        run(isa, {Op::clamp, t, {out.view()}, {x.view()}, {low, high}});
      };
      const Number most = t == DType::i32 ? static_cast<Number>(INT32_MAX) : static_cast<Number>(INT64_MAX);
      for (double far : {1e30, HUGE_VAL, none}) {
        clamped(-far, far);
        for (int64_t i = 0; i < 40; i++) CHECK(out.get(i) == x.get(i));
      }
      clamped(1e30, none);
      for (int64_t i = 0; i < 40; i++) CHECK(out.get(i) == most);
      clamped(none, -1e30);
      for (int64_t i = 0; i < 40; i++) CHECK(out.get(i) == -most - 1);
      clamped(5, -5);  // the upper bound wins
      for (int64_t i = 0; i < 40; i++) CHECK(out.get(i) == -5);
    }
}

TEST("scalars that no integer holds do no harm") {
  for (Isa isa : isas())
    for (DType t : {DType::i32, DType::i64})
      for (double alpha : {1e30, -1e30, std::nan(""), HUGE_VAL}) {
        Array x(t, {20}), out(t, {20});
        x.fill(2);
        run(isa, {Op::addScaled, t, {out.view()}, {x.view(), x.view()}, {alpha}});
        CHECK(out.get(0) == out.get(19));
      }
}

SLOW_TEST("large tensors are written past the caches, all of them") {
  Threads threads(2);
  for (Isa isa : isas())
    for (DType t : {DType::f32, DType::f64, DType::i8}) {
      const int64_t n = (17 << 20) / element_size(t) + 13;
      About about("%s on %s", dtype_name(t), isa_name(isa));
      Array x(t, {n}, Layout::shifted), y(t, {n}), out(t, {n}, Layout::shifted);
      x.fill_with([](int64_t i) { return static_cast<Number>(i % 61); });
      y.fill_with([](int64_t i) { return static_cast<Number>(i % 57); });
      run(isa, {Op::add, compute_of(t), {out.view()}, {x.view(), y.view()}, {}});
      int64_t wrong = 0;
      for (int64_t i = 0; i < n; i++) wrong += out.get(i) != static_cast<Number>(i % 61 + i % 57);
      CHECK_EQ(wrong, 0);
      CHECK(out.intact());
      run(isa, {Op::copy, compute_of(t), {out.view()}, {x.view()}, {}});
      wrong = 0;
      for (int64_t i = 0; i < n; i++) wrong += out.get(i) != x.get(i);
      CHECK_EQ(wrong, 0);
    }
}

TEST("integer division by zero is refused before anything is written") {
  for (Isa isa : isas())
    for (Op op : {Op::floorDivide, Op::truncDivide, Op::remainder, Op::fmod})
      for (DType t : {DType::i32, DType::i64, DType::i8, DType::u8})
        for (Layout layout : kLayouts)
          for (int64_t zero : {int64_t{0}, int64_t{1500}, int64_t{2999}}) {
            About about("%s of %s on %s", op_name(static_cast<int>(op)), dtype_name(t), isa_name(isa));
            Array x(t, {50, 60}), y(t, {50, 60}, layout), out(t, {50, 60});
            x.fill(7);
            y.fill(2);
            y.set(zero, 0);
            const LaunchError error =
                try_run(isa, {op, compute_of(t), {out.view()}, {x.view(), y.view()}, {}});
            CHECK(error.code == ErrorCode::argument);
            CHECK(std::strstr(error.message, op_name(static_cast<int>(op))) == error.message);
            CHECK(out.untouched());
          }
}

TEST("a divisor that is zero in the compute type is refused, whatever it was before") {
  for (Isa isa : isas())
    for (Op op : {Op::floorDivide, Op::truncDivide, Op::remainder}) {
      About about("%s on %s", op_name(static_cast<int>(op)), isa_name(isa));
      Array x(DType::i32, {5}), y(DType::i64, {}), out(DType::i32, {5});
      x.fill(7);
      y.fill(0x1p32);
      const NumberOperand number(int64_t{1} << 32);
      for (const TensorView& divisor : {y.view(), number.view()}) {
        const LaunchError error = try_run(isa, {op, DType::i32, {out.view()}, {x.view(), divisor}, {}});
        CHECK(error.code == ErrorCode::argument);
        CHECK(out.untouched());
      }
    }
}

TEST("an int64 beside floats is rounded once") {
  // Between two float32 numbers, beyond what float64 tells from the middle.
  const int64_t value = (int64_t{1} << 60) + (int64_t{1} << 36) + 1;
  for (Isa isa : isas()) {
    About about("on %s", isa_name(isa));
    Array x(DType::f32, {3}), out(DType::f32, {3});
    x.fill(0);
    run(isa, {Op::add, DType::f32, {out.view()}, {x.view(), NumberOperand(value).view()}, {}});
    for (int64_t i = 0; i < 3; i++) CHECK_EQ(out.get(i), Number{0x1p60} + Number{0x1p37});
  }
}
