// Random fills: uniform, normal, randint, randperm. Compiled without contraction, see core/random.h.
#include "core/random.h"

#include "core/draw_arguments.h"
#include "core/parallel.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/philox.h"
#include "cpu/isa/strided.h"
#include "cpu/isa/vec.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kTask = 16384;  // elements

/** Fills `out` with what draw(group, x) makes: kGroup values of type T at a time. */
template <class T, int kGroup, class Draw>
void generate(const TensorView& out, Draw draw) {
  const int64_t n = out.numel;
  const bool direct = out.contiguous && out.dtype == dtype_of<T>();
  parallel_for((n + kTask - 1) / kTask, [&](int64_t task) {
    const int64_t end = (task + 1) * kTask < n ? (task + 1) * kTask : n;
    for (int64_t i = task * kTask; i < end; i += kGroup) {
      const int64_t m = end - i < kGroup ? end - i : kGroup;
      if (direct && m == kGroup) {
        draw(i / kGroup, out.as<T>() + i);
        continue;
      }
      alignas(64) T x[kGroup];
      draw(i / kGroup, x);
      if (direct)
        std::memcpy(out.as<T>() + i, x, static_cast<size_t>(m) * sizeof(T));
      else
        scatter(x, out, i, m);
    }
  });
}

}  // namespace

void kernel_uniform(const Launch& l) {
  const TensorView& out = l.out();
  UniformArguments a;
  if (!read_arguments(l, a)) return;
  const Source source(l);
  if (out.dtype == DType::f64) {
    const double low = a.low, width = a.width, last = a.last;
    generate<double, kGroup64>(out, [&](int64_t group, double* x) {
      uint64_t w[2][kLanes];
      source.pairs(group, w);
      const uint64_t* const pair = w[0];
      for (int i = 0; i < kGroup64; i++) {
        const double value = unit_double(pair[i]) * width + low;
        x[i] = value < last ? value : last;
      }
    });
    return;
  }
  const float low = static_cast<float>(a.low), width = static_cast<float>(a.width);
  const float last = static_cast<float>(a.last);
  const int digits = a.digits;
  generate<float, kGroup32>(out, [&](int64_t group, float* x) {
    uint32_t w[4][kLanes];
    source.words(group, w);
    const uint32_t* const word = w[0];
    for (int i = 0; i < kGroup32; i++) {
      const float value = unit_float(word[i], digits) * width + low;
      x[i] = value < last ? value : last;
    }
  });
}

void kernel_normal(const Launch& l) {
  const TensorView& out = l.out();
  NormalArguments arguments;
  if (!read_arguments(l, arguments)) return;
  const double mean = arguments.mean, deviation = arguments.deviation;
  const Source source(l);
  if (out.dtype == DType::f64) {
    generate<double, kGroup64>(out, [&](int64_t group, double* x) {
      uint64_t w[2][kLanes];
      source.pairs(group, w);
      for (int i = 0; i < kLanes; i++) {
        double a, b;
        box_muller(w[0][i], w[1][i], a, b);
        x[i] = a * deviation + mean;
        x[kLanes + i] = b * deviation + mean;
      }
    });
    return;
  }
  const float mean32 = static_cast<float>(mean), deviation32 = static_cast<float>(deviation);
  generate<float, kGroup32>(out, [&](int64_t group, float* x) {
    uint32_t w[4][kLanes];
    source.words(group, w);
    for (int j = 0; j < 4; j += 2)
      for (int i = 0; i < kLanes; i++) {
        float a, b;
        box_muller(w[j][i], w[j + 1][i], a, b);
        x[j * kLanes + i] = a * deviation32 + mean32;
        x[(j + 1) * kLanes + i] = b * deviation32 + mean32;
      }
  });
}

void kernel_randint(const Launch& l) {
  RandintArguments a;
  if (!read_arguments(l, a)) return;
  const int64_t low = a.low;
  const uint64_t range = a.range;
  const Source source(l);
  generate<int64_t, kGroup64>(l.out(), [&](int64_t group, int64_t* x) {
    uint64_t w[2][kLanes];
    source.pairs(group, w);
    const uint64_t* const pair = w[0];
    for (int i = 0; i < kGroup64; i++) x[i] = low + static_cast<int64_t>(below(pair[i], range));
  });
}

/** Fisher and Yates: place i takes one of the n - i values that are left. */
void kernel_randperm(const Launch& l) {
  const TensorView& out = l.out();
  const int64_t n = out.numel;
  const bool direct = out.contiguous && out.dtype == DType::i64;
  int64_t* const x =
      direct ? out.as<int64_t>() : static_cast<int64_t*>(l.scratch->bytes(static_cast<size_t>(n) * 8));
  for (int64_t i = 0; i < n; i++) x[i] = i;
  const Source source(l);
  for (int64_t first = 0; first < n; first += kGroup64) {
    uint64_t w[2][kLanes];
    source.pairs(first / kGroup64, w);
    const uint64_t* const pair = w[0];
    const int64_t end = n - first < kGroup64 ? n : first + kGroup64;
    for (int64_t i = first; i < end; i++) {
      const int64_t j = i + static_cast<int64_t>(below(pair[i - first], static_cast<uint64_t>(n - i)));
      const int64_t taken = x[j];
      x[j] = x[i];
      x[i] = taken;
    }
  }
  if (!direct) scatter(x, out, 0, n);
}

}  // namespace TENON_ISA
}  // namespace tenon
