#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

void kernel_sgd(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "sgd: not on CUDA yet"); }

}  // namespace cuda
}  // namespace tenon
