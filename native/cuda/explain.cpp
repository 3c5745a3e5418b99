#include "cpu/kernel_table.h"
#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

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
      return set_error(e, ErrorCode::index, "%s: index %lld is out of range for %lld elements", op, a, b);
    case kTargetOutOfRange:
      return set_error(e, ErrorCode::index, "%s: target %lld is out of range for %lld classes", op, a, b);
    case kDivisionByZero: return set_error(e, ErrorCode::argument, "%s: integer division by zero", op);
    default: return set_error(e, ErrorCode::internal, "%s: an unknown failure", op);
  }
}

}  // namespace cuda
}  // namespace tenon
