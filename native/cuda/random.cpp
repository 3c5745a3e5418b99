#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

void kernel_uniform(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "uniform: not on CUDA yet");
}
void kernel_normal(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "normal: not on CUDA yet");
}
void kernel_randint(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "randint: not on CUDA yet");
}
void kernel_randperm(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "randperm: not on CUDA yet");
}

}  // namespace cuda
}  // namespace tenon
