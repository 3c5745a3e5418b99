// sort, topk, kthvalue, median, mode and sortRows: lanes as keys, ordered by native/cpu/ordering.h.
#include "cpu/ordering.h"

#include "cpu/isa/kernels.h"
#include "cpu/isa/keys.h"
#include "cpu/isa/lanes.h"

namespace tenon {
namespace TENON_ISA {

namespace {

/** values[to + i * step] = x[at + index * stride] for the elements chosen. */
template <class Raw, class E>
void take_values(const TensorView& x, int64_t at, int64_t stride, const E* chosen, int64_t n,
                 const TensorView& values, int64_t to, int64_t step) {
  const Raw* const from = x.as<Raw>() + at;
  Raw* const out = values.as<Raw>() + to;
  for (int64_t i = 0; i < n; i++) out[i * step] = from[static_cast<int64_t>(chosen[i].index) * stride];
}

/**
 * choose(elements, spare, n, m) of every lane orders its n elements and gives the first of the m that go to
 * the outputs.
 */
template <class T, class E, class Choose>
void choose_in_lanes(const Launch& l, bool descending, bool spare, Choose choose) {
  const TensorView &x = l.in(), &values = l.out(0), &indices = l.out(1);
  if (values.numel == 0) return;
  const int dim = static_cast<int>(l.scalar[0].integer());
  const int64_t n = x.shape[dim], m = values.shape[dim], stride = x.strides[dim], step = values.strides[dim];
  const LaneTasks tasks(x, dim);
  const int64_t room = spare ? 2 * n : n;
  E* const scratch = static_cast<E*>(l.scratch->bytes(static_cast<size_t>(tasks.tasks * room) * sizeof(E)));
  for_lanes(x, values, dim, tasks, [&](int64_t task, int64_t at, int64_t to) {
    E* const e = scratch + task * room;
    for_keys<T>(x, at, stride, n, [&](int64_t i, KeyOf<T> key) {
      e[i].key = descending ? static_cast<KeyOf<T>>(~key) : key;
      e[i].index = static_cast<decltype(e->index)>(i);
    });
    const E* const chosen = choose(e, e + n, n, m);
    int64_t* const places = indices.as<int64_t>() + to;
    for (int64_t i = 0; i < m; i++) places[i * step] = static_cast<int64_t>(chosen[i].index);
    switch (element_size(x.dtype)) {
      case 1: return take_values<uint8_t>(x, at, stride, chosen, m, values, to, step);
      case 2: return take_values<uint16_t>(x, at, stride, chosen, m, values, to, step);
      case 4: return take_values<uint32_t>(x, at, stride, chosen, m, values, to, step);
      default: return take_values<uint64_t>(x, at, stride, chosen, m, values, to, step);
    }
  });
}

/** choose(elements, spare, n, m, floating), by the compute type and the length of lanes. */
template <class Choose>
void choose_of_type(const Launch& l, bool descending, bool spare, Choose choose) {
  using ordering::Narrow;
  using ordering::Wide;
  const auto run = [&](auto* element, auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    using E = std::remove_pointer_t<decltype(element)>;
    choose_in_lanes<T, E>(l, descending, spare, [&](E* e, E* more, int64_t n, int64_t m) {
      return choose(e, more, n, m, std::is_floating_point_v<T>);
    });
  };
  Wide* const wide = nullptr;
  Narrow* const narrow = nullptr;
  const bool few = l.in().shape[l.scalar[0].integer()] <= int64_t{UINT32_MAX};
  switch (l.compute) {
    case DType::f32:
      return few ? run(narrow, static_cast<float*>(nullptr)) : run(wide, static_cast<float*>(nullptr));
    case DType::i32:
      return few ? run(narrow, static_cast<int32_t*>(nullptr)) : run(wide, static_cast<int32_t*>(nullptr));
    case DType::f64: return run(wide, static_cast<double*>(nullptr));
    default: return run(wide, static_cast<int64_t*>(nullptr));
  }
}

/** The key of NaN: that of float32 may be in a wide element. */
template <class E>
typename E::Key nan_key(const Launch& l, const E*) {
  using Key = typename E::Key;
  return l.compute == DType::f32 ? static_cast<Key>(UINT32_MAX) : static_cast<Key>(-1);
}

template <class T>
void order_rows(const Launch& l) {
  const TensorView &x = l.in(), &out = l.out();
  const int64_t n = x.shape[0], width = x.shape[1];
  using Key = KeyOf<T>;
  Key* const keys = static_cast<Key*>(l.scratch->bytes(static_cast<size_t>(n * width) * sizeof(Key)));
  for (int64_t r = 0; r < n; r++)
    for_keys<T>(x, r * x.strides[0], x.strides[1], width,
                [&](int64_t i, Key key) { keys[r * width + i] = key; });
  ordering::sort_rows(keys, n, width, out.as<int64_t>());
}

}  // namespace

void kernel_sort(const Launch& l) {
  choose_of_type(l, l.scalar[1].get() != 0, true, [](auto* e, auto* spare, int64_t n, int64_t, bool) {
    ordering::sort(e, spare, n);
    return e;
  });
}

void kernel_topk(const Launch& l) {
  const bool largest = l.scalar[1].get() != 0, sorted = l.scalar[2].get() != 0;
  choose_of_type(l, false, false, [=](auto* e, auto*, int64_t n, int64_t m, bool) {
    ordering::select_top(e, n, m, largest, sorted);
    return e;
  });
}

void kernel_kthvalue(const Launch& l) {
  const int64_t k = l.scalar[1].integer() - 1;
  choose_of_type(l, false, false, [=](auto* e, auto*, int64_t n, int64_t, bool) {
    ordering::select_at(e, n, k);
    return e + k;
  });
}

/** The lower of two middle ones. A NaN among the elements is the result, unless NaNs are left out. */
void kernel_median(const Launch& l) {
  const bool ignore = l.scalar[1].get() != 0;
  choose_of_type(l, false, false, [=](auto* e, auto*, int64_t n, int64_t, bool floating) {
    const auto nan = nan_key(l, e);
    int64_t nans = 0;
    for (int64_t i = 0; i < n && floating; i++) {
      if (e[i].key != nan) continue;
      if (!ignore) return e + i;
      nans++;
    }
    const int64_t k = nans == n ? 0 : (n - nans - 1) / 2;
    ordering::select_stable(e, n, k, floating, nan);
    return e + k;
  });
}

void kernel_mode(const Launch& l) {
  choose_of_type(l, false, false, [=](auto* e, auto*, int64_t n, int64_t, bool floating) {
    return ordering::most_frequent(e, n, floating, nan_key(l, e));
  });
}

void kernel_sortRows(const Launch& l) {
  switch (l.compute) {
    case DType::f32: return order_rows<float>(l);
    case DType::f64: return order_rows<double>(l);
    case DType::i32: return order_rows<int32_t>(l);
    default: return order_rows<int64_t>(l);
  }
}

}  // namespace TENON_ISA
}  // namespace tenon
