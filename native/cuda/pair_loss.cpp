// Losses of pairs and their derivatives: kernels/pair_loss.cu.
#include "cuda/kernels/pair_loss.h"

#include "cuda/dims.h"
#include "cuda/elementwise.h"
#include "cuda/kernel_table.h"
#include "cuda/loss.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int64_t kElementsOfBlock = 16384;

/** Names of a loss's kernels in one type. */
struct PairKernels {
  const char *sum, *each, *slope, *join;
  const char* check;  // null: the loss is defined for any x
};

double parameter_of(const Launch& l) { return l.scalars > 1 ? l.scalar[1].get() : 0; }

PairParameters pairs_of(const Launch& l, Queue& q, const PairKernels& kernels) {
  const TensorView &x = l.in(0), &y = l.in(1), &out = l.out();
  PairParameters p = {};
  p.x = x.data;
  p.y = y.data;
  p.out = out.data;
  p.x_type = x.dtype;
  p.y_type = y.dtype;
  p.out_type = out.dtype;
  p.failure = kernels.check ? q.failure() : nullptr;
  p.op = l.op;
  p.reduction = static_cast<uint32_t>(l.scalar[0].integer());
  p.parameter = parameter_of(l);
  p.elements = x.numel;
  DimList<2> dims;
  for (int i = 0; i < x.rank; i++) dims.push({x.shape[i], {x.strides[i], y.strides[i]}, 0, 0});
  dims.sort();
  dims.copy_to(p.dim);
  p.dims = dims.count;
  p.part = part_of(p.elements, kElementsOfBlock);
  p.parts = p.elements ? divide_up(p.elements, p.part) : 1;
  return p;
}

/** Runs a kernel that makes an element of each pair; `shares`: that a gradient of all is divided into. */
void run_each(const Launch& l, Queue& q, const char* kernel, double shares, bool validated) {
  Scalar scalars[2];
  scalars[0].value = parameter_of(l);
  scalars[1].value = shares;
  Launch each = l;
  each.scalar = scalars;
  each.scalars = 2;
  const DType types[] = {l.compute, l.compute, l.compute, l.compute};
  run_elementwise(each, q, {nullptr, kernel}, types, validated);
}

void forward(const Launch& l, Queue& q, const PairKernels& kernels) {
  PairParameters p = pairs_of(l, q, kernels);
  const unsigned parts = static_cast<unsigned>(p.parts);
  if (p.reduction == kNone) {
    if (kernels.check && p.elements) q.launch(kernels.check, {parts, 1, 1}, kLossThreads, p);
    return run_each(l, q, kernels.each, 1, kernels.check != nullptr);
  }
  if (p.parts > 1) p.partial = static_cast<double*>(q.scratch(static_cast<size_t>(p.parts) * sizeof(double)));
  q.launch(kernels.sum, {parts, 1, 1}, kLossThreads, p);
  if (p.parts > 1) q.launch(kernels.join, {}, kLossThreads, p);
}

/** Of a mean, each loss has its share of the gradient. */
void backward(const Launch& l, Queue& q, const PairKernels& kernels) {
  const bool mean = l.scalar[0].integer() == kMean;
  run_each(l, q, kernels.slope, mean ? static_cast<double>(l.out().numel) : 1, false);
}

}  // namespace

#define TENON_NAMES(name, type) \
  "pair_" name "_sum_" type, "pair_" name "_each_" type, "pair_" name "_slope_" type, "pair_join_" type
/** The names of checks are nullptr where there is none. */
#define TENON_PAIR_LOSS(name, check_f32, check_f64)                                    \
  static const PairKernels& name##_kernels(const Launch& l) {                          \
    static constexpr PairKernels kernels[] = {{TENON_NAMES(#name, "f32"), check_f32},  \
                                              {TENON_NAMES(#name, "f64"), check_f64}}; \
    return kernels[l.compute == DType::f64];                                           \
  }                                                                                    \
  void kernel_##name(const Launch& l, Queue& q) { forward(l, q, name##_kernels(l)); }  \
  void kernel_##name##Backward(const Launch& l, Queue& q) { backward(l, q, name##_kernels(l)); }

TENON_PAIR_LOSS(mseLoss, nullptr, nullptr)
TENON_PAIR_LOSS(l1Loss, nullptr, nullptr)
TENON_PAIR_LOSS(smoothL1Loss, nullptr, nullptr)
TENON_PAIR_LOSS(huberLoss, nullptr, nullptr)
TENON_PAIR_LOSS(binaryCrossEntropy, "pair_binaryCrossEntropy_check_f32", "pair_binaryCrossEntropy_check_f64")
TENON_PAIR_LOSS(binaryCrossEntropyWithLogits, nullptr, nullptr)

#undef TENON_NAMES
#undef TENON_PAIR_LOSS

}  // namespace cuda
}  // namespace tenon
