// Reductions over any dimensions of tensors of any dtype. Threads form teams, one for a result or for a part
// of it; the shape alone decides who adds what and in which order.
#include "cuda/kernels/batch.h"
#include "cuda/kernels/block.h"
#include "cuda/kernels/locate.h"
#include "cuda/kernels/reduce.h"

namespace tenon {
namespace cuda {

/** So many batches are joined in an element's type before they go into the wider accumulator. */
constexpr int kNarrowBatches = 16;

// Ops have a Type, in which elements are loaded, a Wide, and `start`, the identity of `join`.

/** Integers wrap. */
template <class X>
using Wrapping = std::conditional_t<sizeof(X) == 8, uint64_t, uint32_t>;

template <class T>
struct Sum {
  static constexpr bool kTruth = false;
  using Type = T;
  using Wide = std::conditional_t<std::is_same<T, float>::value, double, T>;
  static TENON_DEVICE T start() { return T{0}; }
  template <class X>
  static TENON_DEVICE X join(X a, X b) {
    if constexpr (std::is_floating_point<X>::value)
      return a + b;
    else
      return static_cast<X>(static_cast<Wrapping<X>>(a) + static_cast<Wrapping<X>>(b));
  }
};

template <class T>
struct Product {
  static constexpr bool kTruth = false;
  using Type = T;
  using Wide = std::conditional_t<std::is_same<T, float>::value, double, T>;
  static TENON_DEVICE T start() { return T{1}; }
  template <class X>
  static TENON_DEVICE X join(X a, X b) {
    if constexpr (std::is_floating_point<X>::value)
      return a * b;
    else
      return static_cast<X>(static_cast<Wrapping<X>>(a) * static_cast<Wrapping<X>>(b));
  }
};

template <class T>
TENON_DEVICE T lowest() {
  if constexpr (std::is_floating_point<T>::value)
    return -static_cast<T>(INFINITY);
  else
    return static_cast<T>(sizeof(T) == 8 ? INT64_MIN : INT32_MIN);
}
template <class T>
TENON_DEVICE T highest() {
  if constexpr (std::is_floating_point<T>::value)
    return static_cast<T>(INFINITY);
  else
    return static_cast<T>(sizeof(T) == 8 ? INT64_MAX : INT32_MAX);
}

/** The largest; NaN beats everything. */
template <class T>
struct Largest {
  static constexpr bool kTruth = false;
  using Type = T;
  using Wide = T;
  static TENON_DEVICE T start() { return lowest<T>(); }
  static TENON_DEVICE bool better(T b, T a) { return b > a || (b != b && a == a); }
  static TENON_DEVICE T join(T a, T b) { return b > a || b != b ? b : a; }
};
template <class T>
struct Smallest {
  static constexpr bool kTruth = false;
  using Type = T;
  using Wide = T;
  static TENON_DEVICE T start() { return highest<T>(); }
  static TENON_DEVICE bool better(T b, T a) { return b < a || (b != b && a == a); }
  static TENON_DEVICE T join(T a, T b) { return b < a || b != b ? b : a; }
};

/** Whether all (any) elements are true: anything but zero, NaN included. */
template <class T>
struct All {
  static constexpr bool kTruth = true;
  using Type = T;
  using Wide = T;
  static TENON_DEVICE T start() { return 1; }
  static TENON_DEVICE T join(T a, T b) { return a & b; }
};
template <class T>
struct Any {
  static constexpr bool kTruth = true;
  using Type = T;
  using Wide = T;
  static TENON_DEVICE T start() { return 0; }
  static TENON_DEVICE T join(T a, T b) { return a | b; }
};

/** The elements of a batch in the type of the op; truth values are 0 and 1. */
template <class Op, int N>
TENON_DEVICE void load_elements(const void* data, DType dtype, const int64_t (&at)[N],
                                typename Op::Type (&x)[N]) {
  if constexpr (Op::kTruth) {
    Bool truth[N];
    load_each(data, dtype, at, truth);
    for (int i = 0; i < N; i++) x[i] = truth[i].byte != 0;
  } else {
    load_each(data, dtype, at, x);
  }
}

// What a team gathers: State is what a thread holds, and what is joined.

/** The value of an op. */
template <class Op>
struct Values {
  using Type = typename Op::Type;
  using State = typename Op::Wide;
  static TENON_DEVICE State start() { return static_cast<State>(Op::start()); }
  static TENON_DEVICE State join(State a, State b) { return Op::join(a, b); }
  static TENON_DEVICE State single(Type x, int64_t) { return static_cast<State>(x); }

  /** Takes batches, element i of which is there if `here` is true. */
  class Gather {
   public:
    TENON_DEVICE void take(Type (&x)[kBatch], const bool (&here)[kBatch], const uint32_t (&)[kBatch]) {
      for (int i = 0; i < kBatch; i++)
        if (!here[i]) x[i] = Op::start();
      for (int half = kBatch / 2; half; half /= 2)
        for (int i = 0; i < half; i++) x[i] = Op::join(x[i], x[i + half]);
      narrow_ = Op::join(narrow_, x[0]);
      if constexpr (!std::is_same<Type, State>::value) {
        if (++batches_ < kNarrowBatches) return;
        wide_ = Op::join(wide_, static_cast<State>(narrow_));
        narrow_ = Op::start();
        batches_ = 0;
      }
    }

    TENON_DEVICE State state(int64_t) const { return Op::join(wide_, static_cast<State>(narrow_)); }

   private:
    State wide_ = static_cast<State>(Op::start());
    Type narrow_ = Op::start();
    int batches_ = 0;
  };

  /** Of the states of a team that has gathered so many elements. */
  static TENON_DEVICE State join_lanes(State state, const TeamShape& shape, int64_t elements) {
    if constexpr (!std::is_same<Type, State>::value)
      if (elements <= kReduceBlock)
        return static_cast<State>(join_team<Op, kTeamThreads>(static_cast<Type>(state), shape));
    return join_team<Op, kTeamThreads>(state, shape);
  }

  static TENON_DEVICE void write(const ReduceParameters& p, State state, int64_t at) {
    if constexpr (std::is_floating_point<State>::value)
      if (p.mean) state = state / static_cast<State>(p.elements);
    store_one(p.out, p.out_type, at, static_cast<Type>(state));
  }
};

/** A value and its position among the reduced elements; -1 before the first. */
template <class T>
struct Best {
  T value;
  int64_t index;
};
template <class T>
TENON_DEVICE Best<T> exchange(Best<T> best, unsigned bits) {
  return {exchange(best.value, bits), exchange(best.index, bits)};
}

/** The best value and where it is first. */
template <class Op>
struct Places {
  using Type = typename Op::Type;
  using State = Best<Type>;
  static TENON_DEVICE State start() { return {Op::start(), -1}; }
  static TENON_DEVICE State join(State a, State b) {
    if (b.index < 0) return a;
    if (a.index < 0 || Op::better(b.value, a.value)) return b;
    return Op::better(a.value, b.value) || a.index < b.index ? a : b;
  }

  static TENON_DEVICE State single(Type x, int64_t position) { return {x, position}; }

  class Gather {
   public:
    /** `position` counts from where the part begins; it grows from batch to batch and within one. */
    TENON_DEVICE void take(Type (&x)[kBatch], const bool (&here)[kBatch],
                           const uint32_t (&position)[kBatch]) {
      for (int i = 0; i < kBatch; i++)
        if (here[i] && (position_ == kNowhere || Op::better(x[i], value_))) {
          value_ = x[i];
          position_ = position[i];
        }
    }
    TENON_DEVICE State state(int64_t first) const {
      return {value_, position_ == kNowhere ? -1 : first + position_};
    }

   private:
    static constexpr uint32_t kNowhere = 0xffffffffu;
    Type value_ = Op::start();
    uint32_t position_ = kNowhere;
  };

  static TENON_DEVICE State join_lanes(State state, const TeamShape& shape, int64_t) {
    return join_team<Places, kTeamThreads>(state, shape);
  }

  static TENON_DEVICE void write(const ReduceParameters& p, State state, int64_t at) {
    p.index[at] = state.index;
    if (p.out) store_one(p.out, p.out_type, at, state.value);
  }
};

template <class What>
TENON_DEVICE void write_result(const ReduceParameters& p, typename What::State state, int64_t result) {
  int64_t at[2];
  locate(p.dim, p.kept, result, at);
  What::write(p, state, at[1]);
}

/** What a thread gathers of elements first + lane, first + lane + lanes, ... below end. */
template <class What, class Op>
TENON_DEVICE typename What::State gather(const ReduceParameters& p, int64_t base, int64_t first, int64_t end,
                                         unsigned lane, unsigned lanes) {
  typename What::Gather gathered;
  const uint32_t n = static_cast<uint32_t>(end - first);
  if (p.reduced == 1) base += first * p.dim[p.kept].stride[0];
  const uint32_t origin = p.reduced == 1 ? 0 : static_cast<uint32_t>(first);
#pragma unroll 1
  for (uint32_t r = lane; r < n; r += kBatch * lanes) {
    uint32_t position[kBatch], place[kBatch];
    int64_t offset[1][kBatch];
    bool here[kBatch];
    for (int i = 0; i < kBatch; i++) {
      position[i] = r + static_cast<unsigned>(i) * lanes;
      here[i] = position[i] < n;
      place[i] = origin + (here[i] ? position[i] : r);
      offset[0][i] = base;
    }
    locate_each(p.dim + p.kept, p.reduced, place, offset);
    typename Op::Type x[kBatch];
    load_elements<Op>(p.x, p.x_type, offset[0], x);
    gathered.take(x, here, position);
  }
  return gathered.state(first);
}

/** The same where numbers of elements don't fit 32 bits. */
template <class What, class Op>
TENON_DEVICE typename What::State gather_many(const ReduceParameters& p, int64_t base, int64_t first,
                                              int64_t end, unsigned lane, unsigned lanes) {
  typename What::State state = What::start();
#pragma unroll 1
  for (int64_t r = first + lane; r < end; r += lanes) {
    int64_t offset[1];
    locate(p.dim + p.kept, p.reduced, r, offset);
    offset[0] += base;
    typename Op::Type x[1];
    load_elements<Op>(p.x, p.x_type, offset, x);
    state = What::join(state, What::single(x[0], r));
  }
  return state;
}

template <class What, class Op>
TENON_DEVICE void reduce(const ReduceParameters& p) {
  const Seat seat = seat_of(p.shape);
  const unsigned teams = blockDim.x >> p.shape.log_lanes, lanes = 1u << p.shape.log_lanes;
  const int64_t first = blockIdx.y * p.part;
  const int64_t end = p.elements - first < p.part ? p.elements : first + p.part;
  for (int64_t tile = blockIdx.x; tile * teams < p.results; tile += gridDim.x) {
    const int64_t result = tile * teams + seat.team;
    typename What::State state = What::start();
    if (result < p.results) {
      int64_t base[2];
      locate(p.dim, p.kept, result, base);
      state = p.narrow ? gather<What, Op>(p, base[0], first, end, seat.lane, lanes)
                       : gather_many<What, Op>(p, base[0], first, end, seat.lane, lanes);
    }
    state = What::join_lanes(state, p.shape, end - first);
    if (seat.lane != 0 || result >= p.results) continue;
    if (p.parts == 1)
      write_result<What>(p, state, result);
    else
      static_cast<typename What::State*>(p.partial)[blockIdx.y * p.results + result] = state;
  }
}

/** Joins the parts of each result. */
template <class What>
TENON_DEVICE void join_parts(const ReduceParameters& p) {
  const Seat seat = seat_of(p.shape);
  const int64_t teams = blockDim.x >> p.shape.log_lanes, lanes = 1 << p.shape.log_lanes;
  const typename What::State* const partial = static_cast<const typename What::State*>(p.partial);
  for (int64_t tile = blockIdx.x; tile * teams < p.results; tile += gridDim.x) {
    const int64_t result = tile * teams + seat.team;
    typename What::State state = What::start();
    if (result < p.results) {
#pragma unroll 1
      for (int64_t part = seat.lane; part < p.parts; part += lanes)
        state = What::join(state, partial[part * p.results + result]);
    }
    state = join_team<What, kTeamThreads>(state, p.shape);
    if (seat.lane == 0 && result < p.results) write_result<What>(p, state, result);
  }
}

#define TENON_REDUCE(name, type, What, Op)                            \
  KERNEL(reduce_##name##_##type, kTeamThreads, ReduceParameters)      \
  (const ReduceParameters p) { reduce<What<Op>, Op>(p); }             \
  KERNEL(reduce_##name##_join_##type, kTeamThreads, ReduceParameters) \
  (const ReduceParameters p) { join_parts<What<Op>>(p); }
#define TENON_REDUCE_TYPES(name, What, Op)   \
  TENON_REDUCE(name, f32, What, Op<float>)   \
  TENON_REDUCE(name, f64, What, Op<double>)  \
  TENON_REDUCE(name, i32, What, Op<int32_t>) \
  TENON_REDUCE(name, i64, What, Op<int64_t>)

TENON_REDUCE_TYPES(sum, Values, Sum)
TENON_REDUCE_TYPES(prod, Values, Product)
TENON_REDUCE_TYPES(amax, Values, Largest)
TENON_REDUCE_TYPES(amin, Values, Smallest)
TENON_REDUCE_TYPES(max, Places, Largest)
TENON_REDUCE_TYPES(min, Places, Smallest)
TENON_REDUCE(all, bool, Values, All<int32_t>)
TENON_REDUCE(any, bool, Values, Any<int32_t>)

#undef TENON_REDUCE_TYPES
#undef TENON_REDUCE

}  // namespace cuda
}  // namespace tenon
