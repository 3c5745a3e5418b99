#include "cuda/elementwise.h"

#include <cstring>

#include "core/convert_scalar.h"
#include "cpu/kernel_table.h"
#include "cuda/dims.h"
#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int compute_index(DType compute) {
  return compute == DType::f32 ? 0 : compute == DType::f64 ? 1 : compute == DType::i32 ? 2 : 3;
}

bool is_aligned(const void* p, int64_t bytes) { return reinterpret_cast<uintptr_t>(p) % bytes == 0; }

/** A whole number of the input, which is one of the host's. */
int64_t whole_number(const TensorView& v) {
  if (v.dtype == DType::i64) return *v.as<int64_t>();
  return to_integer(element_as_double(v.data, v.dtype, 0));
}

bool is_dense(const TensorView& v, const TensorView& out, DType type) {
  return v.contiguous && v.numel == out.numel && v.dtype == type;
}

bool all_dense(const Launch& l, int inputs, const DType* types) {
  bool dense = is_dense(l.out(), l.out(), types[0]);
  for (int k = 0; k < inputs; k++) dense &= is_number(l.in(k)) || is_dense(l.in(k), l.out(), types[1 + k]);
  return dense;
}

Input input_of(const TensorView& v, DType type) {
  Input in;
  in.dtype = v.dtype;
  if (is_number(v) && v.dtype == type)
    std::memcpy(&in.number, v.data, static_cast<size_t>(element_size(type)));
  else if (is_number(v))
    in.number = number_bits(v, type);
  else
    in.data = v.data;
  return in;
}

template <class P>
void set_common(P& p, const Launch& l, Queue& q, int inputs, const DType* types, bool validated) {
  p.n = l.out().numel;
  p.out = l.out().data;
  p.failure = validated ? q.failure() : nullptr;
  for (int k = 0; k < inputs; k++) p.in[k] = input_of(l.in(k), types[1 + k]);
  for (uint32_t i = 0; i < l.scalars && i < kMaxScalars; i++) p.scalars[i] = l.scalar[i].get();
}

void run_dense(const Launch& l, Queue& q, const char* kernel, int inputs, const DType* types,
               bool validated) {
  DenseParameters p = {};
  set_common(p, l, q, inputs, types, validated);
  // As many elements together as 16 bytes hold of the first input's.
  const int64_t together = 16 / element_size(types[1]);
  p.vectors = is_aligned(p.out, together * element_size(types[0]));
  for (int k = 0; k < inputs; k++) p.vectors &= !p.in[k].data || is_aligned(p.in[k].data, 16);
  const unsigned threads =
      p.n < kElementThreads ? static_cast<unsigned>(p.n + 31) / 32 * 32 : kElementThreads;
  q.launch(kernel, {blocks_for(p.n, threads, p.vectors ? together : 1, q)}, threads, p);
}

/** Launches kernels for n elements of dims, in halves while places of elements have more than 31 bits. */
void launch_strided(Queue& q, const char* kernel, StridedParameters& p, DimList<1 + kMaxInputs>& dims,
                    const int64_t (&size)[1 + kMaxInputs]) {
  p.n = dims.numel();
  if (!is_narrow(p.n)) {
    int longest = 0;
    for (int d = 1; d < dims.count; d++)
      if (dims.at[d].size > dims.at[longest].size) longest = d;
    const StridedParameters whole = p;
    const Dim<1 + kMaxInputs> dim = dims.at[longest];
    const int64_t half = dim.size / 2;
    dims.at[longest].size = half;
    launch_strided(q, kernel, p, dims, size);
    p = whole;
    p.out = static_cast<char*>(p.out) + half * dim.stride[0] * size[0];
    for (int k = 0; k < kMaxInputs; k++)
      if (p.in[k].data)
        p.in[k].data = static_cast<const char*>(p.in[k].data) + half * dim.stride[1 + k] * size[1 + k];
    dims.at[longest].size = dim.size - half;
    launch_strided(q, kernel, p, dims, size);
    dims.at[longest].size = dim.size;
    return;
  }
  p.dims = dims.count;
  dims.copy_to(p.dim);
  q.launch(kernel, {blocks_for(p.n, kElementThreads, kLeastTogether, q)}, kElementThreads, p);
}

void run_strided(const Launch& l, Queue& q, const char* kernel, int inputs, const DType* types,
                 bool validated) {
  StridedParameters p = {};
  set_common(p, l, q, inputs, types, validated);
  const TensorView& out = l.out();
  p.out_type = out.dtype;
  DimList<1 + kMaxInputs> dims;
  for (int d = 0; d < out.rank; d++) {
    Dim<1 + kMaxInputs> dim = {};
    dim.size = out.shape[d];
    dim.stride[0] = out.strides[d];
    for (int k = 0; k < inputs; k++) {
      const TensorView& x = l.in(k);
      const int own = d - (out.rank - x.rank);
      if (!is_number(x) && own >= 0 && x.shape[own] != 1) dim.stride[1 + k] = x.strides[own];
    }
    dims.push(dim);
  }
  dims.sort();
  int64_t size[1 + kMaxInputs] = {element_size(out.dtype)};
  for (int k = 0; k < inputs; k++) size[1 + k] = element_size(l.in(k).dtype);
  launch_strided(q, kernel, p, dims, size);
}

/** Looks for zeros in the divisor: true when the launch is over. */
bool refuse_zero(const Launch& l, Queue& q) {
  const TensorView& y = l.in(1);
  if (is_floating(l.compute) || l.out().numel == 0) return false;
  if (is_number(y)) {
    if (number_bits(y, l.compute) != 0) return false;
    set_error(*l.error, ErrorCode::argument, "%s: integer division by zero", op_name(l.op));
    return true;
  }
  ZeroCheck p = {};
  p.failure = q.failure();
  p.op = l.op;
  p.n = y.numel;
  p.data = y.data;
  p.dtype = y.dtype;
  p.compute = l.compute;
  DimList<1> dims;
  for (int d = 0; d < y.rank; d++) {
    Dim<1> dim = {};
    dim.size = y.shape[d];
    dim.stride[0] = y.strides[d];
    dims.push(dim);
  }
  dims.sort();
  p.dims = dims.count;
  dims.copy_to(p.dim);
  q.launch("binary_zero_check", {blocks_for(p.n, kElementThreads, 1, q)}, kElementThreads, p);
  return false;
}

bool divides_whole_numbers(Op op, DType compute) {
  return !is_floating(compute) &&
         (op == Op::floorDivide || op == Op::truncDivide || op == Op::remainder || op == Op::fmod);
}

/** The powers that are something simpler, as on the CPU: true when the launch is over. */
bool simpler_power(const Launch& l, Queue& q) {
  const TensorView& y = l.in(1);
  if (!is_number(y) || l.out().numel == 0) return false;
  const double exponent = element_as_double(y.data, y.dtype, 0);
  const bool floating = is_floating(l.compute);
  Launch simpler = l;
  simpler.inputs = 1;
  if (exponent == 2)
    kernel_square(simpler, q);
  else if (floating && exponent == 0.5)
    kernel_sqrt(simpler, q);
  else if (floating && exponent == -0.5)
    kernel_rsqrt(simpler, q);
  else if (floating && exponent == -1)
    kernel_reciprocal(simpler, q);
  else
    return false;
  return true;
}

void run_row(const Launch& l, Queue& q, const ElementwiseKernel (&kernels)[4], DType result) {
  const Op op = static_cast<Op>(l.op);
  const DType types[] = {result, l.compute, l.compute, l.compute};
  bool validated = false;
  if (divides_whole_numbers(op, l.compute)) {
    if (refuse_zero(l, q)) return;
    validated = true;
  }
  run_elementwise(l, q, kernels[compute_index(l.compute)], types, validated);
}

}  // namespace

uint64_t number_bits(const TensorView& v, DType type) {
  uint64_t bits = 0;
  switch (type) {
    case DType::f32: {
      // Not by way of a double, which rounds a large int64 before.
      const float x = v.dtype == DType::i64 ? static_cast<float>(*v.as<int64_t>())
                                            : static_cast<float>(element_as_double(v.data, v.dtype, 0));
      std::memcpy(&bits, &x, sizeof x);
      break;
    }
    case DType::f64: {
      const double x = element_as_double(v.data, v.dtype, 0);
      std::memcpy(&bits, &x, sizeof x);
      break;
    }
    case DType::i32: {
      // A float is cut to the width, an integer wraps.
      const int64_t x = whole_number(v);
      const bool fits = x >= INT32_MIN && x <= INT32_MAX;
      const int32_t cut = is_floating(v.dtype) && !fits ? INT32_MIN : static_cast<int32_t>(x);
      std::memcpy(&bits, &cut, sizeof cut);
      break;
    }
    default: {
      const int64_t x = whole_number(v);
      std::memcpy(&bits, &x, sizeof x);
    }
  }
  return bits;
}

void run_elementwise(const Launch& l, Queue& q, const ElementwiseKernel& kernel, const DType* types,
                     bool validated) {
  const int inputs = static_cast<int>(l.inputs);
  if (l.out().numel == 0) return;
  if (kernel.dense && all_dense(l, inputs, types))
    run_dense(l, q, kernel.dense, inputs, types, validated);
  else
    run_strided(l, q, kernel.strided, inputs, types, validated);
}

// Of the four names of a row those are used whose types the row has.
#define TENON_NAMES(kernel)                      \
  {{kernel "_f32_dense", kernel "_f32_strided"}, \
   {nullptr, kernel "_f64_strided"},             \
   {nullptr, kernel "_i32_strided"},             \
   {nullptr, kernel "_i64_strided"}}

#define UNARY(name, types, scalars)                                              \
  void kernel_##name(const Launch& l, Queue& q) {                                \
    static constexpr ElementwiseKernel kernels[4] = TENON_NAMES("unary_" #name); \
    run_row(l, q, kernels, l.compute);                                           \
  }
#define PREDICATE(name, types)                                                       \
  void kernel_##name(const Launch& l, Queue& q) {                                    \
    static constexpr ElementwiseKernel kernels[4] = TENON_NAMES("predicate_" #name); \
    run_row(l, q, kernels, DType::boolean);                                          \
  }
#define BINARY(name, types, scalars)                                              \
  void kernel_##name(const Launch& l, Queue& q) {                                 \
    static constexpr ElementwiseKernel kernels[4] = TENON_NAMES("binary_" #name); \
    if (Op::name == Op::pow && simpler_power(l, q)) return;                       \
    run_row(l, q, kernels, l.compute);                                            \
  }
#define COMPARE(name, types)                                                       \
  void kernel_##name(const Launch& l, Queue& q) {                                  \
    static constexpr ElementwiseKernel kernels[4] = TENON_NAMES("compare_" #name); \
    run_row(l, q, kernels, DType::boolean);                                        \
  }
#include "ops.def"

#define TENON_TERNARY(name)                                                        \
  void kernel_##name(const Launch& l, Queue& q) {                                  \
    static constexpr ElementwiseKernel kernels[4] = TENON_NAMES("ternary_" #name); \
    run_row(l, q, kernels, l.compute);                                             \
  }
TENON_TERNARY(addcmul)
TENON_TERNARY(addcdiv)
TENON_TERNARY(lerp)
#undef TENON_TERNARY

}  // namespace cuda
}  // namespace tenon
