// C = act(A B + bias), for one thread or all: matmul and linear stand on it.
#pragma once
#include <cstdint>

namespace tenon {
namespace TENON_ISA {

/** Numbered as linear's scalar. */
enum class Activation : uint8_t { none, relu, sigmoid, tanh };

/** Strides in elements; A and B may be transposed, reversed or broadcast (any strides), C has dense rows. */
template <class T>
struct Gemm {
  int64_t m, n, k;
  const T* a;
  int64_t a_row, a_col;
  const T* b;
  int64_t b_row, b_col;
  T* c;
  int64_t c_row;
  const T* bias = nullptr;  // [n]
  Activation activation = Activation::none;
  bool accumulate = false;  // C += A B
};

/** False when there is no memory to pack the operands in. The same bits on any number of threads. */
bool gemm(const Gemm<float>& g);
bool gemm(const Gemm<double>& g);
/** The same on the caller's thread alone: for who shares his work among threads himself. */
bool gemm_here(const Gemm<float>& g);
bool gemm_here(const Gemm<double>& g);

}  // namespace TENON_ISA
}  // namespace tenon
