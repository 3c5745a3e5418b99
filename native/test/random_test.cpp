// Random numbers: Philox against its published vectors, each draw against the words it is said to come from,
// the same bits everywhere, and whether they look random.

// Also runs on emulated CUDA.

#include "core/random.h"

#include <algorithm>
#include <numeric>

#include "test/tensors.h"

using namespace test;

namespace {

/** Philox 4x32-10 as the paper has it, apart from what the kernels use. */
void philox(uint32_t c[4], const uint32_t key[2]) {
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    if (round) k0 += 0x9E3779B9, k1 += 0xBB67AE85;
    const uint64_t p0 = uint64_t{0xD2511F53} * c[0], p1 = uint64_t{0xCD9E8D57} * c[2];
    const uint32_t next[4] = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
                              static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
    std::copy(next, next + 4, c);
  }
}

struct Seed {
  uint32_t low, high;
  uint64_t offset;
};

/** Word `word` of counter `counter` of a launch. */
uint32_t word_of(const Seed& seed, uint64_t counter, int word) {
  const uint64_t place = seed.offset + counter;
  uint32_t c[4] = {static_cast<uint32_t>(place), static_cast<uint32_t>(place >> 32), 0, 0};
  const uint32_t key[2] = {seed.low, seed.high};
  philox(c, key);
  return c[word];
}

/** The word that a 32-bit draw takes, and the two of a 64-bit one: core/random.h has the order. */
uint32_t draw32(const Seed& seed, int64_t element) {
  const int64_t group = element / 64, j = element % 64 / 16, i = element % 16;
  return word_of(seed, static_cast<uint64_t>(16 * group + i), static_cast<int>(j));
}
uint64_t draw64(const Seed& seed, int64_t element) {
  const int64_t group = element / 32, j = element % 32 / 16, i = element % 16;
  const uint64_t counter = static_cast<uint64_t>(16 * group + i);
  return word_of(seed, counter, static_cast<int>(2 * j)) |
         uint64_t{word_of(seed, counter, static_cast<int>(2 * j + 1))} << 32;
}

constexpr Seed kSeed = {0x12345678, 0x9abcdef0, 77};
const Seed seeds[] = {
    {0, 0, 0}, kSeed, {0xffffffff, 0xffffffff, (uint64_t{1} << 53) - 5}, {1, 2, 0xfffffff8}};

Call draw(Op op, const Array& out, const Seed& seed, double a, double b) {
  return {op,
          compute_of(out.dtype()),
          {out.view()},
          {},
          {static_cast<double>(seed.low), static_cast<double>(seed.high), static_cast<double>(seed.offset), a,
           b}};
}

Call permutation(const Array& out, const Seed& seed) {
  return {Op::randperm,
          compute_of(out.dtype()),
          {out.view()},
          {},
          {static_cast<double>(seed.low), static_cast<double>(seed.high), static_cast<double>(seed.offset)}};
}

/** Pearson's statistic of equally likely bins, as standard deviations from its expectation. */
double chi_square(const std::vector<int64_t>& bins) {
  const int64_t total = std::accumulate(bins.begin(), bins.end(), int64_t{0});
  const double expected = static_cast<double>(total) / static_cast<double>(bins.size());
  double sum = 0;
  for (int64_t n : bins)
    sum += (static_cast<double>(n) - expected) * (static_cast<double>(n) - expected) / expected;
  const double freedom = static_cast<double>(bins.size() - 1);
  return (sum - freedom) / std::sqrt(2 * freedom);
}

struct Moments {
  double mean = 0, variance = 0, skewness = 0, kurtosis = 0;
};
Moments moments_of(const Array& x) {
  Moments m;
  const double n = static_cast<double>(x.numel());
  for (int64_t i = 0; i < x.numel(); i++) m.mean += static_cast<double>(x.get(i)) / n;
  for (int64_t i = 0; i < x.numel(); i++) {
    const double d = static_cast<double>(x.get(i)) - m.mean;
    m.variance += d * d / n;
    m.skewness += d * d * d / n;
    m.kurtosis += d * d * d * d / n;
  }
  m.skewness /= std::pow(m.variance, 1.5);
  m.kurtosis /= m.variance * m.variance;
  return m;
}

constexpr DType kFloats[] = {DType::f32, DType::f64, DType::f16, DType::bf16};

}  // namespace

TEST("Philox 4x32-10 gives the numbers of the Random123 distribution (kat_vectors)") {
  const struct {
    uint32_t counter[4], key[2], expected[4];
  } vectors[] = {{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
                 {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                  {0xffffffff, 0xffffffff},
                  {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
                 {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                  {0xa4093822, 0x299f31d0},
                  {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  for (const auto& v : vectors) {
    uint32_t c[4], own[4];
    std::copy(v.counter, v.counter + 4, c);
    std::copy(v.counter, v.counter + 4, own);
    philox4x32(c, v.key[0], v.key[1]);
    philox(own, v.key);
    for (int i = 0; i < 4; i++) {
      CHECK_EQ(c[i], v.expected[i]);
      CHECK_EQ(own[i], v.expected[i]);
    }
  }
  // The first of them by way of the kernels: counter 0 under key 0.
  for (Isa isa : isas()) {
    Array x(DType::f32, {64});
    run(isa, draw(Op::uniform, x, {0, 0, 0}, 0, 1));
    for (int j = 0; j < 4; j++)
      CHECK(x.get(16 * j) == static_cast<Number>(vectors[0].expected[j] >> 8) * 0x1p-24L);
    Array y(DType::f64, {32});
    run(isa, draw(Op::uniform, y, {0, 0, 0}, 0, 1));
    CHECK(y.get(0) == static_cast<Number>(0xe169c58d6627e8d5 >> 11) * 0x1p-53L);
    CHECK(y.get(16) == static_cast<Number>(0x9b00dbd8bc57ac4c >> 11) * 0x1p-53L);
  }
}

TEST("every draw comes from the words that are its own") {
  for (Isa isa : isas())
    for (const Seed& seed : seeds)
      for (int64_t n : {0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 1000}) {
        About about("%lld draws on %s, offset %g", static_cast<long long>(n), isa_name(isa),
                    static_cast<double>(seed.offset));
        Array u32(DType::f32, {n}), u64(DType::f64, {n}), u16(DType::f16, {n}), ub16(DType::bf16, {n}),
            whole(DType::i64, {n}), n32(DType::f32, {n}), n64(DType::f64, {n});
        for (const Array* x : {&u32, &u64, &u16, &ub16}) run(isa, draw(Op::uniform, *x, seed, 0, 1));
        for (const Array* x : {&n32, &n64}) run(isa, draw(Op::normal, *x, seed, 0, 1));
        run(isa, draw(Op::randint, whole, seed, -1000, 9000));
        int64_t wrong = 0, far = 0;
        for (int64_t i = 0; i < n; i++) {
          const uint32_t w = draw32(seed, i);
          const uint64_t ww = draw64(seed, i);
          wrong += u32.get(i) != static_cast<Number>(w >> 8) * 0x1p-24L;
          wrong += u64.get(i) != static_cast<Number>(ww >> 11) * 0x1p-53L;
          wrong += u16.get(i) != static_cast<Number>(w >> 21) * 0x1p-11L;
          wrong += ub16.get(i) != static_cast<Number>(w >> 24) * 0x1p-8L;
          const uint64_t below =
              ((ww >> 32) * 10000 + ((ww & 0xffffffff) * 10000 >> 32)) >> 32;  // ww 10000 / 2^64
          wrong += whole.get(i) != static_cast<Number>(below) - 1000;
          // Box and Muller, by the book: the radius from the first of a pair, the angle from the second.
          const int64_t pair32 = i % 32 < 16 ? i : i - 16, pair64 = i % 32 < 16 ? i : i - 16;
          const Number turn = 6.28318530717958647692528676655900577L;
          const auto normal = [&](Number radius, Number angle, bool second) {
            const Number r = std::sqrt(-2 * std::log(radius));
            return second ? r * std::sin(turn * angle) : r * std::cos(turn * angle);
          };
          const Number r32 = (static_cast<Number>(draw32(seed, pair32) >> 1) + 0.5L) * 0x1p-31L;
          const Number a32 = static_cast<Number>(draw32(seed, pair32 + 16)) * 0x1p-32L;
          const Number r64 = (static_cast<Number>(draw64(seed, pair64) >> 11) + 0.5L) * 0x1p-53L;
          const Number a64 = static_cast<Number>(draw64(seed, pair64 + 16)) * 0x1p-64L;
          far += std::fabs(n32.get(i) - normal(r32, a32, i % 32 >= 16)) > 2e-6L;
          far += std::fabs(n64.get(i) - normal(r64, a64, i % 32 >= 16)) > 4e-15L;
        }
        CHECK_EQ(wrong, 0);
        CHECK_EQ(far, 0);
        for (const Array* x : {&u32, &u64, &u16, &ub16, &whole, &n32, &n64}) CHECK(x->intact());
        if (n == 0) CHECK(u32.untouched());
      }
}

TEST("dropout keeps the elements that their words say, and maskedScale does the same by a mask") {
  const Threads threads(3);
  const Sizes shapes[] = {{0},   {1},   {3},    {4},    {5},      {63},      {64},       {65},    {126},
                          {127}, {129}, {1000}, {1023}, {40, 50}, {3, 4, 5}, {4, 1, 66}, {150001}};
  for (DType t : kFloats)
    for (const Sizes& shape : shapes)
      for (Layout layout : {Layout::dense, Layout::shifted, Layout::transposed, Layout::gaps})
        for (double rate : {0.25, 0.9, 1e-300}) {
          const bool large = product(shape) > 5000, turned = layout == Layout::transposed;
          if (large && (layout == Layout::shifted || turned || rate != 0.25)) continue;
          const Seed& seed = seeds[product(shape) % 4];
          Array x(t, shape, layout), mask(DType::boolean, shape),
              other(DType::boolean, shape, Layout::shifted);
          Random random(6);
          x.fill_with([&](int64_t i) -> Number {
            if (i % 50 == 3) return i % 100 == 3 ? INFINITY : -INFINITY;
            return i % 70 == 9 ? std::nanl("") : static_cast<Number>(random.uniform(-2, 2));
          });
          const uint64_t kept = static_cast<uint64_t>((1 - rate) * 0x1p32);
          const double scale = 1 / (1 - rate);
          std::vector<bool> keeps(static_cast<size_t>(x.numel()));
          Array want(t, shape);
          for (int64_t i = 0; i < x.numel(); i++) {
            keeps[static_cast<size_t>(i)] = draw32(seed, i) < kept;
            const double factor = keeps[static_cast<size_t>(i)] ? scale : 0;
            if (t == DType::f64)
              want.set(i, static_cast<double>(x.get(i)) * factor);
            else
              want.set(i, static_cast<float>(x.get(i)) * static_cast<float>(factor));
            *other.at(i) = keeps[static_cast<size_t>(i)] ? static_cast<char>(1 + i % 2) : 0;
          }
          for (Isa isa : isas()) {
            About about("%s, %lld elements, %s, on %s", dtype_name(t), static_cast<long long>(x.numel()),
                        layout_name(layout), isa_name(isa));
            Array out(t, shape, turned ? Layout::dense : layout), again(t, shape, layout),
                same(t, shape, layout);
            run(isa, {Op::dropout,
                      compute_of(t),
                      {out.view(), mask.view()},
                      {x.view()},
                      {static_cast<double>(seed.low), static_cast<double>(seed.high),
                       static_cast<double>(seed.offset), rate}});
            CHECK_EQ(out.differences(want), 0);
            int64_t wrong = 0;
            for (int64_t i = 0; i < x.numel(); i++)
              wrong += *mask.at(i) != static_cast<char>(keeps[static_cast<size_t>(i)]);
            CHECK_EQ(wrong, 0);
            run(isa, {Op::maskedScale, compute_of(t), {again.view()}, {x.view(), mask.view()}, {scale}});
            CHECK_EQ(again.differences(want), 0);
            for (int64_t i = 0; i < x.numel(); i++) same.copy(i, x, i);
            run(isa, {Op::maskedScale, compute_of(t), {same.view()}, {same.view(), other.view()}, {scale}});
            CHECK_EQ(same.differences(want), 0);
            CHECK(out.intact() && mask.intact() && again.intact() && same.intact());
          }
        }
}

TEST("draws have the same bits on every instruction set, with any number of threads, in any layout") {
  const int64_t n = brief ? 2003 : 100003;
  for (Op op : {Op::uniform, Op::normal, Op::randint, Op::randperm})
    for (DType t : kDTypes) {
      if ((op == Op::uniform || op == Op::normal) && !is_floating(t)) continue;
      std::vector<char> first;
      for (Isa isa : isas())
        for (int threads : {1, 2, 5}) {
          const Threads set(threads);
          About about("%s of %s on %s, %d threads", op_name(static_cast<int>(op)), dtype_name(t),
                      isa_name(isa), threads);
          Array x(t, {n});
          run(isa, op == Op::randperm
                       ? permutation(x, kSeed)
                       : draw(op, x, kSeed, op == Op::randint ? -5 : 0.25, op == Op::randint ? 120 : 1.75));
          if (first.empty()) first = x.bits();
          CHECK(x.bits() == first);
          CHECK(x.intact());
        }
      if (op == Op::randperm) continue;
      // A tensor's elements are drawn in row-major order, however they lie.
      Array dense(t, {7, 11, 13});
      const auto call = [&](const Array& x) { return draw(op, x, kSeed, 1, 3); };
      run(isas()[0], call(dense));
      for (Isa isa : isas())
        for (Layout layout : kLayouts) {
          Array x(t, {7, 11, 13}, layout);
          run(isa, call(x));
          CHECK_EQ(x.differences(dense), 0);
          CHECK(x.intact());
        }
    }
}

TEST("draws have the bits that they have had on every machine") {
  const struct {
    Op op;
    DType t;
    uint64_t sum;
  } known[] = {{Op::uniform, DType::f32, 0x958012772733e24b}, {Op::uniform, DType::f64, 0x6db9688092ace75c},
               {Op::uniform, DType::f16, 0x425b85aafd0bc119}, {Op::uniform, DType::bf16, 0x76ed68252347e056},
               {Op::normal, DType::f32, 0x30ca6a988d3b7387},  {Op::normal, DType::f64, 0x6c31918a02cd9d6b},
               {Op::randint, DType::i64, 0xfa4419a5a2787b66}, {Op::randperm, DType::i64, 0xa125fc465a7497bd}};
  for (Isa isa : isas())
    for (const auto& k : known) {
      About about("%s of %s on %s", op_name(static_cast<int>(k.op)), dtype_name(k.t), isa_name(isa));
      Array x(k.t, {10000});
      run(isa, k.op == Op::randperm ? permutation(x, kSeed) : draw(k.op, x, kSeed, 0, 7));
      uint64_t sum = 0xcbf29ce484222325;  // FNV-1a
      for (char c : x.bits()) sum = (sum ^ static_cast<uint8_t>(c)) * 0x100000001b3;
      checks++;
      if (sum != k.sum) fail(__FILE__, __LINE__, "their sum is %#llx", static_cast<unsigned long long>(sum));
    }
}

TEST("a longer draw begins as a shorter one, and the next goes on where the offset says") {
  for (Isa isa : isas())
    for (DType t : {DType::f32, DType::f64}) {
      Array longer(t, {1000}), shorter(t, {300}), other(t, {1000});
      for (Op op : {Op::uniform, Op::normal}) {
        run(isa, draw(op, longer, kSeed, 0, 1));
        run(isa, draw(op, shorter, kSeed, 0, 1));
        int64_t wrong = 0;
        for (int64_t i = 0; i < 300; i++) wrong += !shorter.same_bits(i, longer, i);
        CHECK_EQ(wrong, 0);
        // No draw of the next launch is one of this.
        run(isa,
            draw(op, other,
                 {kSeed.low, kSeed.high, kSeed.offset + static_cast<uint64_t>(philox_counters(1000))}, 0, 1));
        if (t == DType::f32) continue;  // which has too few numbers for 2000 of them to differ
        std::vector<Number> all;
        for (int64_t i = 0; i < 1000; i++) all.push_back(longer.get(i)), all.push_back(other.get(i));
        std::sort(all.begin(), all.end());
        CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
      }
    }
}

TEST("uniform draws lie in [from, to)") {
  const double ranges[][2] = {{0, 1},        {-1, 1},    {2, 3},          {-3, -2},
                              {0, 1e-5},     {0, 3e-8},  {-1e-5, 1e-5},   {1000, 1001},
                              {-1e-7, 0},    {0, 65504}, {-30000, 30000}, {0, 0x1p-14},
                              {1, 1},        {0, 0},     {-2, -2},        {100, 100.5},
                              {-0x1p-14, 0}, {0.1, 0.3}, {-1e-30, 1e-30}, {0.5, 0.5000001}};
  const int64_t n = full ? 1000000 : 20000;
  for (Isa isa : isas())
    for (DType t : kFloats)
      for (const auto& [from, to] : ranges) {
        About about("[%g, %g) of %s on %s", from, to, dtype_name(t), isa_name(isa));
        Array x(t, {n});
        run(isa, draw(Op::uniform, x, kSeed, from, to));
        // As the dtype has them; where it has no number between them, all are `from`.
        const Number low = converted(DType::f64, t, from), high = converted(DType::f64, t, to);
        int64_t outside = 0;
        for (int64_t i = 0; i < n; i++) {
          const Number v = x.get(i);
          outside += !(v >= low && (v < high || low >= high));
        }
        CHECK_EQ(outside, 0);
        CHECK(x.intact());
      }
}

TEST("ranges that no dtype holds are refused before anything is written") {
  const double none = std::nan(""), far = HUGE_VAL;
  for (Isa isa : isas())
    for (DType t : kFloats) {
      const double most = t == DType::f16 ? 65504 : t == DType::f64 ? 1.7e308 : 3.3e38;
      const double bad[][2] = {
          {1, 0},      {none, 1},  {0, none},     {0, far},        {-far, 0},
          {-far, far}, {far, far}, {-most, most}, {0, most * 1.1}, {most * 1.1, most * 1.2}};
      for (const auto& [from, to] : bad) {
        About about("[%g, %g) of %s on %s", from, to, dtype_name(t), isa_name(isa));
        Array x(t, {50});
        const LaunchError error = try_run(isa, draw(Op::uniform, x, kSeed, from, to));
        CHECK(error.code == ErrorCode::argument);
        CHECK(x.untouched());
      }
      Array x(t, {50});
      run(isa, draw(Op::uniform, x, kSeed, -most / 2, most / 2));
      for (int64_t i = 0; i < 50; i++) CHECK(std::isfinite(x.get(i)));
      for (double deviation : {-1.0, none}) {
        Array y(t, {50});
        CHECK(try_run(isa, draw(Op::normal, y, kSeed, 0, deviation)).code == ErrorCode::argument);
        CHECK(y.untouched());
      }
    }
  for (Isa isa : isas()) {
    const double bad[][2] = {{0, 0},   {5, 4},    {none, 4},   {4, none},
                             {0, far}, {-far, 0}, {0, 0x1p63}, {-0x1p63, 0}};
    for (const auto& [low, high] : bad) {
      Array x(DType::i64, {50});
      CHECK(try_run(isa, draw(Op::randint, x, kSeed, low, high)).code == ErrorCode::argument);
      CHECK(x.untouched());
    }
  }
}

TEST("whole numbers lie in [low, high), at the ends of their range too") {
  const double ranges[][2] = {
      {0, 1}, {0, 2}, {-3, 4}, {0, 1000}, {-0x1p62, 0x1p62}, {0, 0x1p53}, {0x1p62 - 1024, 0x1p62}, {-7, -6}};
  for (Isa isa : isas())
    for (const auto& [low, high] : ranges) {
      About about("[%g, %g) on %s", low, high, isa_name(isa));
      Array x(DType::i64, {5000});
      run(isa, draw(Op::randint, x, kSeed, low, high));
      int64_t outside = 0, first = 0, last = 0;
      for (int64_t i = 0; i < x.numel(); i++) {
        const Number v = x.get(i);
        outside += !(v >= low && v < high);
        first += v == low;
        last += v == high - 1;
      }
      CHECK_EQ(outside, 0);
      if (high - low <= 1000) CHECK(first > 0 && last > 0);
    }
}

TEST("moments and frequencies are those of the distributions") {
  // Bounds: five standard deviations of each statistic, for one fixed seed.
  const int64_t n = full ? 4000000 : 400000;
  const double root = std::sqrt(static_cast<double>(n));
  const Isa isa = isas().back();
  for (DType t : {DType::f32, DType::f64}) {
    About about("%s", dtype_name(t));
    Array x(t, {n});
    run(isa, draw(Op::uniform, x, kSeed, 0, 1));
    Moments m = moments_of(x);
    CHECK(std::fabs(m.mean - 0.5) < 5 * std::sqrt(1 / 12.0) / root);
    CHECK(std::fabs(m.variance - 1 / 12.0) < 5 * std::sqrt(1 / 180.0) / root);
    CHECK(std::fabs(m.skewness) < 5 * 2 / root);
    CHECK(std::fabs(m.kurtosis - 1.8) < 5 * 2 / root);
    std::vector<int64_t> bins(1000), pairs(64 * 64), next(32 * 32);
    for (int64_t i = 0; i < n; i++) {
      bins[static_cast<size_t>(x.get(i) * 1000)]++;
      if (i >= 16) pairs[static_cast<size_t>(x.get(i) * 64) * 64 + static_cast<size_t>(x.get(i - 16) * 64)]++;
      if (i >= 1) next[static_cast<size_t>(x.get(i) * 32) * 32 + static_cast<size_t>(x.get(i - 1) * 32)]++;
    }
    CHECK(std::fabs(chi_square(bins)) < 5);
    CHECK(std::fabs(chi_square(pairs)) < 5);
    CHECK(std::fabs(chi_square(next)) < 5);

    run(isa, draw(Op::normal, x, kSeed, 3, 2));
    m = moments_of(x);
    CHECK(std::fabs(m.mean - 3) < 5 * 2 / root);
    CHECK(std::fabs(m.variance - 4) < 5 * 4 * std::sqrt(2.0) / root);
    CHECK(std::fabs(m.skewness) < 5 * std::sqrt(6.0) / root);
    CHECK(std::fabs(m.kurtosis - 3) < 5 * std::sqrt(24.0) / root);
    std::fill(bins.begin(), bins.end(), 0);
    for (int64_t i = 0; i < n; i++) {
      const double p = 0.5 * std::erfc(-(static_cast<double>(x.get(i)) - 3) / 2 * 0.70710678118654752);
      bins[std::min<size_t>(static_cast<size_t>(p * 1000), 999)]++;
    }
    CHECK(std::fabs(chi_square(bins)) < 5);
  }
  Array whole(DType::i64, {n});
  run(isa, draw(Op::randint, whole, kSeed, -3, 94));
  std::vector<int64_t> bins(97);
  for (int64_t i = 0; i < n; i++) bins[static_cast<size_t>(whole.get(i) + 3)]++;
  CHECK(std::fabs(chi_square(bins)) < 5);
}

TEST("permutations have every number once, and every order is as likely") {
  for (Isa isa : isas())
    for (DType t : {DType::i64, DType::i32, DType::f64, DType::i16})
      for (int64_t n : {0, 1, 2, 3, 31, 32, 33, 1000}) {
        About about("%lld as %s on %s", static_cast<long long>(n), dtype_name(t), isa_name(isa));
        Array x(t, {n});
        run(isa, permutation(x, kSeed));
        std::vector<bool> seen(static_cast<size_t>(n));
        bool right = true;
        for (int64_t i = 0; i < n; i++) {
          const int64_t v = static_cast<int64_t>(x.get(i));
          right &= v >= 0 && v < n && !seen[static_cast<size_t>(v)];
          if (right) seen[static_cast<size_t>(v)] = true;
        }
        CHECK(right);
        CHECK(x.intact());
      }
  std::vector<int64_t> orders(24);
  for (uint32_t seed = 0; seed < (full ? 100000 : 10000); seed++) {
    Array x(DType::i64, {4});
    run(isas().back(), permutation(x, {seed, 1, 0}));
    int64_t order = 0;
    for (int64_t i = 0; i < 4; i++) {
      int64_t smaller = 0;
      for (int64_t j = i + 1; j < 4; j++) smaller += x.get(j) < x.get(i);
      order = order * (4 - i) + smaller;
    }
    orders[static_cast<size_t>(order)]++;
  }
  CHECK(std::fabs(chi_square(orders)) < 5);
}
