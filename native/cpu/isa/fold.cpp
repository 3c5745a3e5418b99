// im2col and col2im: the blocks of images as columns, and columns added up to images.
#include "core/parallel.h"
#include "cpu/isa/conv.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/strided.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** A dimension of the image; `out` counts the blocks along it. */
ConvAxis axis(const Launch& l, const TensorView& image, int i) {
  ConvAxis a;
  a.in = image.shape[2 + i];
  a.kernel = l.scalar[i].integer();
  a.dilation = l.scalar[2 + i].integer();
  a.padding = l.scalar[4 + i].integer();
  a.stride = l.scalar[6 + i].integer();
  a.out = (a.in + 2 * a.padding - a.dilation * (a.kernel - 1) - 1) / a.stride + 1;
  return a;
}

/** A row of blocks through one tap: the image's row that it lies in (-1: none), and which of it is inside. */
struct BlockRow {
  int64_t row, first, end;
};

/** run(column, at, row) for every row of blocks, `at` the place of its first one. */
template <class Run>
void for_block_rows(const ConvAxis& a, const ConvAxis& b, int64_t i, int64_t j, Run run) {
  int64_t a0, a1, b0, b1;
  a.inside(i, a0, a1);
  b.inside(j, b0, b1);
  for (int64_t p = 0; p < a.out; p++)
    run(p, p >= a0 && p < a1 ? BlockRow{a.source(p, i), b0, b1} : BlockRow{-1, 0, 0});
}

/** Elements of T are moved, whatever they mean. */
template <class T>
void blocks_to_columns(const Launch& l) {
  const TensorView &image = l.in(), &columns = l.out();
  const ConvAxis a = axis(l, image, 0), b = axis(l, image, 1);
  const int64_t taps = a.kernel * b.kernel, blocks = a.out * b.out;
  parallel_for(image.shape[0] * image.shape[1], [&](int64_t plane) {
    const T* const x = image.as<T>() + plane * a.in * b.in;
    T* y = columns.as<T>() + plane * taps * blocks;
    for (int64_t tap = 0; tap < taps; tap++, y += blocks) {
      const int64_t j = tap % b.kernel;
      for_block_rows(a, b, tap / b.kernel, j, [&](int64_t p, const BlockRow& r) {
        T* const to = y + p * b.out;
        for (int64_t q = 0; q < r.first; q++) to[q] = T{0};
        if (r.first < r.end) {
          const T* const from = x + r.row * b.in + b.source(0, j);
          for (int64_t q = r.first; q < r.end; q++) to[q] = from[q * b.stride];
        }
        for (int64_t q = r.end; q < b.out; q++) to[q] = T{0};
      });
    }
  });
}

/** T is the compute type; a plane is added up in it, and then converted. */
template <class T>
void columns_to_blocks(const Launch& l) {
  const TensorView &columns = l.in(), &image = l.out();
  const ConvAxis a = axis(l, image, 0), b = axis(l, image, 1);
  const int64_t taps = a.kernel * b.kernel, blocks = a.out * b.out, size = a.in * b.in;
  const int64_t planes = image.shape[0] * image.shape[1];
  if (image.numel == 0) return;
  // A few tasks, each with a plane and a row of its own.
  const int64_t tasks = planes < 16 ? planes : 16, own = size + b.out;
  T* const memory = static_cast<T*>(l.scratch->bytes(static_cast<size_t>(tasks * own) * sizeof(T)));
  parallel_for(tasks, [&](int64_t task) {
    T *const x = memory + task * own, *const row = x + size;
    for (int64_t plane = planes * task / tasks; plane < planes * (task + 1) / tasks; plane++) {
      for (int64_t i = 0; i < size; i++) x[i] = T{0};
      for (int64_t tap = 0; tap < taps; tap++) {
        const int64_t j = tap % b.kernel, at = (plane * taps + tap) * blocks;
        for_block_rows(a, b, tap / b.kernel, j, [&](int64_t p, const BlockRow& r) {
          if (r.first >= r.end) return;
          const int64_t n = r.end - r.first;
          load_strided(columns.data, columns.dtype, at + p * b.out + r.first, 1, n, row);
          T* const to = x + r.row * b.in + b.source(r.first, j);
          for (int64_t q = 0; q < n; q++) to[q * b.stride] += row[q];
        });
      }
      store_strided(x, image.data, image.dtype, plane * size, 1, size);
    }
  });
}

}  // namespace

void kernel_im2col(const Launch& l) {
  switch (element_size(l.out().dtype)) {
    case 1: return blocks_to_columns<uint8_t>(l);
    case 2: return blocks_to_columns<uint16_t>(l);
    case 4: return blocks_to_columns<uint32_t>(l);
    default: return blocks_to_columns<uint64_t>(l);
  }
}

void kernel_col2im(const Launch& l) {
  switch (l.compute) {
    case DType::f32: return columns_to_blocks<float>(l);
    case DType::f64: return columns_to_blocks<double>(l);
    case DType::i32: return columns_to_blocks<int32_t>(l);
    default: return columns_to_blocks<int64_t>(l);
  }
}

}  // namespace TENON_ISA
}  // namespace tenon
