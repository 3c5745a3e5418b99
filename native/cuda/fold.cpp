// im2col and col2im: kernels/fold.cu.
#include "cuda/kernels/fold.h"

#include "cuda/conv.h"
#include "cuda/kernel_table.h"

namespace tenon {
namespace cuda {

namespace {

FoldParameters fold(const Launch& l, const TensorView& image) {
  FoldParameters p = {};
  p.from = l.in().data;
  p.to = l.out().data;
  p.numel = l.out().numel;
  p.type = image.dtype;
  p.narrow = is_narrow(l.in().numel) && is_narrow(l.out().numel);
  for (int i = 0; i < 2; i++) {
    const int64_t in = image.shape[2 + i], kernel = l.scalar[i].integer(),
                  dilation = l.scalar[2 + i].integer(), padding = l.scalar[4 + i].integer(),
                  stride = l.scalar[6 + i].integer();
    const int64_t blocks = (in + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
    p.axis[i] = conv_axis(in, blocks, kernel, stride, padding, dilation);
    p.in[i] = divisor(in);
    p.out[i] = divisor(blocks);
    p.taps[i] = divisor(kernel);
    p.narrow &= is_narrow(p.axis[i]);
  }
  return p;
}

}  // namespace

void kernel_im2col(const Launch& l, Queue& q) {
  if (l.out().numel == 0) return;
  const FoldParameters p = fold(l, l.in());
  const int64_t size = element_size(p.type);
  q.launch(size == 1   ? "im2col_b8"
           : size == 2 ? "im2col_b16"
           : size == 4 ? "im2col_b32"
                       : "im2col_b64",
           {blocks_for(p.numel, kFoldThreads, kFoldTogether, q)}, kFoldThreads, p);
}

void kernel_col2im(const Launch& l, Queue& q) {
  if (l.out().numel == 0) return;
  const FoldParameters p = fold(l, l.out());
  const char* const kernel = p.type == DType::f32    ? "col2im_f32"
                             : p.type == DType::f64  ? "col2im_f64"
                             : p.type == DType::f16  ? "col2im_f16"
                             : p.type == DType::bf16 ? "col2im_bf16"
                             : p.type == DType::i64  ? "col2im_i64"
                                                     : "col2im_any_i32";
  q.launch(kernel, {blocks_for(p.numel, kFoldThreads, 1, q)}, kFoldThreads, p);
}

}  // namespace cuda
}  // namespace tenon
