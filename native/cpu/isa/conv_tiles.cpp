// Convolution, and the gradient of its input, as products of the weight and of a matrix that is never whole
// in memory: panels of it are made from the images, and used while they are in the cache. With strides the
// places of an input's gradient fall into classes by which taps reach them, and each class is a product of
// its own.
#include "cpu/isa/conv.h"
#include "cpu/isa/conv_product.h"

namespace tenon {
namespace TENON_ISA {

namespace {

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

int64_t greatest_divisor(int64_t a, int64_t b) {
  while (b) {
    const int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/** Taps that reach the same places of the input are so far apart. */
int64_t tap_step(const ConvAxis& a) { return a.stride / greatest_divisor(a.stride, a.dilation); }

/** Of the input positions that tap k (and others at tap_step) reaches: which, and from where. */
PlaceAxis input_axis(const ConvAxis& a, int64_t k, int64_t& first) {
  PlaceAxis p;
  const int64_t every = tap_step(a), rest = k * a.dilation % a.stride;
  // Positions rest + stride t - padding, for t from t0 on, within the input.
  const int64_t t0 = -floor_div(rest - a.padding, a.stride),
                t1 = floor_div(a.in - 1 + a.padding - rest, a.stride);
  p.count = t1 < t0 ? 0 : t1 - t0 + 1;
  p.size = a.out;
  p.taps = (a.kernel - k + every - 1) / every;
  p.shift = t0 - (k * a.dilation - rest) / a.stride;
  p.shift_step = -(every * a.dilation / a.stride);
  p.tap = k;
  p.tap_step = every;
  first = rest + a.stride * t0 - a.padding;
  return p;
}

template <class T>
void fill_planes(const Convolution& g, const ConvOperands<T>& t, int64_t channels, int64_t size, T* out) {
  for (int64_t i = 0; i < g.batch * channels; i++, out += size) {
    const T value = t.bias ? t.bias[i % channels] : T{0};
    for (int64_t j = 0; j < size; j++) out[j] = value;
  }
}

template <class T>
PlaceProduct<T> forward_product(const Convolution& g, const ConvOperands<T>& t) {
  PlaceProduct<T> p{};
  const int64_t in = g.in_size(), out = g.out_size(), taps = g.taps();
  int64_t in_pitch = 1, out_pitch = 1, tap = 1;
  for (int i = 2; i >= 0; i--) {
    const ConvAxis& a = g.axis[i];
    PlaceAxis& to = p.places.axis[i + 1];
    to.count = a.out;
    to.step = a.stride;
    to.size = a.in;
    to.pitch = in_pitch;
    to.taps = a.kernel;
    to.shift = -a.padding;
    to.shift_step = a.dilation;
    to.tap_step = tap;
    p.out_pitch[i + 1] = out_pitch;
    in_pitch *= a.in;
    out_pitch *= a.out;
    tap *= a.kernel;
  }
  p.places.axis[0].count = p.places.axis[0].size = g.batch;
  p.places.axis[0].pitch = g.groups * g.c * in;
  p.out_pitch[0] = g.groups * g.f * out;
  p.batch = g.batch;
  p.groups = g.groups;
  p.m = g.f;
  p.channels = g.c;
  p.weight = t.w;
  p.weight_group = g.f * g.c * taps;
  p.weight_row = g.c * taps;
  p.weight_channel = taps;
  p.source = t.x;
  p.source_group = g.c * in;
  p.source_channel = in;
  p.out = t.y;
  p.out_group = g.f * out;
  p.out_row = out;
  p.bias = t.bias;
  return p;
}

/** Of the input's positions that taps k[] reach. */
template <class T>
PlaceProduct<T> input_product(const Convolution& g, const ConvOperands<T>& t, const int64_t* k) {
  PlaceProduct<T> p{};
  const int64_t in = g.in_size(), out = g.out_size(), taps = g.taps();
  int64_t in_pitch = 1, out_pitch = 1, tap = 1, start = 0;
  for (int i = 2; i >= 0; i--) {
    const ConvAxis& a = g.axis[i];
    int64_t first;
    PlaceAxis& to = p.places.axis[i + 1];
    to = input_axis(a, k[i], first);
    to.pitch = out_pitch;
    to.tap *= tap;
    to.tap_step *= tap;
    start += first * in_pitch;
    p.out_pitch[i + 1] = in_pitch * a.stride;
    in_pitch *= a.in;
    out_pitch *= a.out;
    tap *= a.kernel;
  }
  p.places.axis[0].count = p.places.axis[0].size = g.batch;
  p.places.axis[0].pitch = g.groups * g.f * out;
  p.out_pitch[0] = g.groups * g.c * in;
  p.batch = g.batch;
  p.groups = g.groups;
  p.m = g.c;
  p.channels = g.f;
  p.weight = t.w;
  p.weight_group = g.f * g.c * taps;
  p.weight_row = taps;
  p.weight_channel = g.c * taps;
  p.source = t.y;
  p.source_group = g.f * out;
  p.source_channel = out;
  p.out = t.x + start;
  p.out_group = g.c * in;
  p.out_row = in;
  p.bias = t.bias;
  return p;
}

}  // namespace

template <class T>
int64_t tiles_scratch(const Convolution& g) {
  int64_t most = 1;
  for (const ConvAxis& a : g.axis) most *= (a.kernel + tap_step(a) - 1) / tap_step(a);
  const int64_t forward = packed_size<T>(g.groups, g.f, g.c * g.taps()),
                input = packed_size<T>(g.groups, g.c, g.f * most);
  return forward > input ? forward : input;
}

template <class T>
bool convolve_tiles(const Convolution& g, const ConvOperands<T>& t, T* scratch) {
  if (g.c == 0 || g.taps() == 0) return fill_planes(g, t, g.groups * g.f, g.out_size(), t.y), true;
  return multiply(forward_product(g, t), scratch);
}

template <class T>
bool convolve_input_tiles(const Convolution& g, const ConvOperands<T>& t, T* scratch) {
  // Positions that no tap reaches have the bias alone.
  bool reached = g.f > 0;
  int64_t classes[3];
  for (int i = 0; i < 3; i++) {
    const ConvAxis& a = g.axis[i];
    classes[i] = least(a.kernel, tap_step(a));
    reached &= classes[i] == a.stride;
  }
  if (!reached) fill_planes(g, t, g.groups * g.c, g.in_size(), t.x);
  if (g.f == 0) return true;
  int64_t k[3];
  for (k[0] = 0; k[0] < classes[0]; k[0]++)
    for (k[1] = 0; k[1] < classes[1]; k[1]++)
      for (k[2] = 0; k[2] < classes[2]; k[2]++)
        if (!multiply(input_product(g, t, k), scratch)) return false;
  return true;
}

#define TENON_TILES(T)                                                          \
  template int64_t tiles_scratch<T>(const Convolution&);                        \
  template bool convolve_tiles(const Convolution&, const ConvOperands<T>&, T*); \
  template bool convolve_input_tiles(const Convolution&, const ConvOperands<T>&, T*);

TENON_TILES(float)
TENON_TILES(double)

#undef TENON_TILES

}  // namespace TENON_ISA
}  // namespace tenon
