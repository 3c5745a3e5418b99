// Parameters of the kernels that work element by element.
#pragma once
#include <cstdint>

#include "core/dtype.h"
#include "cuda/failure.h"
#include "cuda/kernels/dims.h"

namespace tenon {
namespace cuda {

constexpr unsigned kElementThreads = 256;
constexpr int kMaxInputs = 3;
constexpr int kLeastTogether = 1;  // elements of strided operands that a thread takes at a time, at least
constexpr int kMaxScalars = 3;

/** An operand: elements, or the bits of one number in the type that the kernel takes it in. */
struct Input {
  const void* data = nullptr;  // null: the number
  uint64_t number = 0;
  DType dtype = DType::f32;
};

/** Operands of the kernel's types, as dense arrays of n elements. */
struct DenseParameters {
  int64_t n;
  void* out;
  Input in[kMaxInputs];
  double scalars[kMaxScalars];
  const FailureRecord* failure;  // nothing is done after one; null: nothing can fail
  bool vectors;                  // all are aligned to as many elements as 16 bytes hold
};

/** Operands of any dtype and strides, out first; fewer than 2^31 elements. */
struct StridedParameters {
  int64_t n;
  void* out;
  DType out_type;
  Input in[kMaxInputs];
  double scalars[kMaxScalars];
  const FailureRecord* failure;
  int32_t dims;
  Dim<1 + kMaxInputs> dim[kMaxDims];
};

/** Leaves a failure if one of the whole numbers is 0 in the type that is calculated in. */
struct ZeroCheck {
  FailureRecord* failure;
  uint32_t op;
  int64_t n;
  const void* data;
  DType dtype, compute;
  int32_t dims;
  Dim<1> dim[kMaxDims];
};

}  // namespace cuda
}  // namespace tenon
