// takeAlong and addAlong: elements of lanes by indices that each lane has of its own.
#include "cpu/isa/kernels.h"
#include "cpu/isa/lanes.h"
#include "cpu/kernel_table.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** Whether all indices, which are row major, are those of a dimension of `size`. */
bool indices_fit(const Launch& l, const TensorView& index, int64_t size) {
  const int64_t* const k = index.as<int64_t>();
  for (int64_t i = 0; i < index.numel; i++) {
    if (k[i] >= 0 && k[i] < size) continue;
    set_error(*l.error, ErrorCode::index, "%s: index %lld is out of range for %lld elements", op_name(l.op),
              static_cast<long long>(k[i]), static_cast<long long>(size));
    return false;
  }
  return true;
}

/** Output and index are row major and of one shape. */
template <class Raw>
void take(const TensorView& x, const TensorView& index, const TensorView& out, int dim) {
  const int64_t m = out.shape[dim], step = out.strides[dim], stride = x.strides[dim];
  for_lanes(x, out, dim, LaneTasks(out, dim), [&](int64_t, int64_t at, int64_t to) {
    const int64_t* const k = index.as<int64_t>() + to;
    for (int64_t i = 0; i < m; i++) out.as<Raw>()[to + i * step] = x.as<Raw>()[at + k[i * step] * stride];
  });
}

/** Sums in the compute type. */
template <class T>
void add(const Launch& l, const TensorView& source, const TensorView& index, const TensorView& out, int dim) {
  constexpr int64_t tile = 256;
  const int64_t n = out.shape[dim], m = source.shape[dim], stride = source.strides[dim],
                step = index.strides[dim];
  const LaneTasks tasks(out, dim);
  T* const scratch = static_cast<T*>(l.scratch->bytes(static_cast<size_t>(tasks.tasks * n) * sizeof(T)));
  Dim places[kMaxRank];
  int count = 0;
  for (int i = 0; i < out.rank; i++)
    if (i != dim) places[count++] = {source.shape[i], source.strides[i], index.strides[i]};
  Dim rows[kMaxRank];
  count = 0;
  for (int i = 0; i < out.rank; i++)
    if (i != dim) rows[count++] = {out.shape[i], out.strides[i], 0};
  parallel_for(tasks.tasks, [&](int64_t task) {
    T* const sums = scratch + task * n;
    const int64_t first = task * tasks.together,
                  end = first + tasks.together < tasks.lanes ? first + tasks.together : tasks.lanes;
    Walker from(places, count, first), to(rows, count, first);
    for (int64_t lane = first; lane < end; lane++, from.next(), to.next()) {
      for (int64_t i = 0; i < n; i++) sums[i] = T{0};
      T part[tile];
      const int64_t* const k = index.as<int64_t>() + from.out;
      for (int64_t i = 0; i < m; i += tile) {
        const int64_t some = m - i < tile ? m - i : tile;
        load_strided(source.data, source.dtype, from.in + i * stride, stride, some, part);
        for (int64_t j = 0; j < some; j++) sums[k[(i + j) * step]] += part[j];
      }
      store_strided(sums, out.data, out.dtype, to.in, out.strides[dim], n);
    }
  });
}

}  // namespace

void kernel_takeAlong(const Launch& l) {
  const TensorView &x = l.in(0), &index = l.in(1), &out = l.out();
  const int dim = static_cast<int>(l.scalar[0].integer());
  if (!indices_fit(l, index, x.shape[dim]) || out.numel == 0) return;
  switch (element_size(x.dtype)) {
    case 1: return take<uint8_t>(x, index, out, dim);
    case 2: return take<uint16_t>(x, index, out, dim);
    case 4: return take<uint32_t>(x, index, out, dim);
    default: return take<uint64_t>(x, index, out, dim);
  }
}

void kernel_addAlong(const Launch& l) {
  const TensorView &source = l.in(0), &index = l.in(1), &out = l.out();
  const int dim = static_cast<int>(l.scalar[0].integer());
  if (!indices_fit(l, index, out.shape[dim]) || out.numel == 0) return;
  switch (l.compute) {
    case DType::f32: return add<float>(l, source, index, out, dim);
    case DType::f64: return add<double>(l, source, index, out, dim);
    case DType::i32: return add<uint32_t>(l, source, index, out, dim);
    default: return add<uint64_t>(l, source, index, out, dim);
  }
}

}  // namespace TENON_ISA
}  // namespace tenon
