// What a block does with the elements of many tensors. An Op says
//   reads(k), writes(k)   whether operand k is loaded, and stored
//   change(x, j)          x: an element of each operand (0 of those that are not read); j: which one of its
//                         neighbours in a pack it is
//   kUnroll               how many packs a thread may have under way
#pragma once
#include "cuda/kernels/convert.h"
#include "cuda/kernels/locate.h"
#include "cuda/kernels/tensor_list.h"

namespace tenon {
namespace cuda {

/** Neighbours that a thread moves at once. */
constexpr int kMostPacked = 4;
template <class T>
struct alignas(sizeof(T) == 8 ? 16 : sizeof(T) * kMostPacked) ListPack {
  static constexpr int count = sizeof(T) == 8 ? 2 : kMostPacked;
  T at[count];
};

/** The block's chunk of dense tensors of T, calculated in C. */
template <class T, class C, int K, int kBytes, class Op>
TENON_DEVICE void each_dense(const TensorList<K, kBytes>& list, Op& op) {
  using Pack = ListPack<T>;
  // The last tensor that starts at this block or before it.
  int low = 0;
  for (int high = list.count; high - low > 1;) {
    const int middle = (low + high) / 2;
    if (list.first_block[middle] <= blockIdx.x)
      low = middle;
    else
      high = middle;
  }
  const int64_t first = static_cast<int64_t>(blockIdx.x - list.first_block[low]) * list.chunk;
  const int64_t rest = list.numel[low] - first;
  const int n = rest < list.chunk ? static_cast<int>(rest) : list.chunk;
  T* data[K];
  uintptr_t addresses = 0;
#pragma unroll
  for (int k = 0; k < K; k++) {
    data[k] = op.reads(k) || op.writes(k) ? static_cast<T*>(list.data[low][k]) + first : nullptr;
    addresses |= reinterpret_cast<uintptr_t>(data[k]);
  }
  const int packed = addresses % sizeof(Pack) == 0 ? n - n % Pack::count : 0;
  constexpr int step = static_cast<int>(kListThreads);
#pragma unroll Op::kUnroll
  for (int i = static_cast<int>(threadIdx.x) * Pack::count; i < packed; i += step * Pack::count) {
    Pack pack[K];
#pragma unroll
    for (int k = 0; k < K; k++)
      if (op.reads(k)) pack[k] = *reinterpret_cast<const Pack*>(data[k] + i);
#pragma unroll
    for (int j = 0; j < Pack::count; j++) {
      C x[K];
#pragma unroll
      for (int k = 0; k < K; k++) x[k] = op.reads(k) ? convert<C>(pack[k].at[j]) : C{0};
      op.change(x, j);
#pragma unroll
      for (int k = 0; k < K; k++)
        if (op.writes(k)) pack[k].at[j] = convert<T>(x[k]);
    }
#pragma unroll
    for (int k = 0; k < K; k++)
      if (op.writes(k)) *reinterpret_cast<Pack*>(data[k] + i) = pack[k];
  }
#pragma unroll 1
  for (int i = packed + static_cast<int>(threadIdx.x); i < n; i += step) {
    C x[K];
#pragma unroll
    for (int k = 0; k < K; k++) x[k] = op.reads(k) ? convert<C>(data[k][i]) : C{0};
    op.change(x, 0);
#pragma unroll
    for (int k = 0; k < K; k++)
      if (op.writes(k)) data[k][i] = convert<T>(x[k]);
  }
}

// Elements of the floating dtypes that are calculated in C: of double, float64; of float, the others.

template <class C>
TENON_DEVICE C load_floating(const void* data, DType dtype, int64_t at) {
  if constexpr (std::is_same<C, float>::value) {
    if (dtype == DType::f16) return convert<C>(static_cast<const Half*>(data)[at]);
    if (dtype == DType::bf16) return convert<C>(static_cast<const BFloat16*>(data)[at]);
  }
  return static_cast<const C*>(data)[at];
}

template <class C>
TENON_DEVICE void store_floating(void* data, DType dtype, int64_t at, C x) {
  if constexpr (std::is_same<C, float>::value) {
    if (dtype == DType::f16) {
      static_cast<Half*>(data)[at] = convert<Half>(x);
      return;
    }
    if (dtype == DType::bf16) {
      static_cast<BFloat16*>(data)[at] = convert<BFloat16>(x);
      return;
    }
  }
  static_cast<C*>(data)[at] = x;
}

/** Elements first, first + step, ... below end of one tensor, calculated in C. */
template <class C, int K, class Op>
TENON_DEVICE void each_strided(const AnyTensor<K>& tensor, int64_t first, int64_t end, int64_t step, Op& op) {
#pragma unroll 1
  for (int64_t i = first; i < end; i += step) {
    int64_t at[K];
    locate(tensor.dim, tensor.dims, i, at);
    C x[K];
#pragma unroll
    for (int k = 0; k < K; k++)
      x[k] = op.reads(k) ? load_floating<C>(tensor.data[k], tensor.dtype, at[k]) : C{0};
    op.change(x, 0);
#pragma unroll
    for (int k = 0; k < K; k++)
      if (op.writes(k)) store_floating<C>(tensor.data[k], tensor.dtype, at[k], x[k]);
  }
}

/** All elements, which the blocks of a launch share out. */
template <class C, int K, class Op>
TENON_DEVICE void each_strided(const AnyTensor<K>& tensor, Op& op) {
  each_strided<C>(tensor, static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x, tensor.numel,
                  static_cast<int64_t>(gridDim.x) * blockDim.x, op);
}

}  // namespace cuda
}  // namespace tenon
