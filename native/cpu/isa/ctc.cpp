// Connectionist temporal classification: the probability that a sequence's steps spell a target, over all
// alignments, and its derivative. A target of n labels has 2 n + 1 states, blanks between and around its
// labels. Everything is a logarithm.
#include "kernels/ctc.h"

#include <cstring>
#include <limits>

#include "core/parallel.h"
#include "cpu/isa/dense.h"
#include "cpu/isa/kernels.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kMostTasks = 64;

/** Where the targets of sequences begin: at multiples of a stride, or (-1) each where the last one's end. */
struct Targets {
  const int64_t *labels, *lengths;
  int64_t stride;
  /** `at` is the end of the one before. */
  int64_t start(int64_t n, int64_t at) const { return stride < 0 ? at : n * stride; }
  /** From the beginning: sequences are few, and long. */
  const int64_t* of(int64_t n) const {
    if (stride >= 0) return labels + n * stride;
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++) at += lengths[i];
    return labels + at;
  }
};

/** The operands that both kernels have. */
struct Operands {
  const TensorView& x;  // log probabilities [steps, sequences, classes]
  Targets targets;
  const int64_t* steps;
  int64_t most_steps, sequences, classes, most_states, blank;

  Operands(const Launch& l, int first, int64_t states)
      : x(l.in(first)),
        targets{l.in(first + 1).as<int64_t>(), l.in(first + 3).as<int64_t>(), l.scalar[1].integer()},
        steps(l.in(first + 2).as<int64_t>()),
        most_steps(x.shape[0]),
        sequences(x.shape[1]),
        classes(x.shape[2]),
        most_states(states),
        blank(l.scalar[0].integer()) {}

  /** Whether all lengths and labels are possible. */
  bool fit(const Launch& l, int64_t labels) const {
    int64_t end = 0;
    for (int64_t n = 0; n < sequences; n++) {
      const int64_t count = targets.lengths[n], first = targets.start(n, end);
      if (steps[n] < 0 || steps[n] > most_steps) return refuse(l, "an input length", steps[n], most_steps);
      if (count < 0 || count > (most_states - 1) / 2 || first > labels - count)
        return refuse(l, "a target length", count, (most_states - 1) / 2);
      end = first + count;
      for (int64_t i = first; i < end; i++)
        if (targets.labels[i] < 0 || targets.labels[i] >= classes)
          return refuse(l, "a label", targets.labels[i], classes - 1);
    }
    return true;
  }

 private:
  static bool refuse(const Launch& l, const char* what, int64_t value, int64_t most) {
    set_error(*l.error, ErrorCode::index, "ctcLoss: %s is out of range: %lld, expected 0 to %lld", what,
              static_cast<long long>(value), static_cast<long long>(most));
    return false;
  }
};

/** Working memory of one sequence. Rows of states go on with -infinity, beyond what a vector may reach. */
template <class T>
class Lane {
 public:
  static constexpr int64_t w = Lanes<T>::count;
  static int64_t padded(int64_t n) { return (n + w - 1) / w * w + w; }
  static size_t bytes(int64_t states, int64_t classes) {
    return static_cast<size_t>(padded(states)) * (5 * sizeof(T) + sizeof(int64_t)) +
           2 * static_cast<size_t>(padded(classes)) * sizeof(T) + 64;
  }

  Lane(char* memory, const Operands& o) : operands_(o) {
    const int64_t states_room = padded(o.most_states), classes_room = padded(o.classes);
    classes = reinterpret_cast<int64_t*>(memory);
    skip = reinterpret_cast<T*>(classes + states_room);
    row = skip + states_room + w;  // room for the two before
    next = row + states_room;
    gathered = next + states_room;
    one = gathered + states_room;
    sums = one + classes_room;
  }

  /** Begins with sequence n. */
  void start(int64_t n) {
    sequence_ = n;
    const int64_t* const labels = operands_.targets.of(n);
    states = 2 * operands_.targets.lengths[n] + 1;
    room = (states + w - 1) / w * w;
    for (int64_t s = 0; s < room; s++) classes[s] = s < states && s % 2 ? labels[s / 2] : operands_.blank;
    for (int64_t s = 0; s < room + w; s++) {
      const bool may = s > 2 && s < states && s % 2 && classes[s] != classes[s - 2];
      skip[s] = may ? T{0} : -infinite;
    }
    for (int64_t s = -2; s < room + w; s++) row[s] = -infinite;
  }

  /** The log probabilities of step t, of each class and of each state. */
  void step(int64_t t) {
    const TensorView& x = operands_.x;
    const int64_t at = t * x.strides[0] + sequence_ * x.strides[1];
    load_strided(x.data, x.dtype, at, x.strides[2], operands_.classes, one);
    for (int64_t s = 0; s < room; s++) gathered[s] = one[classes[s]];
  }

  /** To each state, from itself and the two that are `direction` (-1, 1) of it; `row` is the result. */
  template <int direction>
  void move() {
    for (int64_t s = 0; s < room; s += w) {
      const V a = load(row + s), b = load(row + s + direction),
              c = load(row + s + 2 * direction) + load(skip + s + (direction > 0 ? 2 : 0));
      store(next + s, ctc::log_sum(a, b, c) + load(gathered + s));
    }
    std::memcpy(row, next, static_cast<size_t>(room) * sizeof(T));
  }

  using V = Vec<T>;
  static constexpr T infinite = std::numeric_limits<T>::infinity();

  int64_t states = 1, room = 1;
  int64_t* classes;  // of each state
  T *skip, *row, *next, *gathered, *one, *sums;

 private:
  const Operands& operands_;
  int64_t sequence_ = 0;
};

/** run(lane, n) for all sequences, in parallel. */
template <class T, class Run>
void for_sequences(const Launch& l, const Operands& o, Run run) {
  const int64_t tasks = o.sequences < kMostTasks ? o.sequences : kMostTasks;
  const size_t size = (Lane<T>::bytes(o.most_states, o.classes) + 4 * 64) / 64 * 64;
  char* const memory = static_cast<char*>(l.scratch->bytes(size * static_cast<size_t>(tasks)));
  parallel_for(tasks, [&](int64_t task) {
    Lane<T> lane(memory + size * static_cast<size_t>(task), o);
    for (int64_t n = task; n < o.sequences; n += tasks) {
      lane.start(n);
      run(lane, n);
    }
  });
}

template <class T>
void forward(const Launch& l) {
  const TensorView &loss = l.out(0), &alpha = l.out(1);
  const Operands o(l, 0, alpha.shape[2]);
  if (o.sequences == 0 || !o.fit(l, l.in(1).numel)) return;
  for_sequences<T>(l, o, [&](Lane<T>& lane, int64_t n) {
    T* const kept = alpha.as<T>() + n * o.most_steps * o.most_states;
    for (int64_t t = 0; t < o.steps[n]; t++) {
      lane.step(t);
      if (t == 0) {
        lane.row[0] = lane.gathered[0];
        if (lane.states > 1) lane.row[1] = lane.gathered[1];
      } else {
        lane.template move<-1>();
      }
      std::memcpy(kept + t * o.most_states, lane.row, static_cast<size_t>(lane.states) * sizeof(T));
    }
    const T last = o.steps[n] ? lane.row[lane.states - 1] : lane.states > 1 ? -Lane<T>::infinite : T{0};
    const T before = o.steps[n] && lane.states > 1 ? lane.row[lane.states - 2] : -Lane<T>::infinite;
    const auto total = ctc::log_sum(splat(last), splat(before), splat(-Lane<T>::infinite));
    set_element(loss, n, -total[0]);
  });
}

template <class T>
void backward(const Launch& l) {
  constexpr int64_t w = Lanes<T>::count;
  using V = Vec<T>;
  const TensorView &out = l.out(), &grad = l.in(0), &loss = l.in(5), &alpha = l.in(6);
  const Operands o(l, 1, alpha.shape[2]);
  const bool zero_infinite = l.scalar[2].get() != 0;
  if (o.sequences == 0 || !o.fit(l, l.in(2).numel)) return;
  constexpr T infinite = Lane<T>::infinite;
  for_sequences<T>(l, o, [&](Lane<T>& lane, int64_t n) {
    const T g = element<T>(grad, n * grad.strides[0]), lost = element<T>(loss, n);
    const T* const kept = alpha.as<T>() + n * o.most_steps * o.most_states;
    const auto store_step = [&](int64_t t) {
      store_strided(lane.sums, out.data, out.dtype, (t * o.sequences + n) * o.classes, 1, o.classes);
    };
    int64_t steps = o.steps[n];
    if (zero_infinite && lost == infinite) steps = 0;
    std::memset(lane.sums, 0, static_cast<size_t>(o.classes) * sizeof(T));
    for (int64_t t = o.most_steps; t-- > steps;) store_step(t);
    for (int64_t t = steps; t-- > 0;) {
      lane.step(t);
      if (t == steps - 1) {
        lane.row[lane.states - 1] = lane.gathered[lane.states - 1];
        if (lane.states > 1) lane.row[lane.states - 2] = lane.gathered[lane.states - 2];
      } else {
        lane.template move<1>();
      }
      for (int64_t c = 0; c < o.classes; c += w)
        store(lane.sums + c, ctc::no_share(splat(lost), load(lane.one + c)));
      for (int64_t s = 0; s < lane.states; s += w) {
        const V a = lane.states - s < w ? load_part(kept + t * o.most_states + s, lane.states - s)
                                        : load(kept + t * o.most_states + s);
        store(lane.next + s, ctc::share(a, load(lane.row + s), splat(lost), load(lane.gathered + s)));
      }
      for (int64_t s = 0; s < lane.states; s++) lane.sums[lane.classes[s]] += lane.next[s];
      for (int64_t c = 0; c < o.classes; c += w)
        store(lane.sums + c, ctc::gradient(load(lane.one + c), load(lane.sums + c), splat(g)));
      store_step(t);
    }
  });
}

}  // namespace

#define TENON_CTC(name, f)              \
  void kernel_##name(const Launch& l) { \
    if (l.compute == DType::f64)        \
      f<double>(l);                     \
    else                                \
      f<float>(l);                      \
  }

TENON_CTC(ctcLoss, forward)
TENON_CTC(ctcLossBackward, backward)

#undef TENON_CTC

}  // namespace TENON_ISA
}  // namespace tenon
