#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

void kernel_nllLoss(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "nllLoss: not on CUDA yet");
}
void kernel_nllLossBackward(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "nllLossBackward: not on CUDA yet");
}
void kernel_mseLoss(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "mseLoss: not on CUDA yet");
}
void kernel_mseLossBackward(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "mseLossBackward: not on CUDA yet");
}

}  // namespace cuda
}  // namespace tenon
