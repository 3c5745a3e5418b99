// Connectionist temporal classification (cpu/isa/ctc.cpp). A sequence has a block, which goes from step to
// step, a thread for each state. What the derivative does for classes, which are many, it does afterwards,
// for all steps at once.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/block.h"
#include "cuda/kernels/ctc.h"
#include "kernels/ctc.h"

namespace tenon {
namespace cuda {

// ---- what is checked ----

struct BadSequence {
  int64_t sequence, which, value, most;  // which: numbered as explain.cpp names them; sequence: -1 if all fit
};

TENON_DEVICE int64_t most_labels(const CtcParameters& p) { return (p.states - 1) / 2; }
TENON_DEVICE bool is_length(const CtcParameters& p, int64_t count) {
  return count >= 0 && count <= most_labels(p);
}

/** Where targets begin, up to the first that does not fit. */
TENON_DEVICE void place_targets(const CtcParameters& p) {
  SHARED(ends, int64_t[kCtcCheckThreads]);
  const int64_t thread = threadIdx.x, each = (p.sequences + kCtcCheckThreads - 1) / kCtcCheckThreads;
  const int64_t first = thread * each, last = min(p.sequences, first + each);
  int64_t own = 0;
  for (int64_t n = first; n < last; n++) own += is_length(p, p.lengths[n]) ? p.lengths[n] : 0;
  ends[thread] = own;
  __syncthreads();
#pragma unroll 1
  for (unsigned step = 1; step < kCtcCheckThreads; step *= 2) {
    const int64_t before = threadIdx.x >= step ? ends[threadIdx.x - step] : 0;
    __syncthreads();
    ends[thread] += before;
    __syncthreads();
  }
  int64_t at = ends[thread] - own;
  for (int64_t n = first; n < last; n++) {
    p.starts[n] = p.label_stride < 0 ? at : n * p.label_stride;
    at += is_length(p, p.lengths[n]) ? p.lengths[n] : 0;
  }
}

/** A warp looks at a sequence. */
TENON_DEVICE BadSequence check_sequence(const CtcParameters& p, int64_t n) {
  const int64_t steps = p.steps[n], count = p.lengths[n], start = p.starts[n];
  if (steps < 0 || steps > p.most_steps) return {n, 0, steps, p.most_steps};
  if (!is_length(p, count) || start > p.label_count - count) return {n, 1, count, most_labels(p)};
  int64_t bad = INT64_MAX;
  for (int64_t i = threadIdx.x % 32; i < count && bad == INT64_MAX; i += 32)
    if (p.labels[start + i] < 0 || p.labels[start + i] >= p.classes) bad = i;
#pragma unroll
  for (unsigned bit = 16; bit; bit /= 2) bad = min(bad, exchange(bad, bit));
  if (bad != INT64_MAX) return {n, 2, p.labels[start + bad], p.classes - 1};
  return {-1, 0, 0, 0};
}

KERNEL(ctc_check, kCtcCheckThreads, CtcParameters)(const CtcParameters p) {
  constexpr unsigned kWarps = kCtcCheckThreads / 32;
  SHARED(found, BadSequence[kWarps]);
  place_targets(p);
  __syncthreads();
  const unsigned warp = threadIdx.x / 32;
  BadSequence mine = {-1, 0, 0, 0};
  for (int64_t n = warp; n < p.sequences && mine.sequence < 0; n += kWarps) mine = check_sequence(p, n);
  if (threadIdx.x % 32 == 0) found[warp] = mine;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (unsigned i = 1; i < kWarps; i++)
    if (found[i].sequence >= 0 && (mine.sequence < 0 || found[i].sequence < mine.sequence)) mine = found[i];
  if (mine.sequence >= 0) leave_failure(p.failure, p.op, kCtcOutOfRange, mine.which, mine.value, mine.most);
}

// ---- from step to step ----

/** A sequence as its block sees it. */
template <class T>
struct CtcSequence {
  const T* x;
  const int64_t* labels;
  int64_t steps, count, states, of_step, of_class, blank;

  TENON_DEVICE CtcSequence(const CtcParameters& p, int64_t n)
      : x(static_cast<const T*>(p.x) + n * p.x_stride[1]),
        labels(p.labels + p.starts[n]),
        steps(p.steps[n]),
        count(p.lengths[n]),
        states(2 * p.lengths[n] + 1),
        of_step(p.x_stride[0]),
        of_class(p.x_stride[2]),
        blank(p.blank) {}

  TENON_DEVICE int64_t class_of(int64_t state) const { return state % 2 ? labels[state / 2] : blank; }
  TENON_DEVICE T at(int64_t step, int64_t c) const { return x[step * of_step + c * of_class]; }
  /** What going to a state from the one before the last costs. */
  TENON_DEVICE T skip(int64_t state) const {
    return state > 2 && state < states && state % 2 && labels[state / 2] != labels[state / 2 - 1]
               ? T{0}
               : -static_cast<T>(INFINITY);
  }
};

/**
 * All steps, forward or backward; done(step, state, result, log probability) for each state. `row`: room for
 * two rows of states; returns the one with the last step's results, which all threads may read.
 */
template <class T, int kDirection, class Done>
TENON_DEVICE const T* walk(const CtcSequence<T>& s, int64_t steps, T* row, int64_t room, Done done) {
  constexpr T kLowest = -static_cast<T>(INFINITY);
  const int64_t first = threadIdx.x, threads = blockDim.x;
  const auto skip_of = [&](int64_t state) { return s.skip(kDirection < 0 ? state : state + 2); };
  const auto step_of = [&](int64_t i) { return kDirection < 0 ? i : steps - 1 - i; };
  // Most often a thread has one state: its class is known, and what the next step needs is on its way.
  const int64_t own = first < s.states ? first : 0, own_class = s.class_of(own);
  const T own_skip = skip_of(own);
  T ahead = steps > 0 ? s.at(step_of(0), own_class) : T{0};
  T *last = row, *now = row + room;
#pragma unroll 1
  for (int64_t i = 0; i < steps; i++) {
    const T own_x = ahead;
    if (i + 1 < steps) ahead = s.at(step_of(i + 1), own_class);
#pragma unroll 1
    for (int64_t state = first; state < s.states; state += threads) {
      const bool is_own = state == first;
      const T x = is_own ? own_x : s.at(step_of(i), s.class_of(state));
      const auto from = [&](int64_t other) { return other >= 0 && other < s.states ? last[other] : kLowest; };
      T result = kLowest;
      if (i == 0)
        result = (kDirection < 0 ? state < 2 : state >= s.states - 2) ? x : kLowest;
      else
        result = ctc::log_sum(last[state], from(state + kDirection),
                              from(state + 2 * kDirection) + (is_own ? own_skip : skip_of(state))) +
                 x;
      now[state] = result;
      done(step_of(i), state, result, x);
    }
    __syncthreads();
    T* const swapped = last;
    last = now;
    now = swapped;
  }
  return last;
}

template <class T>
TENON_DEVICE T* rows_of_block(const CtcParameters& p, T* shared) {
  return p.rows ? static_cast<T*>(p.rows) + 2 * p.states * blockIdx.x : shared;
}

template <class T>
TENON_DEVICE void ctc_forward(const CtcParameters& p) {
  constexpr T kLowest = -static_cast<T>(INFINITY);
  DYNAMIC_SHARED(shared, T);
  if (p.failure->state != 0) return;
  for (int64_t n = blockIdx.x; n < p.sequences; n += gridDim.x) {
    const CtcSequence<T> s(p, n);
    T* const alpha = static_cast<T*>(p.alpha) + n * p.most_steps * p.states;
    const T* const row = walk<T, -1>(
        s, s.steps, rows_of_block(p, shared), p.states,
        [&](int64_t step, int64_t state, T result, T) { alpha[step * p.states + state] = result; });
    if (threadIdx.x == 0) {
      T last = s.states > 1 ? kLowest : T{0}, before = kLowest;
      if (s.steps > 0) last = row[s.states - 1];
      if (s.steps > 0 && s.states > 1) before = row[s.states - 2];
      static_cast<T*>(p.loss)[n] = -ctc::log_sum(last, before, kLowest);
    }
    __syncthreads();  // the next sequence's rows go where this one's were
  }
}

/** Of the steps, those that have a gradient. */
template <class T>
TENON_DEVICE int64_t steps_of(const CtcParameters& p, int64_t n) {
  const bool none = p.zero_infinity && static_cast<const T*>(p.loss)[n] == static_cast<T>(INFINITY);
  return none ? 0 : p.steps[n];
}

/** Where the labels of a target come again, so that the shares of a class can be added in one order. */
template <class T>
TENON_DEVICE void link_labels(const CtcSequence<T>& s, int32_t* next) {
  for (int64_t i = threadIdx.x; i < s.count; i += blockDim.x) {
    const int64_t c = s.labels[i];
    int64_t after = i + 1, before = i - 1;
    while (after < s.count && s.labels[after] != c) after++;
    while (before >= 0 && s.labels[before] != c) before--;
    const int32_t found = after < s.count ? static_cast<int32_t>(after) : 0;
    next[i] = before < 0 ? found : ~found;
  }
}

template <class T>
TENON_DEVICE void ctc_shares(const CtcParameters& p) {
  DYNAMIC_SHARED(shared, T);
  if (p.failure->state != 0) return;
  for (int64_t n = blockIdx.x; n < p.sequences; n += gridDim.x) {
    const CtcSequence<T> s(p, n);
    link_labels(s, p.next + n * most_labels(p));
    const int64_t first = n * p.most_steps * p.states;
    const T* const alpha = static_cast<const T*>(p.alpha) + first;
    T* const shares = static_cast<T*>(p.shares) + first;
    const T loss = static_cast<const T*>(p.loss)[n];
    walk<T, 1>(s, steps_of<T>(p, n), rows_of_block(p, shared), p.states,
               [&](int64_t step, int64_t state, T result, T x) {
                 const int64_t at = step * p.states + state;
                 shares[at] = ctc::share(alpha[at], result, loss, x);
               });
  }
}

template <class T>
struct AddShares {
  static TENON_DEVICE T join(T a, T b) { return a + b; }
};

/** Of each class, for one step of one sequence. */
template <class T>
TENON_DEVICE void ctc_step(const CtcParameters& p, int64_t step, int64_t n) {
  const int64_t thread = threadIdx.x;
  T* const out = static_cast<T*>(p.out) + (step * p.sequences + n) * p.classes;
  if (step >= steps_of<T>(p, n)) {
    for (int64_t c = thread; c < p.classes; c += kCtcStepThreads) out[c] = 0;
    return;
  }
  const CtcSequence<T> s(p, n);
  const T grad = load_one<T>(p.grad, p.grad_type, n * p.grad_stride);
  const T loss = static_cast<const T*>(p.loss)[n];
  for (int64_t c = thread; c < p.classes; c += kCtcStepThreads) {
    const T x = s.at(step, c);
    out[c] = ctc::gradient(x, ctc::no_share(loss, x), grad);
  }
  const T* const shares = static_cast<const T*>(p.shares) + (n * p.most_steps + step) * p.states;
  T of_blank = 0;
  for (int64_t state = thread; state < s.states; state += kCtcStepThreads)
    if (s.class_of(state) == p.blank) of_blank += shares[state];
  of_blank = join_team<AddShares<T>, kCtcStepThreads>(of_blank, {7, 1});
  __syncthreads();  // what targets have is written once more
  const int32_t* const next = p.next + n * most_labels(p);
  for (int64_t i = thread; i < s.count; i += kCtcStepThreads) {
    const int64_t c = s.labels[i];
    if (c == p.blank || next[i] < 0) continue;
    const T x = s.at(step, c);
    T sum = ctc::no_share(loss, x) + shares[2 * i + 1];
    for (int32_t j = next[i]; j; j = ~next[j]) sum += shares[2 * j + 1];
    out[c] = ctc::gradient(x, sum, grad);
  }
  if (thread == 0) {
    const T x = s.at(step, p.blank);
    out[p.blank] = ctc::gradient(x, ctc::no_share(loss, x) + of_blank, grad);
  }
}
template <class T>
TENON_DEVICE void ctc_backward(const CtcParameters& p) {
  if (p.failure->state != 0) return;
  for (int64_t step = blockIdx.y; step < p.most_steps; step += gridDim.y)
    for (int64_t n = blockIdx.x; n < p.sequences; n += gridDim.x) ctc_step<T>(p, step, n);
}
static_assert(kCtcStepThreads == 1 << 7, "a block is one team");

#define TENON_CTC(name, f, threads)                                                        \
  KERNEL(ctc_##name##_f32, threads, CtcParameters)(const CtcParameters p) { f<float>(p); } \
  KERNEL(ctc_##name##_f64, threads, CtcParameters)(const CtcParameters p) { f<double>(p); }

TENON_CTC(forward, ctc_forward, kCtcThreads)
TENON_CTC(shares, ctc_shares, kCtcThreads)
TENON_CTC(backward, ctc_backward, kCtcStepThreads)

#undef TENON_CTC

}  // namespace cuda
}  // namespace tenon
