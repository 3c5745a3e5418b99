#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

void kernel_softmax(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "softmax: not on CUDA yet");
}
void kernel_logSoftmax(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "logSoftmax: not on CUDA yet");
}
void kernel_softmaxBackward(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "softmaxBackward: not on CUDA yet");
}
void kernel_logSoftmaxBackward(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "logSoftmaxBackward: not on CUDA yet");
}

}  // namespace cuda
}  // namespace tenon
