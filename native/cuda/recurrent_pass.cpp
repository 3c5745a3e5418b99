#include "cuda/gemm.h"
#include "cuda/kernel_table.h"
#include "cuda/recurrent.h"
#include "cuda/teams.h"

namespace tenon {
namespace cuda {

namespace {

constexpr int64_t kMostBlocks = int64_t{1} << 20;
constexpr int64_t kMostBlocksDown = 65535;

/** A dense vector. */
class Vector {
 public:
  Vector(void* data, DType type, int64_t elements) : size_(elements) {
    view_.data = data;
    view_.numel = elements;
    view_.dtype = type;
    view_.rank = 1;
  }
  TensorView view() const {
    static constexpr int64_t one = 1;
    TensorView v = view_;
    v.shape = &size_;
    v.strides = &one;
    return v;
  }

 private:
  TensorView view_;
  int64_t size_;
};

}  // namespace

RecurrentPass::RecurrentPass(const Launch& launch, Queue& queue, bool backward)
    : l(launch),
      q(queue),
      f(launch, backward),
      type(launch.compute),
      steps(launch, f),
      rows(l.views[f.x].shape[0]),
      input(l.views[f.x].shape[1]),
      hidden(l.views[f.w_hh].shape[0] / f.gates_of_unit()),
      state(l.views[f.w_hh].shape[1]),
      wide(l.views[f.w_hh].shape[0]),
      size_(element_size(type)),
      first_(static_cast<size_t>(steps.count + 1)) {
  steps.first = first_.data();
}

char* RecurrentPass::operand(int i) {
  if (i < 0) return nullptr;
  const TensorView& v = l.views[i];
  if (v.dtype == type) return v.as<char>();
  char* const data = memory(v.numel);
  if (i < l.outputs)
    converted_.push_back({i, data});
  else
    convert(data, type, v.data, v.dtype, v.numel);
  return data;
}

void RecurrentPass::put_back() {
  for (const Converted& c : converted_) {
    const TensorView& v = l.views[c.output];
    convert(v.data, v.dtype, c.data, type, v.numel);
  }
}

void RecurrentPass::convert(void* to, DType to_type, const void* from, DType from_type, int64_t elements) {
  if (elements == 0) return;
  const Vector out(to, to_type, elements), x(const_cast<void*>(from), from_type, elements);
  const TensorView views[] = {out.view(), x.view()};
  Launch copy = l;
  copy.outputs = copy.inputs = 1;
  copy.scalars = 0;
  copy.views = views;
  kernel_copy(copy, q);
}

void RecurrentPass::multiply(int64_t m, int64_t n, int64_t k, const RecurrentMatrix& a,
                             const RecurrentMatrix& b, char* out, const char* bias) {
  Gemm g;
  g.type = type;
  g.m = m, g.n = n, g.k = k;
  g.a = a.data, g.a_row = a.row, g.a_column = a.column;
  g.b = b.data, g.b_row = b.row, g.b_column = b.column;
  g.out = out;
  g.bias = bias;
  g.bias_stride = 1;
  gemm(g, q);
}

void RecurrentPass::add(char* to, const char* x, int64_t elements) {
  if (elements == 0) return;
  const Vector sum(to, type, elements), more(const_cast<char*>(x), type, elements);
  const TensorView views[] = {sum.view(), sum.view(), more.view()};
  Launch add = l;
  add.outputs = 1;
  add.inputs = 2;
  add.scalars = 0;
  add.views = views;
  kernel_add(add, q);
}

void RecurrentPass::sum_rows(int output, const char* x) {
  const int64_t shape[] = {rows, wide}, strides[] = {wide, 1};
  TensorView matrix;
  matrix.data = const_cast<char*>(x);
  matrix.shape = shape;
  matrix.strides = strides;
  matrix.numel = rows * wide;
  matrix.dtype = type;
  matrix.rank = 2;
  const TensorView views[] = {l.views[output], matrix};
  const Scalar first = {0, nullptr};
  Launch sum = l;
  sum.outputs = sum.inputs = sum.scalars = 1;
  sum.views = views;
  sum.scalar = &first;
  kernel_sum(sum, q);
}

RecurrentUnits RecurrentPass::units_of(int64_t n) const {
  return {n, hidden, clamp(log2_up(hidden), 0u, kLogRecurrentThreads)};
}

Blocks RecurrentPass::blocks_of(const RecurrentUnits& s) {
  const int64_t beside = int64_t{1} << s.log_units, down = kRecurrentThreads >> s.log_units;
  return {static_cast<unsigned>(clamp(divide_up(s.sequences, down), int64_t{1}, kMostBlocks)),
          static_cast<unsigned>(clamp(divide_up(s.units, beside), int64_t{1}, kMostBlocksDown))};
}

}  // namespace cuda
}  // namespace tenon
