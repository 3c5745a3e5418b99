// What convolution and the gradient of its input are made of: the weight times a matrix that is never whole
// in memory. A column of that is a place of the result, a row a channel and a tap; the element is what the
// place reads of the channel through the tap, zero outside of the image.
#pragma once
#include <cstdint>

namespace tenon {
namespace TENON_ISA {

/**
 * A dimension of the places: place t reads position t step + shift + i shift_step through the i-th tap, which
 * is tap + i tap_step of the weight.
 */
struct PlaceAxis {
  int64_t count = 1, step = 1, size = 1,
          pitch = 0;  // places; of the image: step, size, distance of positions
  int64_t taps = 1, shift = 0, shift_step = 0, tap = 0, tap_step = 0;

  int64_t position(int64_t t, int64_t i) const { return t * step + shift + i * shift_step; }
  bool inside(int64_t p) const { return p >= 0 && p < size; }
};

/** All places, the batch being the first dimension; a row is place by place along the last. */
struct Places {
  PlaceAxis axis[4];
  int64_t columns() const { return axis[0].count * axis[1].count * axis[2].count * axis[3].count; }
  int64_t taps() const { return axis[1].taps * axis[2].taps * axis[3].taps; }
};

/** C[m, place] = bias[m] + sum over channel, tap of the weight and what the place reads. */
template <class T>
struct PlaceProduct {
  Places places;
  int64_t batch, groups, m, channels;
  const T* weight;
  int64_t weight_group, weight_row, weight_channel;
  const T* source;
  int64_t source_group, source_channel;
  T* out;
  int64_t out_group, out_row, out_pitch[4];  // out_pitch: of neighbouring places along each dimension
  const T* bias;

  int64_t depth() const { return channels * places.taps(); }
};

/** Elements of the weight, packed. */
template <class T>
int64_t packed_size(int64_t groups, int64_t m, int64_t depth);

/** False when there is no memory for panels; `packed` has room for the packed weight. */
template <class T>
bool multiply(const PlaceProduct<T>& p, T* packed);

}  // namespace TENON_ISA
}  // namespace tenon
