#include <cstring>

#include "cpu/kernel_table.h"
#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

namespace {

/** A detail that is the bits of a double. */
double number_of(int64_t bits) {
  double x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

}  // namespace

void explain(const FailureRecord& r, LaunchError& e) {
  const char* const op = op_name(static_cast<int>(r.op));
  const long long a = r.detail[0], b = r.detail[1], c = r.detail[2];
  switch (r.what) {
    case kIndexOutOfRange:
      return set_error(e, ErrorCode::index,
                       "%s: index %lld is out of range for dimension %lld with size %lld", op, a, b, c);
    case kPlaceOutOfRange:
      if (static_cast<Op>(r.op) == Op::linearIndex)  // by the name that its caller has
        return set_error(e, ErrorCode::index, "index: %lld is out of range for %lld elements", a, b);
      if (static_cast<Op>(r.op) == Op::take)
        return set_error(e, ErrorCode::index, "take: %lld is out of range for %lld elements", a, b);
      return set_error(e, ErrorCode::index, "%s: index %lld is out of range for %lld elements", op, a, b);
    case kTargetOutOfRange:
      return set_error(e, ErrorCode::index, "%s: target %lld is out of range for %lld classes", op, a, b);
    case kDivisionByZero: return set_error(e, ErrorCode::argument, "%s: integer division by zero", op);
    case kNotFromZeroToOne: return set_error(e, ErrorCode::argument, "%s: expected an input from 0 to 1", op);
    case kCtcOutOfRange:
      return set_error(e, ErrorCode::index, "ctcLoss: %s is out of range: %lld, expected 0 to %lld",
                       a == 0   ? "an input length"
                       : a == 1 ? "a target length"
                                : "a label",
                       b, c);
    case kChangedMeanwhile:
      return set_error(e, ErrorCode::argument, "%s: the tensor was changed while it was searched", op);
    case kBadWeight:
      return set_error(e, ErrorCode::argument,
                       "%s: expected weights that are finite and not negative, got %g", op,
                       number_of(r.detail[0]));
    case kBadSum:
      return set_error(e, ErrorCode::argument, "%s: expected weights with a sum above 0, and finite, got %g",
                       op, number_of(r.detail[0]));
    case kRowOutOfRange:
      return set_error(e, ErrorCode::index, "embedding: index %lld is out of range for %lld embeddings", a,
                       b);
    case kBinOutOfRange:
      return set_error(e, ErrorCode::index, "%s: %lld is out of range for %lld bins", op, a, b);
    default: return set_error(e, ErrorCode::internal, "%s: an unknown failure", op);
  }
}

}  // namespace cuda
}  // namespace tenon
