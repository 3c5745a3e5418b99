// convolution and its two gradients: operands brought to the compute type, and the way chosen.
#include "cpu/isa/conv.h"

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
  return g;
}

/** Where the operands lie as elements of T: themselves, or converted. */
template <class T>
class Converted {
 public:
  explicit Converted(const Launch& l) : l_(l) {
    const int operands = l.outputs + static_cast<int>(l.inputs);
    int64_t elements = 0;
    for (int i = 0; i < operands; i++)
      if (l.views[i].dtype != dtype_of<T>()) elements += l.views[i].numel + 16;
    T* memory =
        elements ? static_cast<T*>(l.scratch->bytes(static_cast<size_t>(elements) * sizeof(T))) : nullptr;
    for (int i = 0; i < operands; i++) {
      const TensorView& v = l.views[i];
      at_[i] = v.as<T>();
      if (v.dtype == dtype_of<T>()) continue;
      at_[i] = memory;
      memory += v.numel + 16;
      if (i >= l.outputs) gather(v, 0, v.numel, at_[i]);
    }
  }
  /** What was computed, into the output. */
  ~Converted() {
    const TensorView& out = l_.out();
    if (out.dtype != dtype_of<T>()) scatter(at_[0], out, 0, out.numel);
  }
  T* out() const { return at_[0]; }
  T* in(int i) const { return at_[l_.outputs + i]; }
  const T* bias() const { return l_.inputs > 2 ? in(2) : nullptr; }

 private:
  const Launch& l_;
  T* at_[4];
};

template <class T>
void forward(const Launch& l) {
  const Converted<T> t(l);
  convolve_rows<T>(geometry(l, l.in(0), l.in(1), l.out()), {t.in(0), t.in(1), t.out(), t.bias()});
}

template <class T>
void input_gradient(const Launch& l) {
  const Converted<T> t(l);
  convolve_input_rows<T>(geometry(l, l.out(), l.in(1), l.in(0)), {t.out(), t.in(1), t.in(0), t.bias()});
}

template <class T>
void weight_gradient(const Launch& l) {
  const Converted<T> t(l);
  convolve_weight_rows<T>(geometry(l, l.in(1), l.out(), l.in(0)), {t.in(1), t.out(), t.in(0), nullptr});
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
