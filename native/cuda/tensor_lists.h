// Host side of ops on many tensors: those that are dense go together, as many as the parameters of a kernel
// hold, and others one by one.
#pragma once
#include "cuda/dims.h"
#include "cuda/kernels/tensor_list.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** By dtype, float32, float64, float16 and bfloat16: the kernels for dense tensors, and those for others. */
struct ListKernels {
  const char *dense[4], *strided[4];
};
#define TENON_LIST_KERNELS(name)                          \
  {{name "_f32", name "_f64", name "_f16", name "_bf16"}, \
   {name "_strided_f32", name "_strided_f64", name "_strided_f32", name "_strided_f32"}}
constexpr int kListTypes = 4;

/** The operands of a tensor: of one size and dtype; null where there is none. */
template <int K>
struct Operands {
  const TensorView* at[K] = {};
};

/** The tensors of one dtype for a kernel with parameters P, which have a TensorList `list`. */
template <class P, int K>
class DenseLaunches {
 public:
  DenseLaunches(const char* kernel, P& p, Queue& q) : kernel_(kernel), p_(p), q_(q) { p.list.count = 0; }

  /**
   * Takes a tensor that has elements, if its operands are dense, with their dimensions in one order, whatever
   * that is; else says what they are like.
   */
  bool take(const Operands<K>& operands, AnyTensor<K>& other) {
    if (!is_dense(operands, other)) return false;
    auto& list = p_.list;
    const int64_t numel = operands.at[0]->numel;
    for (int k = 0; k < K; k++) list.data[list.count][k] = operands.at[k] ? operands.at[k]->data : nullptr;
    list.numel[list.count] = numel;
    list.first_block[list.count] = blocks_;
    blocks_ += static_cast<uint32_t>((numel + list.chunk - 1) / list.chunk);
    if (++list.count == list.kMost) flush();
    return true;
  }

  /** Launches what was taken. */
  void flush() {
    if (p_.list.count) q_.launch(kernel_, {blocks_}, kListThreads, p_);
    p_.list.earlier += blocks_;
    p_.list.count = 0;
    blocks_ = 0;
  }

 private:
  static bool is_dense(const Operands<K>& operands, AnyTensor<K>& other) {
    bool contiguous = true;
    for (const TensorView* v : operands.at) contiguous &= !v || v->contiguous;
    if (contiguous) return true;
    const TensorView& first = *operands.at[0];
    DimList<K> dims;
    for (int d = 0; d < first.rank; d++) {
      Dim<K> dim = {first.shape[d], {}, 0, 0};
      for (int k = 0; k < K; k++)
        if (operands.at[k]) dim.stride[k] = operands.at[k]->strides[d];
      dims.push(dim);
    }
    dims.sort();
    bool dense = dims.count == 1;
    for (int k = 0; k < K; k++) {
      if (dense && operands.at[k]) dense = dims.at[0].stride[k] == 1;
      other.data[k] = operands.at[k] ? operands.at[k]->data : nullptr;
    }
    other.numel = first.numel;
    other.dtype = first.dtype;
    other.dims = dims.count;
    dims.copy_to(other.dim);
    return dense;
  }

  const char* const kernel_;
  P& p_;
  Queue& q_;
  uint32_t blocks_ = 0;
};

}  // namespace cuda
}  // namespace tenon
