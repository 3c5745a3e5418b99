#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

void kernel_matmul(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "matmul: not on CUDA yet");
}
void kernel_linear(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "linear: not on CUDA yet");
}
void kernel_linearBackward(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "linearBackward: not on CUDA yet");
}

}  // namespace cuda
}  // namespace tenon
