#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

void kernel_sum(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "sum: not on CUDA yet"); }
void kernel_mean(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "mean: not on CUDA yet");
}
void kernel_prod(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "prod: not on CUDA yet");
}
void kernel_amax(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "amax: not on CUDA yet");
}
void kernel_amin(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "amin: not on CUDA yet");
}
void kernel_argmax(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "argmax: not on CUDA yet");
}
void kernel_argmin(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "argmin: not on CUDA yet");
}
void kernel_max(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "max: not on CUDA yet"); }
void kernel_min(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "min: not on CUDA yet"); }
void kernel_all(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "all: not on CUDA yet"); }
void kernel_any(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "any: not on CUDA yet"); }

}  // namespace cuda
}  // namespace tenon
