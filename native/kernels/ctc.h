// What the kernels of connectionist temporal classification calculate, in logarithms.
#pragma once
#include "kernels/math.h"

namespace tenon {
namespace TENON_ISA {
namespace ctc {

/** Of the sum of what three logarithms are of. */
template <class V>
TENON_INLINE V log_sum(V a, V b, V c) {
  const V lowest = -math::infinity<V>();
  V high = max(max(a, b), c);
  high = select(high == lowest, V{}, high);
  return math::log(math::exp(a - high) + math::exp(b - high) + math::exp(c - high)) + high;
}

/** The share of a class that a target lacks in all alignments: 0, or NaN where nothing is probable. */
template <class V>
TENON_INLINE V no_share(V loss, V log_probability) {
  return math::exp((loss - log_probability) - math::infinity<V>());
}
/** The share of alignments that are in a state at a step: by what came before, and what comes after. */
template <class V>
TENON_INLINE V share(V before, V after, V loss, V log_probability) {
  return math::exp((before + after) + (loss - log_probability));
}
/** What flows through a log softmax. */
template <class V>
TENON_INLINE V gradient(V log_probability, V shares, V grad) {
  return (math::exp(log_probability) - shares) * grad;
}

}  // namespace ctc
}  // namespace TENON_ISA
}  // namespace tenon
