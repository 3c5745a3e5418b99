// maxPool and averagePool, and their gradients, against plain loops over random windows; and what must be
// refused.

// Also runs on emulated CUDA.

#include "test/tensors.h"

using namespace test;

namespace {

/** A dimension, with its windows; adaptive ones have but sizes. */
struct Axis {
  int64_t in, out, kernel, stride, padding, dilation;
};

struct Geometry {
  bool adaptive;
  std::vector<Axis> axes;
};

int64_t up_to(Random& random, int64_t low, int64_t high) { return random.integer(low, high); }

/** One that fits; with `ceil` windows reach beyond the padding. */
Axis any_axis(Random& random, bool adaptive, bool wide) {
  for (;;) {
    Axis a{
        up_to(random, 1, wide ? 70 : 9), 0, up_to(random, 1, 4), up_to(random, 1, 3), 0, up_to(random, 1, 2)};
    a.padding = up_to(random, 0, a.kernel / 2);
    if (adaptive) {
      a.out = up_to(random, 1, 12);
      return a;
    }
    const int64_t room = a.in + 2 * a.padding - a.dilation * (a.kernel - 1) - 1;
    if (room < 0) continue;
    a.out = room / a.stride + 1;
    if (random.coin() && a.out * a.stride < a.in + a.padding) a.out++;
    return a;
  }
}

Geometry any_geometry(Random& random) {
  Geometry g{random.integer(0, 3) == 0, {}};
  const int64_t dims = random.integer(1, 3);
  for (int64_t i = 0; i < dims; i++)
    g.axes.push_back(any_axis(random, g.adaptive, dims == 1 || i == dims - 1));
  return g;
}

std::vector<double> scalars_of(const Geometry& g) {
  std::vector<double> s{static_cast<double>(g.axes.size()), g.adaptive ? 1.0 : 0.0};
  if (!g.adaptive)
    for (const Axis& a : g.axes)
      for (int64_t n : {a.kernel, a.stride, a.padding, a.dilation}) s.push_back(static_cast<double>(n));
  return s;
}

Sizes sizes_of(const Geometry& g, int64_t planes, bool out) {
  Sizes s{planes};
  for (const Axis& a : g.axes) s.push_back(out ? a.out : a.in);
  return s;
}

/** The places of a window along one dimension, and how far it reaches within the padding. */
struct Window {
  Sizes places;
  int64_t reach;
};

Window window_of(const Geometry& g, const Axis& a, int64_t o) {
  Window w{{}, 0};
  if (g.adaptive) {
    const int64_t start = o * a.in / a.out, end = ((o + 1) * a.in + a.out - 1) / a.out;
    for (int64_t i = start; i < end; i++) w.places.push_back(i);
    w.reach = end - start;
    return w;
  }
  for (int64_t k = 0; k < a.kernel; k++) {
    const int64_t at = o * a.stride - a.padding + k * a.dilation;
    if (at >= 0 && at < a.in) w.places.push_back(at);
    w.reach += o * a.stride - a.padding + k < a.in + a.padding;
  }
  return w;
}

/** run(plane, number of the output, places in the plane, product of the reaches). */
template <class Run>
void for_windows(const Geometry& g, int64_t planes, Run run) {
  int64_t in = 1, out = 1;
  for (const Axis& a : g.axes) in *= a.in, out *= a.out;
  for (int64_t p = 0; p < planes; p++)
    for (int64_t o = 0; o < out; o++) {
      Sizes places{0};
      int64_t rest = o, reach = 1;
      std::vector<Window> windows;
      for (size_t d = g.axes.size(); d-- > 0;) {
        windows.insert(windows.begin(), window_of(g, g.axes[d], rest % g.axes[d].out));
        rest /= g.axes[d].out;
      }
      for (size_t d = 0; d < windows.size(); d++) {
        Sizes next;
        for (int64_t at : places)
          for (int64_t i : windows[d].places) next.push_back(at * g.axes[d].in + i);
        places = next;
        reach *= windows[d].reach;
      }
      run(p * in, p * out + o, places, reach);
    }
}

void fill_any(Array& x, Random& random, bool special) {
  x.fill_with([&](int64_t) -> Number {
    if (!is_floating(x.dtype())) return static_cast<Number>(random.integer(-20, 20));
    if (special && random.integer(0, 9) == 0) return std::numeric_limits<Number>::quiet_NaN();
    if (special && random.integer(0, 9) == 0) return -std::numeric_limits<Number>::infinity();
    return static_cast<Number>(random.integer(-20, 20)) / 4;
  });
}

constexpr DType kComputed[] = {DType::f32, DType::f64, DType::i32, DType::i64};

}  // namespace

TEST("maxPool finds the last NaN of a window, else the first of its largest elements") {
  const Threads threads(3);
  Random random(1);
  for (int round = 0; round < (full ? 600 : 120); round++) {
    const Geometry g = any_geometry(random);
    const DType t = kComputed[round % 4];
    const int64_t planes = random.integer(1, 5);
    About about("round %d, %s, %d dimensions", round, dtype_name(t), static_cast<int>(g.axes.size()));
    Array x(t, sizes_of(g, planes, false)), values(t, sizes_of(g, planes, true));
    Array places(DType::i64, sizes_of(g, planes, true));
    fill_any(x, random, round % 3 == 0);
    bool whole = true;
    for_windows(g, planes, [&](int64_t plane, int64_t o, const Sizes& window, int64_t) {
      if (window.empty()) {
        whole = false;
        return;
      }
      int64_t best = window[0];
      for (size_t i = 1; i < window.size(); i++) {
        const Number a = x.get(plane + window[i]);
        if (a != a || a > x.get(plane + best)) best = window[i];
      }
      values.set(o, 0);
      values.copy(o, x, plane + best);
      places.set(o, best);
    });
    if (!whole) continue;  // what a window of nothing gives is not told here
    for (Isa isa : isas()) {
      Array out(t, values.shape()), at64(DType::i64, values.shape()), at32(DType::i32, values.shape());
      run(isa, {Op::maxPool, t, {out.view(), at64.view()}, {x.view()}, scalars_of(g)});
      CHECK_EQ(out.differences(values), 0);
      CHECK_EQ(at64.differences(places), 0);
      CHECK(out.intact() && at64.intact());
      Array alone(t, values.shape()), again(t, values.shape());
      run(isa, {Op::maxPool, t, {alone.view()}, {x.view()}, scalars_of(g)});
      run(isa, {Op::maxPool, t, {again.view(), at32.view()}, {x.view()}, scalars_of(g)});
      CHECK_EQ(alone.differences(values), 0);
      CHECK_EQ(again.differences(values), 0);
      int64_t wrong = 0;
      for (int64_t i = 0; i < places.numel(); i++) wrong += at32.get(i) != places.get(i);
      CHECK_EQ(wrong, 0);
      if (!is_floating(t)) continue;
      Array grad(t, values.shape()), expected(t, x.shape()), back(t, x.shape());
      fill_any(grad, random, false);
      expected.fill(0);
      for_windows(g, planes, [&](int64_t plane, int64_t o, const Sizes&, int64_t) {
        const int64_t to = plane + static_cast<int64_t>(places.get(o));
        expected.set(to, expected.get(to) + grad.get(o));
      });
      for (const Array* index : {&at64, &at32}) {
        run(isa, {Op::maxPoolBackward, t, {back.view()}, {grad.view(), index->view()}, scalars_of(g)});
        CHECK_EQ(back.differences(expected), 0);
        CHECK(back.intact());
      }
    }
  }
}

TEST("averagePool divides the sums of windows, averagePoolBackward hands out the shares") {
  const Threads threads(3);
  Random random(2);
  for (int round = 0; round < (full ? 600 : 120); round++) {
    Geometry g = any_geometry(random);
    for (Axis& a : g.axes) a.dilation = 1;
    if (!g.adaptive)
      for (Axis& a : g.axes) {
        if (a.in + 2 * a.padding < a.kernel) a.kernel = 1, a.padding = 0;
        a.out = (a.in + 2 * a.padding - a.kernel) / a.stride + 1;
      }
    const DType t = kComputed[round % 4];
    const int64_t planes = random.integer(1, 5);
    const bool padded = random.coin();
    const int64_t divisor = random.coin() ? 0 : random.integer(1, 5);
    About about("round %d, %s, %d dimensions", round, dtype_name(t), static_cast<int>(g.axes.size()));
    std::vector<double> scalars = scalars_of(g);
    scalars.push_back(padded);
    scalars.push_back(static_cast<double>(divisor));
    Array x(t, sizes_of(g, planes, false)), expected(t, sizes_of(g, planes, true));
    fill_any(x, random, false);
    const auto count = [&](const Sizes& window, int64_t reach) {
      return divisor ? divisor : padded ? reach : static_cast<int64_t>(window.size());
    };
    for_windows(g, planes, [&](int64_t plane, int64_t o, const Sizes& window, int64_t reach) {
      Number sum = 0;  // exact: quarters of small numbers
      for (int64_t i : window) sum += x.get(plane + i);
      const int64_t by = count(window, reach);
      if (!is_floating(t))
        expected.set(o, static_cast<Number>(static_cast<int64_t>(sum) / by));
      else
        store_number(expected.at(o), t, rounded(t, sum / static_cast<Number>(by)));
    });
    for (Isa isa : isas()) {
      Array out(t, expected.shape());
      run(isa, {Op::averagePool, t, {out.view()}, {x.view()}, scalars});
      CHECK_EQ(out.differences(expected), 0);
      CHECK(out.intact());
      if (!is_floating(t)) continue;
      Array grad(t, expected.shape()), back(t, x.shape());
      fill_any(grad, random, false);
      std::vector<Number> sums(static_cast<size_t>(x.numel()));
      for_windows(g, planes, [&](int64_t plane, int64_t o, const Sizes& window, int64_t reach) {
        for (int64_t i : window)
          sums[static_cast<size_t>(plane + i)] += grad.get(o) / static_cast<Number>(count(window, reach));
      });
      run(isa, {Op::averagePoolBackward, t, {back.view()}, {grad.view()}, scalars});
      int64_t wrong = 0;
      for (int64_t i = 0; i < back.numel(); i++)
        wrong += std::fabs(back.get(i) - sums[static_cast<size_t>(i)]) > 1e-5L * (t == DType::f32 ? 100 : 1);
      CHECK_EQ(wrong, 0);
      CHECK(back.intact());
    }
  }
}

TEST("windows of nothing, and those that reach far, stay within the plane") {
  for (Isa isa : isas()) {
    Array x(DType::f32, {1, 2}), out(DType::f32, {1, 2}), at(DType::i64, {1, 2});
    x.fill(5);
    // The first window has its elements before and behind the input.
    run(isa, {Op::maxPool, DType::f32, {out.view(), at.view()}, {x.view()}, {1, 0, 2, 1, 2, 4}});
    CHECK(std::isinf(static_cast<double>(out.get(0))) && at.get(0) >= 0 && at.get(0) < 2);
    // Its gradient is not lost.
    Array grad(DType::f32, {1, 2}), back(DType::f32, {1, 2});
    grad.set(0, 1);
    grad.set(1, 2);
    run(isa, {Op::maxPoolBackward, DType::f32, {back.view()}, {grad.view(), at.view()}, {1, 0, 2, 1, 2, 4}});
    CHECK_EQ(static_cast<int>(back.get(0) + back.get(1)), 3);
    const double far = 2147483647;
    Array one(DType::f32, {1, 1}), place(DType::i64, {1, 1});
    run(isa, {Op::maxPool, DType::f32, {one.view(), place.view()}, {x.view()}, {1, 0, far, far, far, far}});
    CHECK(place.get(0) >= 0 && place.get(0) < 2);
    run(isa, {Op::maxPoolBackward,
              DType::f32,
              {back.view()},
              {one.view(), place.view()},
              {1, 0, far, far, far, far}});
    CHECK(back.get(static_cast<int64_t>(place.get(0))) == 5);
    run(isa, {Op::averagePool, DType::f32, {one.view()}, {x.view()}, {1, 0, far, far, far, far, 0, 1}});
    run(isa,
        {Op::averagePoolBackward, DType::f32, {back.view()}, {one.view()}, {1, 0, far, far, far, far, 0, 1}});
    CHECK(out.intact() && one.intact() && back.intact());
  }
}

TEST("pooling refuses what does not fit") {
  Array x(DType::f32, {2, 4}), out(DType::f32, {2, 2}), at(DType::i64, {2, 2}), wide(DType::f32, {2, 9});
  x.fill(1);
  out.fill(1);
  at.fill(0);
  for (Isa isa : isas()) {
    const auto refused = [&](const Call& call, ErrorCode code) { CHECK(try_run(isa, call).code == code); };
    const auto pool = [&](std::vector<double> scalars, ErrorCode code) {
      refused({Op::maxPool, DType::f32, {out.view(), at.view()}, {x.view()}, scalars}, code);
      scalars.push_back(1);
      scalars.push_back(0);
      refused({Op::averagePool, DType::f32, {out.view()}, {x.view()}, scalars}, code);
    };
    pool({0, 0}, ErrorCode::argument);
    pool({4, 1}, ErrorCode::argument);
    pool({3, 1}, ErrorCode::shape);
    for (double bad : {0.0, -1.0, 0.5, 4294967296.0, std::nan("")})
      pool({1, 0, bad, 2, 0, 1}, ErrorCode::argument);
    pool({1, 0, 2, 0, 0, 1}, ErrorCode::argument);
    pool({1, 0, 2, 2, -1, 1}, ErrorCode::argument);
    pool({1, 0, 2, 2, 0, 0}, ErrorCode::argument);
    pool({1, 0, 2, 5, 0, 1}, ErrorCode::shape);
    refused({Op::maxPool, DType::f32, {wide.view()}, {x.view()}, {1, 0, 2, 1, 0, 1}}, ErrorCode::shape);
    refused({Op::averagePool, DType::f32, {out.view()}, {x.view()}, {1, 0, 2, 2, 0, 1}}, ErrorCode::internal);
    const std::vector<double> windows{1, 0, 2, 2, 0, 1};
    at.set(3, 4);
    LaunchError error =
        try_run(isa, {Op::maxPoolBackward, DType::f32, {x.view()}, {out.view(), at.view()}, windows});
    CHECK(std::strcmp(error.message, "maxPoolBackward: index 4 is out of range for 4 elements") == 0);
    at.set(3, -1);
    refused({Op::maxPoolBackward, DType::f32, {x.view()}, {out.view(), at.view()}, windows},
            ErrorCode::index);
    at.set(3, 0);
    refused({Op::maxPoolBackward, DType::f32, {wide.view()}, {at.view(), out.view()}, windows},
            ErrorCode::dtype);
    refused({Op::maxPoolBackward, DType::f32, {x.view()}, {out.view(), at.view()}, {1}}, ErrorCode::internal);
  }
}
