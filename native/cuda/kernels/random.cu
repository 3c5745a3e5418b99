// Random fills: the same bits as on the CPU, see core/random.h. Compiled without contraction.
#include "cuda/kernels/convert.h"
#include "cuda/kernels/philox.h"
#include "cuda/kernels/random.h"

namespace tenon {
namespace cuda {

namespace {

template <class T>
class Target {
 public:
  TENON_DEVICE explicit Target(const RandomTarget& t) : target_(t) {}

  template <class Value>
  TENON_DEVICE void set(int64_t n, Value value) const {
    if (n >= target_.numel) return;
    int64_t at = n;
    if (target_.rank) {
      at = 0;
      for (int d = target_.rank - 1; d >= 0; d--) {
        const int64_t rest = n / target_.shape[d];
        at += (n - rest * target_.shape[d]) * target_.stride[d];
        n = rest;
      }
    }
    static_cast<T*>(target_.data)[at] = convert<T>(value);
  }

 private:
  const RandomTarget& target_;
};

/**
 * Every thread has a counter at a time; draw(words, x) makes the values of one, which are kPhiloxGroup
 * elements apart.
 */
template <class T, class Word, int kWords, class Value, class Draw>
TENON_DEVICE void generate(const RandomSource& source, const RandomTarget& target, Draw draw) {
  constexpr int group = kPhiloxGroup * kWords;
  const Words random(source);
  const Target<T> out(target);
  const int64_t counters = (target.numel + group - 1) / group * kPhiloxGroup;
  for (int64_t c = first_item(); c < counters; c += item_stride()) {
    Word words[kWords];
    Value x[kWords];
    random.get(c, words);
    draw(words, x);
    const int64_t first = c / kPhiloxGroup * group + c % kPhiloxGroup;
    for (int j = 0; j < kWords; j++) out.set(first + j * kPhiloxGroup, x[j]);
  }
}

template <class T>
TENON_DEVICE void uniform32(const UniformDraws& p) {
  const float low = static_cast<float>(p.arguments.low), width = static_cast<float>(p.arguments.width);
  const float last = static_cast<float>(p.arguments.last);
  generate<T, uint32_t, 4, float>(p.source, p.target, [&](const uint32_t* word, float* x) {
    for (int j = 0; j < 4; j++) {
      const float value = unit_float(word[j], p.arguments.digits) * width + low;
      x[j] = value < last ? value : last;
    }
  });
}

template <class T>
TENON_DEVICE void normal32(const NormalDraws& p) {
  const float mean = static_cast<float>(p.arguments.mean);
  const float deviation = static_cast<float>(p.arguments.deviation);
  generate<T, uint32_t, 4, float>(p.source, p.target, [&](const uint32_t* word, float* x) {
    for (int j = 0; j < 4; j += 2) {
      float a, b;
      box_muller(word[j], word[j + 1], a, b);
      x[j] = a * deviation + mean;
      x[j + 1] = b * deviation + mean;
    }
  });
}

}  // namespace

#define TENON_FILL32(name, T)                                                                 \
  KERNEL(random_uniform_##name, 256, UniformDraws)(const UniformDraws p) { uniform32<T>(p); } \
  KERNEL(random_normal_##name, 256, NormalDraws)(const NormalDraws p) { normal32<T>(p); }
TENON_FILL32(f32, float)
TENON_FILL32(f16, Half)
TENON_FILL32(bf16, BFloat16)

KERNEL(random_uniform_f64, 256, UniformDraws)(const UniformDraws p) {
  const double low = p.arguments.low, width = p.arguments.width, last = p.arguments.last;
  generate<double, uint64_t, 2, double>(p.source, p.target, [&](const uint64_t* pair, double* x) {
    for (int j = 0; j < 2; j++) {
      const double value = unit_double(pair[j]) * width + low;
      x[j] = value < last ? value : last;
    }
  });
}

KERNEL(random_normal_f64, 256, NormalDraws)(const NormalDraws p) {
  const double mean = p.arguments.mean, deviation = p.arguments.deviation;
  generate<double, uint64_t, 2, double>(p.source, p.target, [&](const uint64_t* pair, double* x) {
    double a, b;
    box_muller(pair[0], pair[1], a, b);
    x[0] = a * deviation + mean;
    x[1] = b * deviation + mean;
  });
}

#define TENON_RANDINT(name, T)                                                                    \
  KERNEL(random_randint_##name, 256, RandintDraws)(const RandintDraws p) {                        \
    generate<T, uint64_t, 2, int64_t>(p.source, p.target, [&](const uint64_t* pair, int64_t* x) { \
      for (int j = 0; j < 2; j++)                                                                 \
        x[j] = p.arguments.low + static_cast<int64_t>(below(pair[j], p.arguments.range));         \
    });                                                                                           \
  }                                                                                               \
  KERNEL(random_randperm_##name, 256, Permutation)(const Permutation p) {                         \
    for (int64_t n = first_item(); n < p.numel; n += item_stride())                               \
      static_cast<T*>(p.target)[n] = convert<T>(p.values[n]);                                     \
  }
TENON_RANDINT(f32, float)
TENON_RANDINT(f64, double)
TENON_RANDINT(f16, Half)
TENON_RANDINT(bf16, BFloat16)
TENON_RANDINT(i8, int8_t)
TENON_RANDINT(u8, uint8_t)
TENON_RANDINT(i16, int16_t)
TENON_RANDINT(i32, int32_t)
TENON_RANDINT(i64, int64_t)
TENON_RANDINT(bool, Bool)

KERNEL(random_randperm_start, 256, Permutation)(const Permutation p) {
  for (int64_t n = first_item(); n < p.numel; n += item_stride()) {
    p.values[n] = n;
    p.owners[n] = UINT32_MAX;
  }
}

/**
 * Fisher and Yates as on the CPU: step i exchanges place i and one of the n - i from there on. Of the steps
 * that one block has at a time, those go at once that no earlier one shares a place with: as they would in
 * turn (Shun, Gu, Blelloch, Fineman, Gibbons, "Sequential random permutation, list contraction and tree
 * contraction are highly parallel", SODA 2015).
 */
KERNEL(random_randperm_swap, kSwapThreads, Permutation)(const Permutation p) {
  const Words random(p.source);
  const unsigned t = threadIdx.x;
  for (int64_t first = 0; first < p.numel; first += blockDim.x) {
    const int64_t i = first + t;
    int64_t other = i;
    bool waits = i < p.numel;
    if (waits) {
      constexpr int group = 2 * kPhiloxGroup;
      const int64_t counter = i / group * kPhiloxGroup + i % kPhiloxGroup;
      uint64_t pairs[2];
      random.get(counter, pairs);
      const uint64_t pair = i % group < kPhiloxGroup ? pairs[0] : pairs[1];
      other += static_cast<int64_t>(below(pair, static_cast<uint64_t>(p.numel - i)));
    }
    while (__syncthreads_or(waits)) {
      const bool asks = waits;
      if (asks) {
        atomicMin(&p.owners[i], t);
        atomicMin(&p.owners[other], t);
      }
      __syncthreads();
      if (asks && p.owners[i] == t && p.owners[other] == t) {
        const int64_t taken = p.values[other];
        p.values[other] = p.values[i];
        p.values[i] = taken;
        waits = false;
      }
      __syncthreads();
      if (asks) {
        atomicExch(&p.owners[i], UINT32_MAX);
        atomicExch(&p.owners[other], UINT32_MAX);
      }
    }
  }
}

}  // namespace cuda
}  // namespace tenon
