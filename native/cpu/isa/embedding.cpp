// Rows looked up in a table, and their gradients added to the rows they came from.
#include "core/parallel.h"
#include "cpu/isa/convert.h"
#include "cpu/isa/kernels.h"
#include "cpu/isa/rows.h"

namespace tenon {
namespace TENON_ISA {

namespace {

constexpr int64_t kTask = 16384;    // elements
constexpr int64_t kMostTasks = 32;  // each of which looks at all indices

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

bool indices_fit(const Launch& l, const char* op, const TensorView& index, int64_t rows) {
  const int64_t* const k = index.as<int64_t>();
  for (int64_t i = 0; i < index.numel; i++) {
    if (k[i] >= 0 && k[i] < rows) continue;
    set_error(*l.error, ErrorCode::index, "%s: index %lld is out of range for %lld embeddings", op,
              static_cast<long long>(k[i]), static_cast<long long>(rows));
    return false;
  }
  return true;
}

/**
 * Each task has some rows of the table for itself, and adds what the indices bring there, in their order: so
 * sums are the same for any number of threads.
 */
template <class T>
void backward(const Launch& l) {
  const TensorView &grad = l.in(0), &index = l.in(1), &out = l.out();
  const int64_t rows = out.shape[0], width = out.shape[1], n = index.numel;
  const int64_t skipped = l.scalar[0].integer();
  const bool by_frequency = l.scalar[1].get() != 0;
  if (!indices_fit(l, "embedding", index, rows) || out.numel == 0) return;
  const int64_t* const places = index.as<int64_t>();
  const T* const from = grad.as<T>();
  T* const to = out.as<T>();
  int64_t* const counts =
      by_frequency ? static_cast<int64_t*>(l.scratch->bytes(static_cast<size_t>(rows) * 8)) : nullptr;
  int64_t together = kTask / width + 1;
  if (together < rows / kMostTasks + 1) together = rows / kMostTasks + 1;
  parallel_for((rows + together - 1) / together, [&](int64_t task) {
    const int64_t first = task * together, end = least(rows, first + together);
    std::memset(to + first * width, 0, static_cast<size_t>((end - first) * width) * sizeof(T));
    if (counts) {
      for (int64_t k = first; k < end; k++) counts[k] = 0;
      for (int64_t i = 0; i < n; i++)
        if (places[i] >= first && places[i] < end) counts[places[i]]++;
    }
    for (int64_t i = 0; i < n; i++) {
      const int64_t k = places[i];
      if (k < first || k >= end || k == skipped) continue;
      T* const row = to + k * width;
      const T* const g = from + i * width;
      const Vec<T> scale = splat(static_cast<T>(counts ? counts[k] : 1));
      if (counts)
        fill_vectors(row, width, [&](int64_t j, auto part) { return part(row + j) + part(g + j) / scale; });
      else
        fill_vectors(row, width, [&](int64_t j, auto part) { return part(row + j) + part(g + j); });
    }
  });
}

}  // namespace

void kernel_embedding(const Launch& l) {
  const TensorView &table = l.in(0), &index = l.in(1), &out = l.out();
  const int64_t rows = table.shape[0], width = table.shape[1], n = index.numel;
  if (!indices_fit(l, "embedding", index, rows) || out.numel == 0) return;
  const int64_t size = element_size(table.dtype);
  const int64_t* const places = index.as<int64_t>();
  const int64_t together = kTask / width + 1;
  parallel_for((n + together - 1) / together, [&](int64_t task) {
    const int64_t end = least(n, (task + 1) * together);
    for (int64_t i = task * together; i < end; i++) {
      const char* const from = table.as<char>() + places[i] * table.strides[0] * size;
      char* const to = out.as<char>() + i * width * size;
      if (table.strides[1] == 1)
        copy_bytes(to, from, width * size);
      else
        move_strided(size, from, table.strides[1], to, 1, width);
    }
  });
}

void kernel_embeddingBackward(const Launch& l) {
  l.compute == DType::f64 ? backward<double>(l) : backward<float>(l);
}

}  // namespace TENON_ISA
}  // namespace tenon
