// How a kernel says that its operands are wrong as data (an index out of range): one record per stream in
// device memory, written once, looked at by the host when it waits. Kernels never trap.
#pragma once
#include <cstdint>

namespace tenon {
namespace cuda {

/** What was wrong, and what the details are. */
enum FailureKind : uint32_t {
  kIndexOutOfRange,   // the index, the dimension, its size
  kPlaceOutOfRange,   // the index, the number of elements
  kTargetOutOfRange,  // the target, the number of classes
  kDivisionByZero,    // of integers
};

/**
 * The first failure since the host last looked. A kernel that validates runs before the one that writes;
 * that one does nothing when `state` is not 0.
 */
struct FailureRecord {
  uint32_t state = 0;  // 0: none
  uint32_t op = 0;
  uint32_t what = 0;  // a FailureKind
  uint32_t unused = 0;
  int64_t detail[3] = {0, 0, 0};
};

}  // namespace cuda
}  // namespace tenon
