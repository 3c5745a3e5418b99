// matmul and linear: launches cut into the products that GEMM takes.
#include "core/parallel.h"
#include "cpu/isa/column_sums.h"
#include "cpu/isa/gemm.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/strided.h"

namespace tenon {
namespace TENON_ISA {

namespace {

void out_of_memory(const Launch& l, const char* op) {
  set_error(*l.error, ErrorCode::out_of_memory, "%s: no memory to pack the operands", op);
}

/** Integers, modulo 2^n. */
template <class T>
bool gemm(const Gemm<T>& g) {
  for (int64_t i = 0; i < g.m; i++) {
    T* const c = g.c + i * g.c_row;
    for (int64_t j = 0; j < g.n; j++) c[j] = g.bias ? g.bias[j] : T{0};
    for (int64_t k = 0; k < g.k; k++) {
      const T x = g.a[i * g.a_row + k * g.a_col];
      const T* const b = g.b + k * g.b_row;
      for (int64_t j = 0; j < g.n; j++) c[j] += x * b[j * g.b_col];
    }
  }
  return true;
}

/** A batch of matrices: their distance, in elements, for each of the output's batch dimensions. */
void batch_strides(const TensorView& v, const TensorView& out, int64_t* strides) {
  const int batch = out.rank - 2, skip = out.rank - v.rank;
  for (int i = 0; i < batch; i++) strides[i] = i < skip || v.shape[i - skip] == 1 ? 0 : v.strides[i - skip];
}

template <class T>
void products(const Launch& l, const TensorView& a, const TensorView& b, const TensorView& c) {
  const int ta = l.scalar[0].get() != 0, tb = l.scalar[1].get() != 0;
  Gemm<T> g;
  g.m = c.shape[c.rank - 2];
  g.n = c.shape[c.rank - 1];
  g.k = a.shape[a.rank - 1 - ta];
  g.a = a.as<T>();
  g.a_row = a.strides[a.rank - 2 + ta];
  g.a_col = a.strides[a.rank - 1 - ta];
  g.b = b.as<T>();
  g.b_row = b.strides[b.rank - 2 + tb];
  g.b_col = b.strides[b.rank - 1 - tb];
  g.c = c.as<T>();
  g.c_row = g.n;
  if (c.rank == 2) {
    if (!gemm(g)) out_of_memory(l, "matmul");
    return;
  }
  if (c.numel == 0) return;
  int64_t a_strides[kMaxRank], b_strides[kMaxRank];
  batch_strides(a, c, a_strides);
  batch_strides(b, c, b_strides);
  const int64_t count = c.numel / (g.m * g.n), work = g.m * g.n * g.k;
  const int64_t together = work < 65536 ? 65536 / (work + 1) + 1 : 1,
                tasks = (count + together - 1) / together;
  bool failed = false;  // set by any task
  parallel_for(tasks, [&](int64_t task) {
    const int64_t end = (task + 1) * together < count ? (task + 1) * together : count;
    bool ok = true;
    for (int64_t i = task * together; i < end; i++) {
      Gemm<T> one = g;
      int64_t rest = i;
      for (int d = c.rank - 3; d >= 0; d--) {
        const int64_t at = rest % c.shape[d];
        rest /= c.shape[d];
        one.a += at * a_strides[d];
        one.b += at * b_strides[d];
      }
      one.c += i * g.m * g.n;
      ok &= gemm(one);
    }
    if (!ok) __atomic_store_n(&failed, true, __ATOMIC_RELAXED);
  });
  if (failed) out_of_memory(l, "matmul");
}

template <class T>
void linear_product(const Launch& l, const TensorView& x, const TensorView& w, const TensorView* bias,
                    const TensorView& out) {
  Gemm<T> g;
  g.n = w.shape[0];
  g.k = w.shape[1];
  if (out.numel == 0) return;
  g.m = out.numel / g.n;
  g.a = x.as<T>();
  g.a_row = x.rank == 2 ? x.strides[0] : g.k;
  g.a_col = x.strides[x.rank - 1];
  g.b = w.as<T>();
  g.b_row = w.strides[1];
  g.b_col = w.strides[0];
  g.c = out.as<T>();
  g.c_row = g.n;
  g.bias = bias ? bias->as<T>() : nullptr;
  g.activation = static_cast<Activation>(l.scalar[0].integer());
  if (!gemm(g)) out_of_memory(l, "linear");
}

template <class T>
void linear_gradients(const Launch& l, const TensorView& grad, const TensorView& x, const TensorView& w,
                      T* const* out) {
  const int64_t m = grad.shape[0], n = grad.shape[1], k = x.shape[1];
  bool done = true;
  if (out[0])
    done &= gemm(Gemm<T>{m, k, n, grad.as<T>(), grad.strides[0], grad.strides[1], w.as<T>(), w.strides[0],
                         w.strides[1], out[0], k});
  if (out[1])
    done &= gemm(Gemm<T>{n, k, m, grad.as<T>(), grad.strides[1], grad.strides[0], x.as<T>(), x.strides[0],
                         x.strides[1], out[1], k});
  if (out[2]) column_sums(grad.as<T>(), m, n, grad.strides[0], grad.strides[1], out[2]);
  if (!done) out_of_memory(l, "linearBackward");
}

/** An operand as dense elements of the compute type: a view of what was converted into `memory`. */
template <class T>
TensorView converted(const TensorView& v, T* memory, int64_t* strides) {
  gather(v, 0, v.numel, memory);
  TensorView c = v;
  c.data = memory;
  c.dtype = dtype_of<T>();
  c.strides = strides;
  c.contiguous = true;
  row_major(v.shape, v.rank, strides);
  return c;
}

/** Runs `multiply` on operands of T: as they are, or converted. */
template <class T, class Multiply>
void in_type(const Launch& l, Multiply multiply) {
  const TensorView& out = l.out();
  if (out.dtype == dtype_of<T>() && (l.inputs < 3 || l.in(2).contiguous))
    return multiply(l.in(0), l.in(1), l.inputs > 2 ? &l.in(2) : nullptr, out);
  int64_t elements = out.numel + 16;
  for (uint32_t i = 0; i < l.inputs; i++) elements += l.in(static_cast<int>(i)).numel + 16;
  T* memory = static_cast<T*>(l.scratch->bytes(static_cast<size_t>(elements) * sizeof(T)));
  int64_t strides[4][kMaxRank];
  TensorView in[3];
  for (uint32_t i = 0; i < l.inputs; i++) {
    in[i] = converted(l.in(static_cast<int>(i)), memory, strides[i]);
    memory += in[i].numel;
  }
  TensorView result = out;
  result.data = memory;
  result.dtype = dtype_of<T>();
  multiply(in[0], in[1], l.inputs > 2 ? &in[2] : nullptr, result);
  scatter(memory, out, 0, out.numel);
}

template <class T>
void linear_backward(const Launch& l) {
  const TensorView &grad = l.in(0), &x = l.in(1), &w = l.in(2);
  T* out[3] = {nullptr, nullptr, nullptr};
  if (grad.dtype == dtype_of<T>()) {
    for (int i = 0, at = 0; i < 3; i++)
      if (l.scalar[i].get() != 0) out[i] = l.out(at++).as<T>();
    return linear_gradients<T>(l, grad, x, w, out);
  }
  int64_t elements = grad.numel + x.numel + w.numel;
  for (int i = 0; i < l.outputs; i++) elements += l.out(i).numel;
  T* memory = static_cast<T*>(l.scratch->bytes(static_cast<size_t>(elements) * sizeof(T)));
  int64_t strides[3][kMaxRank];
  const auto next = [&](const TensorView& v, int i) {
    const TensorView c = converted(v, memory, strides[i]);
    memory += v.numel;
    return c;
  };
  const TensorView g = next(grad, 0), input = next(x, 1), weight = next(w, 2);
  for (int i = 0, at = 0; i < 3; i++)
    if (l.scalar[i].get() != 0) {
      out[i] = memory;
      memory += l.out(at++).numel;
    }
  linear_gradients<T>(l, g, input, weight, out);
  for (int i = 0, at = 0; i < 3; i++)
    if (out[i]) {
      scatter(out[i], l.out(at), 0, l.out(at).numel);
      at++;
    }
}

template <class T>
void matmul(const Launch& l) {
  in_type<T>(l, [&](const TensorView& a, const TensorView& b, const TensorView*, const TensorView& c) {
    products<T>(l, a, b, c);
  });
}

template <class T>
void linear(const Launch& l) {
  in_type<T>(l, [&](const TensorView& x, const TensorView& w, const TensorView* bias, const TensorView& out) {
    linear_product<T>(l, x, w, bias, out);
  });
}

}  // namespace

#define TENON_PRODUCT(name, f)                \
  void kernel_##name(const Launch& l) {       \
    switch (l.compute) {                      \
      case DType::f32: return f<float>(l);    \
      case DType::f64: return f<double>(l);   \
      case DType::i32: return f<uint32_t>(l); \
      default: return f<uint64_t>(l);         \
    }                                         \
  }

TENON_PRODUCT(matmul, matmul)
TENON_PRODUCT(linear, linear)
TENON_PRODUCT(linearBackward, linear_backward)

#undef TENON_PRODUCT

}  // namespace TENON_ISA
}  // namespace tenon
