// A convolution's geometry, and the three ways to compute with it. One to three spatial dimensions count as
// three, the first ones of size 1:
//   y[n, g f, o] = bias[g f] + sum over c, k of w[g f, c, k] x[n, g c, o stride + k dilation - padding]
#pragma once
#include "core/launch.h"

namespace tenon {
namespace TENON_ISA {

/** One spatial dimension. Positions outside of the input count as zeros. */
struct ConvAxis {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, padding = 0, dilation = 1;

  /** Every position is by itself. */
  bool is_plain() const { return kernel == 1 && stride == 1 && padding == 0 && in == out; }
  /** The input position that output position o reads through the k-th tap. */
  int64_t source(int64_t o, int64_t k) const { return o * stride + k * dilation - padding; }
  /** The output positions [first, end) whose k-th tap is inside of the input. */
  void inside(int64_t k, int64_t& first, int64_t& end) const {
    const int64_t shift = k * dilation - padding;
    first = shift < 0 ? (-shift + stride - 1) / stride : 0;
    end = shift < in ? (in - shift + stride - 1) / stride : 0;
    if (end > out) end = out;
    if (first > end) first = end;
  }
};

struct Convolution {
  int64_t batch, groups, c, f;  // channels of a group: of the input, of the output
  ConvAxis axis[3];

  int64_t in_size() const { return axis[0].in * axis[1].in * axis[2].in; }
  int64_t out_size() const { return axis[0].out * axis[1].out * axis[2].out; }
  int64_t taps() const { return axis[0].kernel * axis[1].kernel * axis[2].kernel; }

  /** Makes one dimension of neighbours that no kernel reaches across. */
  void merge() {
    for (int turn = 0; turn < 3; turn++) {
      const int i = (turn + 1) % 2;
      ConvAxis &a = axis[i], &b = axis[i + 1];
      if (!a.is_plain() || !b.is_plain()) continue;
      b.in = b.out = a.in * b.in;
      a = ConvAxis{};
    }
  }
};

/** All dense: x [batch, groups c, in...], w [groups f, c, kernel...], y [batch, groups f, out...]. */
template <class T>
struct ConvOperands {
  T* x = nullptr;
  T* w = nullptr;
  T* y = nullptr;
  const T* bias = nullptr;  // of y, or of x where that is computed
};

// Each gives the same bits on any number of threads, and false when there is no memory to pack operands in.

/** By loops over rows: for small groups, and for integers. */
template <class T>
void convolve_rows(const Convolution& g, const ConvOperands<T>& t);
template <class T>
void convolve_input_rows(const Convolution& g, const ConvOperands<T>& t);
template <class T>
void convolve_weight_rows(const Convolution& g, const ConvOperands<T>& t);

/** By tiles of matrix products, with so many elements of working memory. */
template <class T>
int64_t tiles_scratch(const Convolution& g);
template <class T>
bool convolve_tiles(const Convolution& g, const ConvOperands<T>& t, T* scratch);
template <class T>
bool convolve_input_tiles(const Convolution& g, const ConvOperands<T>& t, T* scratch);
template <class T>
int64_t weight_scratch(const Convolution& g);
template <class T>
void convolve_weight_tiles(const Convolution& g, const ConvOperands<T>& t, T* scratch);

}  // namespace TENON_ISA
}  // namespace tenon
