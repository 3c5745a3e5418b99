// Which products cuBLAS gets, where there is one; the others, and all where there is none, are for Tenon's
// own kernels. The figures are estimates: they wait for measurements on GPUs. What they rest on: a call of
// cuBLAS costs the processor a few microseconds more than a launch, its kernels for small matrices are no
// better, and for large ones it has what the own kernels lack (wgmma for halves on 9.0, tensor cores for
// float64, halves on tensor cores of 7.5).
#pragma once
#include <cstdint>

#include "core/dtype.h"

namespace tenon {
namespace cuda {

/** From so many multiplications on, and from a capability on. */
struct BlasRow {
  DType type;
  int capability;
  int64_t multiplications;
};

/** Of the rows that fit, the last one counts. */
constexpr BlasRow kBlasTable[] = {
    {DType::f32, 75, int64_t{1} << 30},                                       // 1024 x 1024 x 1024
    {DType::f64, 75, int64_t{1} << 30},  {DType::f64, 80, int64_t{1} << 24},  // 256 x 256 x 256
    {DType::f16, 75, int64_t{1} << 21},                                       // 128 x 128 x 128
    {DType::f16, 80, int64_t{1} << 30},  {DType::f16, 90, int64_t{1} << 28},  // 645 x 645 x 645
    {DType::bf16, 75, int64_t{1} << 30}, {DType::bf16, 90, int64_t{1} << 28},
};

}  // namespace cuda
}  // namespace tenon
