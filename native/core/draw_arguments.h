// What random fills are told, checked: the same on every device.
#pragma once
#include "core/launch.h"

namespace tenon {

/** A draw is unit * width + low, or `last` if that is less; numbers of float32 but for float64. */
struct UniformArguments {
  double low, width, last;
  int digits;  // random bits of a unit draw, but for float64
};

struct NormalArguments {
  double mean, deviation;
};

/** A draw is low + a number below range. */
struct RandintArguments {
  int64_t low;
  uint64_t range;
};

// False after an error has been set.
bool read_arguments(const Launch&, UniformArguments&);
bool read_arguments(const Launch&, NormalArguments&);
bool read_arguments(const Launch&, RandintArguments&);

}  // namespace tenon
