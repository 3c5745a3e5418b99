// Convolution and its gradients, im2col and col2im against plain loops. Operands are small whole numbers,
// whose sums are exact in any order, so that results must be equal.

// Also runs on emulated CUDA.

#include "test/products.h"

using namespace test;

namespace {

/** Sizes, and how the kernel moves; one to three dimensions. */
struct Geometry {
  int64_t batch, groups, c, f;
  Sizes in, kernel, out, stride, padding, dilation;

  size_t dims() const { return in.size(); }
  Sizes x() const { return with(batch, groups * c, in); }
  Sizes w() const { return with(groups * f, c, kernel); }
  Sizes y() const { return with(batch, groups * f, out); }
  std::vector<double> scalars() const {
    std::vector<double> all;
    for (const Sizes* s : {&stride, &padding, &dilation}) all.insert(all.end(), s->begin(), s->end());
    all.push_back(static_cast<double>(groups));
    return all;
  }
  static Sizes with(int64_t a, int64_t b, const Sizes& rest) {
    Sizes all = {a, b};
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
  }
};

/** The place in a dense tensor of these sizes; false: outside. */
bool advance(Sizes& index, const Sizes& sizes) {
  for (size_t i = sizes.size(); i-- > 0;) {
    if (++index[i] < sizes[i]) return true;
    index[i] = 0;
  }
  return false;
}

/** run(x element, w element, y element) for all that meet. */
template <class Run>
void for_meetings(const Geometry& g, Run run) {
  if (product(g.x()) == 0 || product(g.w()) == 0 || product(g.y()) == 0) return;
  const int64_t in = product(g.in), out = product(g.out), taps = product(g.kernel);
  Sizes o(g.dims(), 0);
  int64_t place = 0;
  do {
    Sizes k(g.dims(), 0);
    int64_t tap = 0;
    do {
      int64_t at = 0;
      bool inside = true;
      for (size_t d = 0; d < g.dims(); d++) {
        const int64_t p = o[d] * g.stride[d] + k[d] * g.dilation[d] - g.padding[d];
        inside &= p >= 0 && p < g.in[d];
        at = at * g.in[d] + p;
      }
      if (inside)
        for (int64_t n = 0; n < g.batch; n++)
          for (int64_t group = 0; group < g.groups; group++)
            for (int64_t f = group * g.f; f < (group + 1) * g.f; f++)
              for (int64_t c = 0; c < g.c; c++)
                run(((n * g.groups + group) * g.c + c) * in + at, (f * g.c + c) * taps + tap,
                    (n * g.groups * g.f + f) * out + place);
      tap++;
    } while (advance(k, g.kernel));
    place++;
  } while (advance(o, g.out));
}

std::vector<double> values(const Array& x) {
  std::vector<double> all;
  for (int64_t i = 0; i < x.numel(); i++) all.push_back(static_cast<double>(x.get(i)));
  return all;
}

/** One bias for each channel of a result. */
std::vector<double> biased(const Sizes& shape, const std::vector<double>* bias) {
  std::vector<double> all(static_cast<size_t>(product(shape)), 0.0);
  const int64_t channels = shape[1], size = product(Sizes(shape.begin() + 2, shape.end()));
  if (bias)
    for (size_t i = 0; i < all.size(); i++)
      all[i] = (*bias)[static_cast<size_t>(static_cast<int64_t>(i) / size % channels)];
  return all;
}

void check_convolution_of(const Geometry& g, DType t, bool with_bias) {
  if (brief && product(g.y()) * g.c * product(g.kernel) > 1 << 20) return;
  const auto show = [](const Sizes& s) {
    std::string text;
    for (int64_t n : s) text += (text.empty() ? "" : ",") + std::to_string(n);
    return text;
  };
  About about("%s x %s w %s y %s groups %lld stride %s padding %s dilation %s", dtype_name(t),
              show(g.x()).c_str(), show(g.w()).c_str(), show(g.y()).c_str(), static_cast<long long>(g.groups),
              show(g.stride).c_str(), show(g.padding).c_str(), show(g.dilation).c_str());
  Array x(t, g.x()), w(t, g.w()), y(t, g.y()), of_x(t, {g.groups * g.c}), of_y(t, {g.groups * g.f});
  fill_small(x, 1);
  fill_small(w, 2);
  fill_small(y, 3);
  fill_small(of_x, 4);
  fill_small(of_y, 5);
  const std::vector<double> xs = values(x), ws = values(w), ys = values(y), bx = values(of_x),
                            by = values(of_y);
  std::vector<double> want_y = biased(g.y(), with_bias ? &by : nullptr),
                      want_x = biased(g.x(), with_bias ? &bx : nullptr), want_w(ws.size(), 0.0);
  for_meetings(g, [&](int64_t i, int64_t j, int64_t k) {
    const size_t a = static_cast<size_t>(i), b = static_cast<size_t>(j), c = static_cast<size_t>(k);
    want_y[c] += xs[a] * ws[b];
    want_x[a] += ys[c] * ws[b];
    want_w[b] += ys[c] * xs[a];
  });
  for (Isa isa : isas()) {
    About on("on %s", isa_name(isa));
    const auto result = [&](Op op, const Sizes& shape, const std::vector<TensorView>& inputs,
                            const std::vector<double>& want) {
      About of("%s", op_name(static_cast<int>(op)));
      Array out(t, shape);
      run(isa, {op, compute_of(t), {out.view()}, inputs, g.scalars()});
      compare(out, 0, want);
      CHECK(out.intact());
    };
    std::vector<TensorView> forward = {x.view(), w.view()}, backward = {y.view(), w.view()};
    if (with_bias) forward.push_back(of_y.view()), backward.push_back(of_x.view());
    result(Op::convolution, g.y(), forward, want_y);
    result(Op::convolutionInput, g.x(), backward, want_x);
    result(Op::convolutionWeight, g.w(), {y.view(), x.view()}, want_w);
  }
}

Geometry random_geometry(Random& random) {
  Geometry g;
  const int64_t dims = random.integer(1, 3);
  g.batch = random.integer(1, 3);
  g.groups = random.integer(0, 2) ? 1 : random.integer(2, 3);
  const int64_t most = full ? 40 : 18;
  g.c = random.coin() ? random.integer(1, 4) : random.integer(1, most);
  g.f = random.coin() ? random.integer(1, 4) : random.integer(1, most);
  for (int64_t d = 0; d < dims; d++) {
    const int64_t kernel = random.integer(1, dims == 1 ? 9 : 3), stride = random.integer(1, 4),
                  padding = random.integer(0, 3), dilation = random.integer(1, 3);
    const int64_t reach = dilation * (kernel - 1) + 1, least = reach > 2 * padding ? reach - 2 * padding : 1;
    const int64_t in = random.integer(least, least + (dims == 1 ? 60 : dims == 2 ? 12 : 5));
    // Not only as many as fit: the result may end before, or go on beyond.
    int64_t out = (in + 2 * padding - reach) / stride + 1;
    if (random.integer(0, 5) == 0) out += random.integer(-1, 1);
    g.in.push_back(in);
    g.kernel.push_back(kernel);
    g.stride.push_back(stride);
    g.padding.push_back(padding);
    g.dilation.push_back(dilation);
    g.out.push_back(out < 1 ? 1 : out);
  }
  return g;
}

Geometry plain(int64_t batch, int64_t groups, int64_t c, int64_t f, const Sizes& in, int64_t kernel,
               int64_t stride = 1, int64_t padding = 0) {
  Geometry g{batch, groups, c, f, in, {}, {}, {}, {}, {}};
  for (int64_t n : in) {
    g.kernel.push_back(kernel);
    g.stride.push_back(stride);
    g.padding.push_back(padding);
    g.dilation.push_back(1);
    g.out.push_back((n + 2 * padding - kernel) / stride + 1);
  }
  return g;
}

}  // namespace

TEST("random geometries, in one to three dimensions") {
  Random random(1);
  for (int i = 0; i < (full ? 3000 : brief ? 60 : 300); i++) {
    const Threads threads(i % 3 + 1);
    check_convolution_of(random_geometry(random), i % 4 ? DType::f32 : DType::f64, random.coin());
  }
}

TEST("halves and integers") {
  Random random(2);
  for (DType t : {DType::f16, DType::bf16, DType::i64, DType::i32, DType::u8})
    for (int i = 0; i < 10; i++) check_convolution_of(random_geometry(random), t, random.coin());
}

TEST("sizes at which products are cut") {
  const Threads threads(3);
  for (DType t : {DType::f32, DType::f64}) {
    check_convolution_of(plain(2, 1, 50, 33, {9, 8}, 3), t, true);          // depth beyond a panel's
    check_convolution_of(plain(2, 1, 97, 15, {5, 5}, 1), t, true);          // the kernel reaches nothing else
    check_convolution_of(plain(1, 1, 3, 29, {40, 41}, 3, 1, 1), t, true);   // columns beyond a block's
    check_convolution_of(plain(17, 1, 20, 13, {1, 1}, 1), t, true);         // one place an image
    check_convolution_of(plain(3, 1, 16, 4, {16, 32}, 3, 1, 1), t, false);  // channels on the same cache sets
    check_convolution_of(plain(2, 1, 3, 40, {32, 32}, 8, 8), t, true);      // patches
    check_convolution_of(plain(300, 1, 9, 9, {2, 2}, 2), t, false);         // more rows than at a time
    check_convolution_of(plain(2, 6, 1, 1, {13, 40}, 3, 1, 1), t, true);    // by channel
    check_convolution_of(plain(2, 3, 5, 7, {6, 7}, 3, 2, 1), t, true);      // groups
    check_convolution_of(plain(1, 1, 2, 3, {5, 6}, 2, 1, 30), t, true);     // mostly padding
    check_convolution_of(plain(2, 1, 2, 10, {9}, 2, 5), t, true);           // places that no tap reaches
  }
}

TEST("tiles of every size, and none") {
  for (DType t : {DType::f32, DType::bf16, DType::f64, DType::f16}) {
    if (!full && t != DType::f32 && t != DType::bf16) continue;
    check_convolution_of(plain(3, 1, 5, 70, {1800}, 3, 1, 1), t, true);     // many places
    check_convolution_of(plain(3, 1, 70, 5, {1800}, 2, 1, 1), t, true);     // of the input
    check_convolution_of(plain(2, 1, 37, 41, {20, 19}, 3, 2, 1), t, true);  // a product for every class
    check_convolution_of(plain(2, 2, 70, 72, {8, 9}, 3, 1, 1), t, false);   // deep
    check_convolution_of(plain(1, 1, 9, 10, {70, 80}, 3, 1, 1), t, false);  // places in parts
    check_convolution_of(plain(3, 2, 20, 21, {9, 9}, 1), t, false);         // products as they lie
    check_convolution_of(plain(3, 4, 1, 1, {50, 41}, 5, 1, 2), t, true);    // by channel, taps in chunks
    check_convolution_of(plain(2, 3, 2, 4, {30, 41}, 3, 3, 1), t, true);    // small groups
  }
  for (DType t : {DType::f32, DType::bf16}) {
    if (!full && t != DType::f32) continue;
    check_convolution_of(plain(2, 1, 2, 130, {6200}, 3, 1, 1), t, true);
    check_convolution_of(plain(2, 1, 130, 2, {6200}, 3, 1, 1), t, true);
    check_convolution_of(plain(2, 1, 125, 1200, {11}, 11), t, false);
  }
}

TEST("strides and dilations beyond all sizes") {
  const int64_t far = int64_t{1} << 33;
  for (DType t : {DType::f32, DType::f64, DType::f16, DType::i64})
    for (bool bias : {false, true}) {
      Geometry g = plain(2, 2, 3, 2, {7}, 3);
      const auto with = [&](int64_t stride, int64_t padding, int64_t dilation) {
        g.stride = {stride}, g.padding = {padding}, g.dilation = {dilation}, g.out = {3};
        check_convolution_of(g, t, bias);
      };
      with(far, far, far / 2);
      with(far, far - 2, far);
      with(far + 1, far, far - 1);
      with(40000, 40001, 20000);
      with(1, far, far);
      with(32768, 32768, 16384);  // just near enough
    }
}

TEST("empty operands") {
  for (DType t : {DType::f32, DType::f64, DType::i64})
    for (bool bias : {false, true}) {
      check_convolution_of(plain(0, 1, 3, 4, {5, 5}, 3), t, bias);
      check_convolution_of(plain(2, 1, 0, 4, {5, 5}, 3), t, bias);
      check_convolution_of(plain(2, 1, 3, 0, {5, 5}, 3), t, bias);
      Geometry nothing = plain(2, 1, 9, 9, {5, 5}, 3);
      nothing.out = {0, 3};
      check_convolution_of(nothing, t, bias);
      nothing.out = {3, 0};
      check_convolution_of(nothing, t, bias);
      nothing.kernel = {0, 2};
      nothing.out = {2, 2};
      check_convolution_of(nothing, t, bias);
    }
}

TEST("the same bits on any number of threads") {
  Array x(DType::f32, {3, 20, 19, 21}), w(DType::f32, {24, 20, 3, 3}), y(DType::f32, {3, 24, 19, 21});
  Random random(3);
  for (Array* a : {&x, &w, &y})
    for (int64_t i = 0; i < a->numel(); i++)
      store_number(a->at(i), DType::f32, static_cast<float>(random.uniform(-1, 1)));
  const std::vector<double> scalars = {1, 1, 1, 1, 1, 1, 1};
  for (Isa isa : isas()) {
    std::vector<char> bits[3];
    for (int threads = 1; threads <= 5; threads += 2) {
      const Threads set(threads);
      Array to_y(DType::f32, y.shape()), to_x(DType::f32, x.shape()), to_w(DType::f32, w.shape());
      run(isa, {Op::convolution, DType::f32, {to_y.view()}, {x.view(), w.view()}, scalars});
      run(isa, {Op::convolutionInput, DType::f32, {to_x.view()}, {y.view(), w.view()}, scalars});
      run(isa, {Op::convolutionWeight, DType::f32, {to_w.view()}, {y.view(), x.view()}, scalars});
      const std::vector<char> now[3] = {to_y.bits(), to_x.bits(), to_w.bits()};
      for (int i = 0; i < 3; i++) {
        if (threads == 1) bits[i] = now[i];
        CHECK(bits[i] == now[i]);
      }
    }
  }
}

TEST("blocks of images as columns, and back") {
  Random random(4);
  for (int i = 0; i < 100; i++) {
    Geometry g;
    do g = random_geometry(random);
    while (g.dims() != 2);
    constexpr DType types[] = {DType::f32, DType::f64, DType::f16, DType::bf16,
                               DType::i64, DType::i32, DType::i16, DType::u8};
    const DType t = types[i % 8];
    if (i % 10 == 9) g.stride = {40000, 40001}, g.padding = {40000, 40001};  // positions far apart
    std::vector<double> scalars;
    Sizes blocks;
    for (size_t d = 0; d < 2; d++)
      blocks.push_back((g.in[d] + 2 * g.padding[d] - g.dilation[d] * (g.kernel[d] - 1) - 1) / g.stride[d] +
                       1);
    for (const Sizes* s : {&g.kernel, &g.dilation, &g.padding, &g.stride})
      scalars.insert(scalars.end(), s->begin(), s->end());
    const int64_t taps = product(g.kernel), count = product(blocks), planes = g.batch * g.c;
    Array image(t, {g.batch, g.c, g.in[0], g.in[1]}), columns(t, {g.batch, g.c * taps, count});
    fill_small(image, 1);
    fill_small(columns, 2);
    std::vector<double> apart(static_cast<size_t>(columns.numel()), 0.0),
        together(static_cast<size_t>(image.numel()), 0.0);
    for (int64_t plane = 0; plane < planes; plane++)
      for (int64_t tap = 0; tap < taps; tap++)
        for (int64_t block = 0; block < count; block++) {
          const int64_t p = block / blocks[1] * g.stride[0] + tap / g.kernel[1] * g.dilation[0] -
                            g.padding[0],
                        q = block % blocks[1] * g.stride[1] + tap % g.kernel[1] * g.dilation[1] -
                            g.padding[1];
          if (p < 0 || p >= g.in[0] || q < 0 || q >= g.in[1]) continue;
          const int64_t at = (plane * g.in[0] + p) * g.in[1] + q,
                        column = (plane * taps + tap) * count + block;
          apart[static_cast<size_t>(column)] = static_cast<double>(image.get(at));
          together[static_cast<size_t>(at)] += static_cast<double>(columns.get(column));
        }
    for (Isa isa : isas()) {
      Array to_columns(t, columns.shape()), to_image(t, image.shape());
      run(isa, {Op::im2col, compute_of(t), {to_columns.view()}, {image.view()}, scalars});
      compare(to_columns, 0, apart);
      CHECK(to_columns.intact());
      run(isa, {Op::col2im, compute_of(t), {to_image.view()}, {columns.view()}, scalars});
      compare(to_image, 0, together);
      CHECK(to_image.intact());
    }
  }
}

TEST("operands that don't fit are refused") {
  Array x(DType::f32, {1, 4, 5, 5}), w(DType::f32, {6, 2, 3, 3}), y(DType::f32, {1, 6, 3, 3}),
      bias(DType::f32, {6});
  const auto code = [&](const Array& a, const Array& b, const Array& out,
                        const std::vector<double>& scalars) {
    return try_run(isas()[0],
                   {Op::convolution, DType::f32, {out.view()}, {a.view(), b.view(), bias.view()}, scalars})
        .code;
  };
  const double nan = std::nan("");
  CHECK(code(x, w, y, {1, 1, 0, 0, 1, 1, 2}) == ErrorCode::none);
  for (double bad : {0.0, -1.0, 0.5, nan, HUGE_VAL, 0x1p41}) {
    CHECK(code(x, w, y, {bad, 1, 0, 0, 1, 1, 2}) == ErrorCode::argument);
    CHECK(code(x, w, y, {1, 1, 0, 0, 1, bad, 2}) == ErrorCode::argument);
    CHECK(code(x, w, y, {1, 1, 0, 0, 1, 1, bad}) == ErrorCode::argument);
    if (bad != 0) CHECK(code(x, w, y, {1, 1, bad, 0, 1, 1, 2}) == ErrorCode::argument);
  }
  CHECK(code(x, w, y, {1, 1, 0, 0, 1, 1, 1}) == ErrorCode::shape);
  CHECK(code(x, w, y, {1, 1, 0, 0, 1, 2}) == ErrorCode::internal);
  CHECK(code(Array(DType::f32, {2, 4, 5, 5}), w, y, {1, 1, 0, 0, 1, 1, 2}) == ErrorCode::shape);
  CHECK(code(Array(DType::f32, {1, 4, 5}), w, y, {1, 1, 0, 0, 1, 1, 2}) == ErrorCode::shape);
  CHECK(code(Array(DType::f32, {4, 5}), w, y, {1, 1, 0, 0, 1, 1, 2}) == ErrorCode::shape);
  CHECK(code(Array(DType::f64, {1, 4, 5, 5}), w, y, {1, 1, 0, 0, 1, 1, 2}) == ErrorCode::dtype);
  CHECK(code(Array(DType::f32, {1, 4, 5, 5}, Layout::transposed), w, y, {1, 1, 0, 0, 1, 1, 2}) ==
        ErrorCode::shape);
  // Far beyond all sizes, but nothing that arithmetic can't hold: places read zeros.
  bias.fill(3);
  CHECK(code(x, w, y, {0x1p39, 1, 0x1p38, 0x1p39, 0x1p39, 1, 2}) == ErrorCode::none);
  for (int64_t i = 0; i < y.numel(); i++) CHECK(y.get(i) == 3);
}
