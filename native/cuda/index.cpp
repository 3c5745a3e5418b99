#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

void kernel_indexSelect(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "indexSelect: not on CUDA yet");
}
void kernel_indexAdd(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "indexAdd: not on CUDA yet");
}
void kernel_indexCopy(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "indexCopy: not on CUDA yet");
}
void kernel_linearIndex(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "linearIndex: not on CUDA yet");
}

}  // namespace cuda
}  // namespace tenon
