#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

void kernel_fill(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "fill: not on CUDA yet");
}
void kernel_copy(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "copy: not on CUDA yet");
}
void kernel_where(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "where: not on CUDA yet");
}
void kernel_arange(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "arange: not on CUDA yet");
}
void kernel_eye(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "eye: not on CUDA yet"); }
void kernel_tril(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "tril: not on CUDA yet");
}
void kernel_triu(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "triu: not on CUDA yet");
}

}  // namespace cuda
}  // namespace tenon
