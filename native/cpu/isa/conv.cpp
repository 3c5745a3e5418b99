// convolution and its two gradients: operands brought to the compute type, and the way chosen.
#include "cpu/isa/conv.h"

#include <type_traits>

#include "cpu/isa/kernels.h"
#include "cpu/isa/strided.h"

namespace tenon {
namespace TENON_ISA {

namespace {

Convolution geometry(const Launch& l, const TensorView& x, const TensorView& w, const TensorView& y) {
  Convolution g;
  const int dims = x.rank - 2;
  g.groups = l.scalar[3 * dims].integer();
  g.batch = x.shape[0];
  g.c = w.shape[1];
  g.f = w.shape[0] / g.groups;
  for (int i = 0; i < dims; i++)
    g.axis[3 - dims + i] = {x.shape[2 + i],
                            y.shape[2 + i],
                            w.shape[2 + i],
                            l.scalar[i].integer(),
                            l.scalar[dims + i].integer(),
                            l.scalar[2 * dims + i].integer()};
  g.merge();
  return g;
}

/** Where the operands lie as elements of T: themselves, or converted. */
template <class T>
class Converted {
 public:
  /** With room for `more` elements. Large, and used in many places. */
  __attribute__((noinline)) Converted(const Launch& l, int64_t more) : l_(l) {
    const int operands = l.outputs + static_cast<int>(l.inputs);
    int64_t elements = more;
    for (int i = 0; i < operands; i++)
      if (l.views[i].dtype != dtype_of<T>()) elements += padded(l.views[i].numel);
    room_ = elements ? static_cast<T*>(l.scratch->bytes(static_cast<size_t>(elements) * sizeof(T))) : nullptr;
    for (int i = 0; i < operands; i++) {
      const TensorView& v = l.views[i];
      at_[i] = v.as<T>();
      if (v.dtype == dtype_of<T>()) continue;
      at_[i] = room_;
      room_ += padded(v.numel);
      if (i >= l.outputs) gather(v, 0, v.numel, at_[i]);
    }
  }
  /** What was computed, into the output. */
  void put() const {
    const TensorView& out = l_.out();
    if (out.dtype != dtype_of<T>()) scatter(at_[0], out, 0, out.numel);
  }
  T* out() const { return at_[0]; }
  T* in(int i) const { return at_[l_.outputs + i]; }
  const T* bias() const { return l_.inputs > 2 ? in(2) : nullptr; }
  T* room() const { return room_; }

 private:
  static int64_t padded(int64_t n) { return (n + 15) / 16 * 16; }
  const Launch& l_;
  T* at_[4];
  T* room_;
};

/** Whether groups are too small for tiles of a matrix product. */
template <class T>
bool by_rows(const Convolution& g) {
  return !std::is_floating_point_v<T> || (g.groups > 1 && g.c * g.f <= 8);
}

void out_of_memory(const Launch& l) {
  set_error(*l.error, ErrorCode::out_of_memory, "convolution: no memory to pack the operands");
}

template <class T>
void forward(const Launch& l) {
  const Convolution g = geometry(l, l.in(0), l.in(1), l.out());
  if constexpr (std::is_floating_point_v<T>)
    if (!by_rows<T>(g)) {
      const Converted<T> t(l, tiles_scratch<T>(g));
      if (!convolve_tiles<T>(g, {t.in(0), t.in(1), t.out(), t.bias()}, t.room())) out_of_memory(l);
      return t.put();
    }
  const Converted<T> t(l, 0);
  convolve_rows<T>(g, {t.in(0), t.in(1), t.out(), t.bias()});
  t.put();
}

template <class T>
void input_gradient(const Launch& l) {
  const Convolution g = geometry(l, l.out(), l.in(1), l.in(0));
  if constexpr (std::is_floating_point_v<T>)
    if (!by_rows<T>(g)) {
      const Converted<T> t(l, tiles_scratch<T>(g));
      if (!convolve_input_tiles<T>(g, {t.out(), t.in(1), t.in(0), t.bias()}, t.room())) out_of_memory(l);
      return t.put();
    }
  const Converted<T> t(l, 0);
  convolve_input_rows<T>(g, {t.out(), t.in(1), t.in(0), t.bias()});
  t.put();
}

template <class T>
void weight_gradient(const Launch& l) {
  const Convolution g = geometry(l, l.in(1), l.out(), l.in(0));
  if constexpr (std::is_floating_point_v<T>)
    if (!by_rows<T>(g)) {
      const Converted<T> t(l, weight_scratch<T>(g));
      convolve_weight_tiles<T>(g, {t.in(1), t.out(), t.in(0), nullptr}, t.room());
      return t.put();
    }
  const Converted<T> t(l, 0);
  convolve_weight_rows<T>(g, {t.in(1), t.out(), t.in(0), nullptr});
  t.put();
}

}  // namespace

#define TENON_CONVOLUTION(name, f)            \
  void kernel_##name(const Launch& l) {       \
    switch (l.compute) {                      \
      case DType::f32: return f<float>(l);    \
      case DType::f64: return f<double>(l);   \
      case DType::i32: return f<uint32_t>(l); \
      default: return f<uint64_t>(l);         \
    }                                         \
  }

TENON_CONVOLUTION(convolution, forward)
TENON_CONVOLUTION(convolutionInput, input_gradient)
TENON_CONVOLUTION(convolutionWeight, weight_gradient)

#undef TENON_CONVOLUTION

}  // namespace TENON_ISA
}  // namespace tenon
