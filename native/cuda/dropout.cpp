// dropout and maskedScale: kernels/dropout.cu.
#include "cuda/kernels/dropout.h"

#include "cuda/dims.h"
#include "cuda/elementwise.h"
#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

namespace {

bool is_aligned(const TensorView& v) {
  return reinterpret_cast<uintptr_t>(v.data) % static_cast<uintptr_t>(kDropped * element_size(v.dtype)) == 0;
}

/** Whether the kernel for dense arrays of x's dtype can have them; it computes in float64 if that is x's. */
bool all_dense(const Launch& l, const TensorView& x, const TensorView& out, const TensorView& mask) {
  return x.contiguous && out.contiguous && is_aligned(x) && is_aligned(out) && is_aligned(mask) &&
         (l.compute == DType::f64) == (x.dtype == DType::f64);
}

const char* pick(DType type, const char* const (&kernels)[4]) { return kernels[static_cast<int>(type)]; }

}  // namespace

void kernel_dropout(const Launch& l, Queue& q) {
  const TensorView &out = l.out(0), &mask = l.out(1), &x = l.in();
  if (out.numel == 0) return;
  const double rate = l.scalar[3].get();
  DropoutParameters p = {};
  p.source = source_of(l);
  p.x = x.data;
  p.out = out.data;
  p.mask = mask.as<uint8_t>();
  p.n = out.numel;
  p.kept = static_cast<uint64_t>((1 - rate) * 0x1p32);
  p.scale = 1 / (1 - rate);
  const Blocks blocks{blocks_for(p.n, kDropThreads, kDropped, q)};
  if (all_dense(l, x, out, mask)) {
    static constexpr const char* kernels[] = {"dropout_dense_f32", "dropout_dense_f64", "dropout_dense_f16",
                                              "dropout_dense_bf16"};
    return q.launch(pick(x.dtype, kernels), blocks, kDropThreads, p);
  }
  StridedDropoutParameters strided = {};
  strided.all = p;
  strided.type = x.dtype;
  DimList<2> dims;
  for (int i = 0; i < out.rank; i++) dims.push({out.shape[i], {x.strides[i], out.strides[i]}, 0, 0});
  dims.copy_to(strided.dim);
  strided.dims = dims.count;
  q.launch(l.compute == DType::f64 ? "dropout_strided_f64" : "dropout_strided_f32", blocks, kDropThreads,
           strided);
}

void kernel_maskedScale(const Launch& l, Queue& q) {
  const TensorView &out = l.out(), &x = l.in(0), &mask = l.in(1);
  if (out.numel == 0) return;
  if (all_dense(l, x, out, mask)) {
    static constexpr const char* kernels[] = {"maskedScale_dense_f32", "maskedScale_dense_f64",
                                              "maskedScale_dense_f16", "maskedScale_dense_bf16"};
    MaskedScaleParameters p = {};
    p.x = x.data;
    p.mask = mask.as<uint8_t>();
    p.out = out.data;
    p.n = out.numel;
    p.scale = l.scalar[0].get();
    return q.launch(pick(x.dtype, kernels), {blocks_for(p.n, kDropThreads, kDropped, q)}, kDropThreads, p);
  }
  const DType types[] = {l.compute, l.compute, l.compute};
  const bool wide = l.compute == DType::f64;
  run_elementwise(l, q, {nullptr, wide ? "maskedScale_strided_f64" : "maskedScale_strided_f32"}, types);
}

}  // namespace cuda
}  // namespace tenon
