// Kernels that move elements, or make them of their place: fill, copy, copyParts, where, arange, eye, tril,
// triu, indexSelect, indexAdd.

// Also runs on emulated CUDA.

#include <memory>

#include "test/tensors.h"

using namespace test;

namespace {

/** Values that many dtypes hold, and some that few do. */
Number value_of(DType t, int64_t i) {
  if (t == DType::boolean) return i % 3 == 0;
  const Number plain = static_cast<Number>(i * 37 % 101 - (t == DType::u8 ? 0 : 50));
  if (!is_floating(t)) return plain;
  switch (i % 13) {
    case 0: return 0.5L + plain;
    case 1: return -0.0L;
    case 2: return std::nanl("");
    case 3: return INFINITY;
    case 4: return -INFINITY;
    case 5: return 1e-5L * plain;
    case 6: return t == DType::f16 ? 60000 : 3e9L;
    case 7: return t == DType::f16 ? -60000 : -1e19L;
    default: return plain;
  }
}

void fill_values(Array& x) {
  x.fill_with([&](int64_t i) { return value_of(x.dtype(), i); });
}

std::string text(const Sizes& list) {
  std::string s = "[";
  for (int64_t n : list) s += (s.size() > 1 ? "," : "") + std::to_string(n);
  return s + "]";
}

/** Number of the element that a tensor of `shape` has at the same place of `whole`, to which it broadcasts.
 */
int64_t source_of(const Sizes& whole, int64_t i, const Sizes& shape) {
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

/** The type by way of which a dtype becomes another, as lib has it for `to`. */
DType between(DType from, DType to) { return to == DType::boolean ? compute_of(from) : compute_of(to); }

/** What an element becomes on its way: first in the type between, then in the result's. */
Number moved(DType from, DType to, Number x) {
  if (from == to) return x;
  const DType middle = between(from, to);
  return converted(middle, to, converted(from, middle, x));
}

int64_t product_after(const Sizes& shape, size_t d) {
  int64_t n = 1;
  for (size_t i = d + 1; i < shape.size(); i++) n *= shape[i];
  return n;
}

}  // namespace

TEST("copy converts from every dtype to every other, as C does but with defined results") {
  for (DType from : kDTypes)
    for (DType to : kDTypes) {
      Array x(from, {1000}), shifted(from, {1000}, Layout::shifted);
      fill_values(x);
      fill_values(shifted);
      for (Isa isa : isas())
        for (const Array* source : {&x, &shifted}) {
          About about("%s to %s on %s", dtype_name(from), dtype_name(to), isa_name(isa));
          Array out(to, {1000});
          run(isa, {Op::copy, compute_of(to), {out.view()}, {source->view()}, {}});
          for (int64_t i = 0; i < 1000; i++) {
            const Number want = moved(from, to, x.get(i));
            checks++;
            if (!identical(out.get(i), want))
              fail(__FILE__, __LINE__, "%.17Lg becomes %.17Lg, expected %.17Lg", x.get(i), out.get(i), want);
          }
        }
    }
}

TEST("every half is a float, and every float the nearest half") {
  Array half(DType::f16, {65536}), brain(DType::bf16, {65536}), wide(DType::f32, {65536}),
      back16(DType::f16, {65536}), back(DType::bf16, {65536});
  for (int64_t i = 0; i < 65536; i++) {
    const uint16_t bits = static_cast<uint16_t>(i);
    std::memcpy(half.at(i), &bits, 2);
    std::memcpy(brain.at(i), &bits, 2);
  }
  for (Isa isa : isas()) {
    About about("%s", isa_name(isa));
    int64_t wrong = 0;
    run(isa, {Op::copy, DType::f32, {wide.view()}, {half.view()}, {}});
    for (int64_t i = 0; i < 65536; i++) wrong += !identical(wide.get(i), half.get(i));
    run(isa, {Op::copy, DType::f32, {back16.view()}, {wide.view()}, {}});
    wrong += back16.differences(half);
    run(isa, {Op::copy, DType::f32, {wide.view()}, {brain.view()}, {}});
    for (int64_t i = 0; i < 65536; i++) wrong += !identical(wide.get(i), brain.get(i));
    run(isa, {Op::copy, DType::f32, {back.view()}, {wide.view()}, {}});
    wrong += back.differences(brain);
    CHECK_EQ(wrong, 0);
  }
  // Around every boundary between neighbouring halves, and others of any magnitude.
  Random random(1);
  const int64_t n = full ? 4000000 : 400000;
  for (DType t : {DType::f16, DType::bf16}) {
    Array x(DType::f32, {n}), out(t, {n});
    for (int64_t i = 0; i < n; i++) {
      uint32_t bits = static_cast<uint32_t>(random.bits());
      if (i % 2) {
        const Number a = load_number(reinterpret_cast<const char*>(&bits), t);
        const float middle = static_cast<float>(a + spacing(t, a) / 2);
        std::memcpy(&bits, &middle, 4);
        bits += static_cast<uint32_t>(random.integer(-1, 1));
      }
      std::memcpy(x.at(i), &bits, 4);
    }
    for (Isa isa : isas()) {
      run(isa, {Op::copy, DType::f32, {out.view()}, {x.view()}, {}});
      int64_t wrong = 0;
      for (int64_t i = 0; i < n; i++) wrong += !identical(out.get(i), rounded(t, x.get(i)));
      CHECK_EQ(wrong, 0);
    }
  }
}

TEST("copy, from any layout and shape to any other") {
  const Threads threads(3);
  struct {
    Sizes out, x;
  } const shapes[] = {{{}, {}},
                      {{7}, {7}},
                      {{5, 7}, {5, 7}},
                      {{40, 50}, {40, 50}},
                      {{3, 700}, {3, 700}},
                      {{700, 3}, {700, 3}},
                      {{2, 3, 4, 5}, {2, 3, 4, 5}},
                      {{33, 65}, {65}},
                      {{33, 65}, {33, 1}},
                      {{4, 5}, {}},
                      {{0, 5}, {1, 5}},
                      {{6, 1, 50}, {6, 1, 50}},
                      {{300, 300}, {300, 300}},
                      {{130, 131}, {130, 131}}};
  const std::pair<DType, DType> types[] = {{DType::f32, DType::f32}, {DType::f64, DType::f64},
                                           {DType::i8, DType::i8},   {DType::f16, DType::f16},
                                           {DType::f16, DType::f32}, {DType::f32, DType::bf16},
                                           {DType::i64, DType::u8},  {DType::boolean, DType::f64}};
  for (const auto& [from, to] : types)
    for (const auto& shape : shapes)
      for (Layout x_layout : kLayouts)
        for (Layout out_layout : kLayouts) {
          if (product(shape.out) > 10000 && !full &&
              (from != DType::f32 || to != from || x_layout == out_layout))
            continue;
          Array x(from, shape.x, x_layout);
          fill_values(x);
          for (Isa isa : isas()) {
            About about("%s to %s, %s %s to %s %s on %s", dtype_name(from), dtype_name(to),
                        layout_name(x_layout), text(shape.x).c_str(), layout_name(out_layout),
                        text(shape.out).c_str(), isa_name(isa));
            Array out(to, shape.out, out_layout);
            run(isa, {Op::copy, compute_of(to), {out.view()}, {x.view()}, {}});
            int64_t wrong = 0;
            for (int64_t i = 0; i < out.numel(); i++) {
              const int64_t j = shape.x == shape.out ? i : source_of(shape.out, i, shape.x);
              if (from == to ? !out.same_bits(i, x, j) : !identical(out.get(i), moved(from, to, x.get(j))))
                wrong++;
            }
            CHECK_EQ(wrong, 0);
            CHECK(out.intact());
          }
        }
}

TEST("copies of permuted dimensions, each dense along another") {
  const Sizes shape = {3, 2, 40, 33};
  const Sizes dense = {2640, 1320, 33, 1};
  const std::pair<Sizes, Sizes> strides[] = {
      {dense, {2640, 1320, 1, 40}},  // matrices, transposed
      {dense, {1, 3, 6, 240}},       // all dimensions, reversed
      {dense, {80, 40, 1, 240}},     // rows of matrices that are far apart
      {dense, {0, 1320, 1, 40}},     // one matrix for several
      {{2800, 1400, 35, 1}, {2640, 1320, 1, 40}},
      {{2640, 1320, 1, 40}, dense},
  };
  for (DType t : {DType::u8, DType::f16, DType::f32, DType::f64})
    for (const auto& [out_strides, x_strides] : strides)
      for (Isa isa : isas()) {
        About about("%s on %s", dtype_name(t), isa_name(isa));
        Array x(t, shape, x_strides), out(t, shape, out_strides);
        fill_values(x);
        run(isa, {Op::copy, compute_of(t), {out.view()}, {x.view()}, {}});
        int64_t wrong = 0;
        for (int64_t i = 0; i < out.numel(); i++) wrong += !out.same_bits(i, x, i);
        CHECK_EQ(wrong, 0);
        CHECK(out.intact());
      }
}

TEST("copyParts, of whatever lies side by side in a tensor") {
  const Threads threads(3);
  const struct {
    Sizes shape;
    size_t dim;
    Sizes parts;
  } cases[] = {{{5, 7}, 1, {3, 4}},
               {{40, 300}, 1, {100, 200}},
               {{20, 1000}, 1, {997, 3}},
               {{3, 50, 20}, 2, {1, 19}},
               {{2, 3, 4, 300}, 3, {150, 150}},
               {{6, 4}, 0, {2, 4}},
               {{1, 9}, 1, {4, 5}},
               {{5, 6}, 1, {6, 0}},
               {{1000, 2}, 1, {1, 1}},
               {{7}, 0, {3, 3, 1}},
               {{20, 3, 130}, 1, {1, 2}},
               {{2, 2, 600}, 1, {1, 1}},
               {{0, 4}, 1, {1, 3}},
               {{64, 520}, 1, {130, 130, 130, 130}}};
  const std::pair<DType, DType> types[] = {
      {DType::f32, DType::f32}, {DType::u8, DType::u8}, {DType::f16, DType::f32}, {DType::f64, DType::f64}};
  for (const auto& [from, to] : types)
    for (const auto& c : cases)
      for (Layout layout : kLayouts)
        for (Layout out_layout : {Layout::dense, Layout::rotated})
          for (Isa isa : isas()) {
            About about("%s %s to %s %s along %d on %s", layout_name(layout), dtype_name(from),
                        layout_name(out_layout), text(c.shape).c_str(), static_cast<int>(c.dim),
                        isa_name(isa));
            Array out(to, c.shape, out_layout);
            Call call{Op::copyParts, compute_of(to), {}, {}, {}};
            std::vector<Sizes> shapes;
            std::vector<std::unique_ptr<Array>> inputs;
            shapes.reserve(c.parts.size());
            int64_t start = 0;
            for (int64_t n : c.parts) {
              shapes.push_back(c.shape);
              shapes.back()[c.dim] = n;
              inputs.push_back(std::make_unique<Array>(from, shapes.back(), layout));
              Array& x = *inputs.back();
              x.fill_with([&](int64_t i) { return value_of(from, i + start); });
              TensorView part = out.view();
              part.shape = shapes.back().data();
              part.numel = x.numel();
              part.data = out.view().as<char>() + start * part.strides[c.dim] * element_size(to);
              part.contiguous = is_contiguous(part.shape, part.strides, part.rank);
              call.outputs.push_back(part);
              call.inputs.push_back(x.view());
              start += n;
            }
            run(isa, call);
            int64_t wrong = 0;
            start = 0;
            for (const auto& x : inputs) {
              const int64_t n = x->shape()[c.dim], after = product_after(c.shape, c.dim), row = n * after;
              for (int64_t i = 0; i < x->numel(); i++) {
                const int64_t at = i / row * c.shape[c.dim] * after + start * after + i % row;
                if (from == to ? !out.same_bits(at, *x, i)
                               : !identical(out.get(at), moved(from, to, x->get(i))))
                  wrong++;
              }
              start += n;
            }
            CHECK_EQ(wrong, 0);
            CHECK(out.intact());
          }
}

TEST("fill writes its value, as the dtype holds it, and nothing else") {
  const double none = std::nan("");
  for (DType t : kDTypes)
    for (double value : {0.0, 1.0, -1.0, 2.5, 100.0, 255.0, 300.0, -129.0, 1e10, 1e300, -1e300, HUGE_VAL,
                         -HUGE_VAL, none, 4294967296.0, 9007199254740992.0})
      for (const Sizes& shape : {Sizes{}, Sizes{0}, Sizes{5}, Sizes{40, 50}, Sizes{70000}})
        for (Layout layout : {Layout::dense, Layout::shifted, Layout::transposed, Layout::gaps}) {
          if (product(shape) > 5000 && (layout != Layout::dense || value != 1)) continue;
          for (Isa isa : isas()) {
            About about("%g as %s %s on %s", value, dtype_name(t), layout_name(layout), isa_name(isa));
            Array out(t, shape, layout);
            run(isa, {Op::fill, compute_of(t), {out.view()}, {}, {value}});
            const Number want = t == DType::boolean ? value != 0
                                : is_floating(t)    ? converted(DType::f64, t, value)
                                                    : static_cast<Number>(wrapped(t, cut(value, 64)));
            int64_t wrong = 0;
            for (int64_t i = 0; i < out.numel(); i++) wrong += !identical(out.get(i), want);
            CHECK_EQ(wrong, 0);
            CHECK(out.intact());
          }
        }
}

TEST("fill of a tensor that was expanded") {
  const Threads threads(4);
  for (Isa isa : isas())
    for (const auto& [shape, strides] : {std::pair<Sizes, Sizes>{{300, 400}, {0, 0}},
                                         {{300, 400}, {1, 0}},
                                         {{300, 400}, {0, 1}},
                                         {{0, 4}, {0, 0}},
                                         {{5, 7, 9}, {9, 0, 1}}}) {
      Array out(DType::f32, shape, strides);
      run(isa, {Op::fill, DType::f32, {out.view()}, {}, {3}});
      int64_t wrong = 0;
      for (int64_t i = 0; i < out.numel(); i++) wrong += out.get(i) != 3;
      CHECK_EQ(wrong, 0);
      CHECK(out.intact());
    }
}

TEST("where chooses, with broadcasting, in every dtype and layout") {
  const Threads threads(3);
  struct {
    Sizes out, c, x, y;
  } const shapes[] = {{{}, {}, {}, {}},
                      {{100}, {100}, {100}, {100}},
                      {{100}, {1}, {100}, {100}},
                      {{40, 50}, {40, 50}, {50}, {}},
                      {{40, 50}, {40, 1}, {}, {40, 50}},
                      {{40, 50}, {50}, {40, 1}, {1, 50}},
                      {{3, 700}, {3, 700}, {}, {1}},
                      {{3, 4, 5}, {4, 1}, {3, 4, 5}, {3, 1, 5}},
                      {{0, 3}, {3}, {1}, {0, 3}},
                      {{200, 300}, {200, 300}, {200, 300}, {200, 300}}};
  for (DType t : kDTypes)
    for (const auto& shape : shapes)
      for (Layout layout : kLayouts) {
        if (product(shape.out) > 50000 && layout != Layout::dense && layout != Layout::transposed) continue;
        Array c(DType::boolean, shape.c, layout), x(t, shape.x, layout), y(t, shape.y, Layout::shifted);
        c.fill_with([](int64_t i) { return i * i % 7 < 3; });
        fill_values(x);
        y.fill_with([&](int64_t i) { return value_of(t, i + 5); });
        for (Isa isa : isas()) {
          About about("%s %s %s on %s", dtype_name(t), text(shape.out).c_str(), layout_name(layout),
                      isa_name(isa));
          Array out(t, shape.out, layout == Layout::gaps ? Layout::transposed : Layout::dense);
          run(isa, {Op::where, compute_of(t), {out.view()}, {c.view(), x.view(), y.view()}, {}});
          int64_t wrong = 0;
          for (int64_t i = 0; i < out.numel(); i++)
            wrong += c.get(source_of(shape.out, i, shape.c)) != 0
                         ? !out.same_bits(i, x, source_of(shape.out, i, shape.x))
                         : !out.same_bits(i, y, source_of(shape.out, i, shape.y));
          CHECK_EQ(wrong, 0);
          CHECK(out.intact());
        }
      }
}

TEST("arange counts exactly, also far out") {
  const Threads threads(3);
  for (DType t : kDTypes)
    for (const auto& [start, step] : {std::pair<double, double>{0, 1},
                                      {5, 3},
                                      {10, -2},
                                      {-3, 0.25},
                                      {1e6, 1},
                                      {0.1, 0.1},
                                      {9007199254740000, 1},
                                      {0x1p62, 0x1p61},
                                      {0, HUGE_VAL}})
      for (int64_t n : {0, 1, 5, 1023, 1025, 70000}) {
        if ((std::fabs(step) != 1 || is_half(t)) && n > 1025) continue;
        for (Isa isa : isas()) {
          About about("%lld from %g by %g as %s on %s", static_cast<long long>(n), start, step, dtype_name(t),
                      isa_name(isa));
          Array out(t, {n});
          run(isa, {Op::arange, compute_of(t), {out.view()}, {}, {start, step}});
          int64_t wrong = 0;
          for (int64_t i = 0; i < n; i++) {
            Number want;
            if (is_floating(t)) {
              // With or without a fused multiply-add.
              const double x = static_cast<double>(i), plain = start + x * step;
              want = converted(DType::f64, t, plain);
              if (!identical(out.get(i), want)) want = converted(DType::f64, t, std::fma(x, step, start));
            } else {
              const uint64_t whole = static_cast<uint64_t>(cut(start, 64)) +
                                     static_cast<uint64_t>(i) * static_cast<uint64_t>(cut(step, 64));
              want = static_cast<Number>(wrapped(t, static_cast<int64_t>(whole)));
            }
            wrong += !identical(out.get(i), want);
          }
          CHECK_EQ(wrong, 0);
          CHECK(out.intact());
        }
      }
}

TEST("eye has ones on its diagonal") {
  for (DType t : kDTypes)
    for (const auto& [rows, columns] :
         {std::pair<int64_t, int64_t>{0, 0}, {0, 3}, {3, 0}, {1, 1}, {5, 5}, {3, 7}, {7, 3}, {100, 90}})
      for (Isa isa : isas()) {
        Array out(t, {rows, columns});
        run(isa, {Op::eye, compute_of(t), {out.view()}, {}, {}});
        int64_t wrong = 0;
        for (int64_t i = 0; i < rows * columns; i++) wrong += out.get(i) != (i / columns == i % columns);
        CHECK_EQ(wrong, 0);
        CHECK(out.intact());
      }
}

TEST("tril and triu keep their triangle, in batches of any layout") {
  const Threads threads(3);
  const double none = std::nan("");
  for (Op op : {Op::tril, Op::triu})
    for (DType t : {DType::f32, DType::f64, DType::bf16, DType::i8})
      for (const Sizes& shape : {Sizes{1, 1}, Sizes{4, 4}, Sizes{3, 7}, Sizes{7, 3}, Sizes{2, 3, 4, 5},
                                 Sizes{0, 3}, Sizes{3, 0}, Sizes{200, 1500}, Sizes{1500, 20}})
        for (double diagonal :
             {0.0, 1.0, -1.0, 3.0, -5.0, 100.0, -2000.0, 1e18, -1e18, 1e300, -1e300, HUGE_VAL, none})
          for (Layout layout : kLayouts) {
            if (product(shape) > 5000 && (layout != Layout::dense || t != DType::f32)) continue;
            Array x(t, shape, layout);
            x.fill_with([](int64_t i) { return static_cast<Number>(i % 50 + 1); });
            for (Isa isa : isas()) {
              About about("%s of %s %s %s, diagonal %g, on %s", op_name(static_cast<int>(op)), dtype_name(t),
                          text(shape).c_str(), layout_name(layout), diagonal, isa_name(isa));
              Array out(t, shape);
              run(isa, {op, compute_of(t), {out.view()}, {x.view()}, {diagonal}});
              const Number d = static_cast<Number>(cut(diagonal, 64));
              int64_t wrong = 0;
              for (int64_t i = 0; i < out.numel(); i++) {
                const int64_t column = i % shape.back(), row = i / shape.back() % shape[shape.size() - 2];
                const bool stays = op == Op::tril ? column - row <= d : column - row >= d;
                wrong += out.get(i) != (stays ? x.get(i) : 0);
              }
              CHECK_EQ(wrong, 0);
              CHECK(out.intact());
            }
          }
}

TEST("indexSelect takes, and indexAdd adds to, the entries that the index names") {
  const Threads threads(3);
  const Sizes shapes[] = {{5}, {6, 7}, {3, 4, 5}, {2, 3, 4, 2}, {200, 130}, {1, 9}};
  for (DType t : kDTypes)
    for (const Sizes& shape : shapes)
      for (size_t d = 0; d < shape.size(); d++)
        for (int64_t count : {0, 1, 4, 150})
          for (Layout layout : kLayouts) {
            if (product(shape) > 5000 && !full && (t != DType::f32 || layout == Layout::rotated)) continue;
            Random random(static_cast<uint64_t>(count) + d);
            Sizes many = shape;
            many[d] = count;
            Array index(DType::i64, {count},
                        layout == Layout::dense      ? Layout::dense
                        : layout == Layout::reversed ? Layout::reversed
                                                     : Layout::gaps);
            index.fill_with([&](int64_t) { return static_cast<Number>(random.integer(0, shape[d] - 1)); });
            Array x(t, shape, layout), source(t, many, layout);
            fill_values(x);
            source.fill_with([&](int64_t i) { return t == DType::boolean ? i % 2 : i % 5; });
            const int64_t after = product_after(shape, d);
            const auto whole =
                [&](int64_t i) {  // the element of the whole that element i of the many belongs to
                  const int64_t inner = i % after, k = count ? i / after % count : 0,
                                outer = count ? i / after / count : 0;
                  return (outer * shape[d] + static_cast<int64_t>(index.get(k))) * after + inner;
                };
            for (Isa isa : isas()) {
              About about("%s %s along %zu, %lld entries, %s, on %s", dtype_name(t), text(shape).c_str(), d,
                          static_cast<long long>(count), layout_name(layout), isa_name(isa));
              for (Layout out_layout : {Layout::dense, Layout::transposed, Layout::gaps}) {
                Array out(t, many, out_layout);
                run(isa, {Op::indexSelect,
                          compute_of(t),
                          {out.view()},
                          {x.view(), index.view()},
                          {static_cast<double>(d)}});
                int64_t wrong = 0;
                for (int64_t i = 0; i < out.numel(); i++) wrong += !out.same_bits(i, x, whole(i));
                CHECK_EQ(wrong, 0);
                CHECK(out.intact());
              }
              Array sum(t, shape, layout);
              std::vector<Number> want(static_cast<size_t>(sum.numel()));
              for (int64_t i = 0; i < sum.numel(); i++) {
                want[static_cast<size_t>(i)] = t == DType::boolean ? i % 2 : i % 3;
                sum.set(i, want[static_cast<size_t>(i)]);
              }
              for (int64_t i = 0; i < source.numel(); i++) {
                Number& w = want[static_cast<size_t>(whole(i))];
                w = converted(compute_of(t), t, w + source.get(i));
              }
              run(isa, {Op::indexAdd,
                        compute_of(t),
                        {sum.view()},
                        {source.view(), index.view()},
                        {static_cast<double>(d)}});
              int64_t wrong = 0;
              for (int64_t i = 0; i < sum.numel(); i++) wrong += sum.get(i) != want[static_cast<size_t>(i)];
              CHECK_EQ(wrong, 0);
              CHECK(sum.intact());
            }
          }
}

TEST("indexSelect and indexAdd of 0-d tensors, and by a 0-d index") {
  for (Isa isa : isas()) {
    Array number(DType::f32, {}), out(DType::f32, {}), zero(DType::i64, {1}), scalar(DType::i64, {}),
        one(DType::i64, {});
    number.fill(5);
    zero.fill(0);
    scalar.fill(0);
    one.fill(1);
    for (const Array* index : {&zero, &scalar}) {
      run(isa, {Op::indexSelect, DType::f32, {out.view()}, {number.view(), index->view()}, {0}});
      CHECK(out.get(0) == 5);
      run(isa, {Op::indexAdd, DType::f32, {out.view()}, {number.view(), index->view()}, {0}});
      CHECK(out.get(0) == 10);
    }
    CHECK(try_run(isa, {Op::indexSelect, DType::f32, {out.view()}, {number.view(), one.view()}, {0}}).code ==
          ErrorCode::index);
    CHECK(out.get(0) == 10);
  }
}

TEST("an index out of range is refused before anything is written") {
  for (Isa isa : isas())
    for (DType t : {DType::f32, DType::f64, DType::i8, DType::f16})
      for (const Sizes& shape : {Sizes{6, 7}, Sizes{6}, Sizes{0, 3}, Sizes{3, 0}})
        for (size_t d = 0; d < shape.size(); d++)
          for (int64_t bad : {shape[d], int64_t{-1}, int64_t{1} << 40, INT64_MIN, INT64_MAX}) {
            if (bad >= 0 && bad < shape[d]) continue;
            About about("index %lld of %s along %zu on %s", static_cast<long long>(bad), text(shape).c_str(),
                        d, isa_name(isa));
            Array index(DType::i64, {5}), x(t, shape);
            index.fill(0);
            index.set(4, 0);
            std::memcpy(index.at(4), &bad, sizeof bad);
            fill_values(x);
            Sizes many = shape;
            many[d] = 5;
            Array out(t, many), sum(t, shape), source(t, many);
            source.fill(1);
            sum.fill(0);
            const std::vector<char> before = sum.bits();
            const LaunchError select = try_run(isa, {Op::indexSelect,
                                                     compute_of(t),
                                                     {out.view()},
                                                     {x.view(), index.view()},
                                                     {static_cast<double>(d)}});
            CHECK(select.code == ErrorCode::index);
            CHECK(std::strstr(select.message, "indexSelect: ") == select.message);
            CHECK(out.untouched());
            const LaunchError add = try_run(isa, {Op::indexAdd,
                                                  compute_of(t),
                                                  {sum.view()},
                                                  {source.view(), index.view()},
                                                  {static_cast<double>(d)}});
            CHECK(add.code == ErrorCode::index);
            CHECK(sum.bits() == before);
          }
}
