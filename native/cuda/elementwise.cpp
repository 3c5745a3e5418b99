#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

void kernel_neg(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "neg: not on CUDA yet"); }
void kernel_abs(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "abs: not on CUDA yet"); }
void kernel_sign(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "sign: not on CUDA yet");
}
void kernel_square(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "square: not on CUDA yet");
}
void kernel_relu(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "relu: not on CUDA yet");
}
void kernel_floor(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "floor: not on CUDA yet");
}
void kernel_ceil(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "ceil: not on CUDA yet");
}
void kernel_round(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "round: not on CUDA yet");
}
void kernel_trunc(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "trunc: not on CUDA yet");
}
void kernel_reciprocal(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "reciprocal: not on CUDA yet");
}
void kernel_sqrt(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "sqrt: not on CUDA yet");
}
void kernel_rsqrt(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "rsqrt: not on CUDA yet");
}
void kernel_exp(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "exp: not on CUDA yet"); }
void kernel_expm1(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "expm1: not on CUDA yet");
}
void kernel_log(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "log: not on CUDA yet"); }
void kernel_log1p(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "log1p: not on CUDA yet");
}
void kernel_log2(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "log2: not on CUDA yet");
}
void kernel_log10(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "log10: not on CUDA yet");
}
void kernel_sin(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "sin: not on CUDA yet"); }
void kernel_cos(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "cos: not on CUDA yet"); }
void kernel_tan(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "tan: not on CUDA yet"); }
void kernel_tanh(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "tanh: not on CUDA yet");
}
void kernel_sigmoid(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "sigmoid: not on CUDA yet");
}
void kernel_erf(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "erf: not on CUDA yet"); }
void kernel_bitwiseNot(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "bitwiseNot: not on CUDA yet");
}
void kernel_clamp(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "clamp: not on CUDA yet");
}
void kernel_logicalNot(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "logicalNot: not on CUDA yet");
}
void kernel_isnan(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "isnan: not on CUDA yet");
}
void kernel_isinf(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "isinf: not on CUDA yet");
}
void kernel_isfinite(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "isfinite: not on CUDA yet");
}
void kernel_add(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "add: not on CUDA yet"); }
void kernel_addScaled(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "addScaled: not on CUDA yet");
}
void kernel_sub(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "sub: not on CUDA yet"); }
void kernel_mul(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "mul: not on CUDA yet"); }
void kernel_div(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "div: not on CUDA yet"); }
void kernel_floorDivide(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "floorDivide: not on CUDA yet");
}
void kernel_truncDivide(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "truncDivide: not on CUDA yet");
}
void kernel_remainder(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "remainder: not on CUDA yet");
}
void kernel_pow(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "pow: not on CUDA yet"); }
void kernel_maximum(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "maximum: not on CUDA yet");
}
void kernel_minimum(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "minimum: not on CUDA yet");
}
void kernel_bitwiseAnd(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "bitwiseAnd: not on CUDA yet");
}
void kernel_bitwiseOr(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "bitwiseOr: not on CUDA yet");
}
void kernel_bitwiseXor(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "bitwiseXor: not on CUDA yet");
}
void kernel_sigmoidBackward(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "sigmoidBackward: not on CUDA yet");
}
void kernel_tanhBackward(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "tanhBackward: not on CUDA yet");
}
void kernel_reluBackward(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "reluBackward: not on CUDA yet");
}
void kernel_eq(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "eq: not on CUDA yet"); }
void kernel_ne(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "ne: not on CUDA yet"); }
void kernel_lt(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "lt: not on CUDA yet"); }
void kernel_le(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "le: not on CUDA yet"); }
void kernel_gt(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "gt: not on CUDA yet"); }
void kernel_ge(const Launch& l, Queue&) { set_error(*l.error, ErrorCode::internal, "ge: not on CUDA yet"); }
void kernel_logicalAnd(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "logicalAnd: not on CUDA yet");
}
void kernel_logicalOr(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "logicalOr: not on CUDA yet");
}
void kernel_logicalXor(const Launch& l, Queue&) {
  set_error(*l.error, ErrorCode::internal, "logicalXor: not on CUDA yet");
}

}  // namespace cuda
}  // namespace tenon
