// Products to compare with: of small whole numbers, whose sums are exact in any order, by the three loops.
#pragma once
#include "test/tensors.h"

namespace test {

/** Whole numbers from -3 to 3, of a pattern that no tile repeats. */
inline int64_t small(int64_t i, int64_t salt) {
  uint64_t h =
      static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15 + static_cast<uint64_t>(salt) * 0xbf58476d1ce4e5b9;
  h ^= h >> 29;
  h *= 0x94d049bb133111eb;
  return static_cast<int64_t>((h >> 40) % 7) - 3;
}

inline void fill_small(Array& x, int64_t salt) {
  x.fill_with([&](int64_t i) {
    return static_cast<Number>(x.dtype() == DType::u8 ? small(i, salt) & 3 : small(i, salt));
  });
}

/** Elements as doubles: a matrix at element `first`, `row` and `column` apart. */
struct Matrix {
  std::vector<double> values;
  int64_t columns = 0;
  double at(int64_t i, int64_t j) const { return values[static_cast<size_t>(i * columns + j)]; }
};

/** Matrix number `batch` of the last two dimensions, transposed if asked for. */
inline Matrix matrix_of(const Array& x, int64_t batch, bool transposed) {
  const Sizes& s = x.shape();
  const int64_t rows = s[s.size() - 2], columns = s[s.size() - 1], first = batch * rows * columns;
  Matrix m;
  m.columns = transposed ? rows : columns;
  m.values.resize(static_cast<size_t>(rows * columns));
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++)
      m.values[static_cast<size_t>(transposed ? j * rows + i : i * columns + j)] =
          static_cast<double>(x.get(first + i * columns + j));
  return m;
}

inline std::vector<double> multiply(const Matrix& a, const Matrix& b, int64_t m, int64_t n, int64_t k) {
  std::vector<double> c(static_cast<size_t>(m * n));
  for (int64_t i = 0; i < m; i++)
    for (int64_t p = 0; p < k; p++) {
      const double x = a.at(i, p);
      const double* const row = b.values.data() + p * n;
      double* const to = c.data() + i * n;
      for (int64_t j = 0; j < n; j++) to[j] += x * row[j];
    }
  return c;
}

/** How many results are not what they should be: a value before it is stored in the array's dtype. */
inline void compare(const Array& out, int64_t first, const std::vector<double>& want) {
  int64_t wrong = 0, where = -1;
  for (size_t i = 0; i < want.size(); i++)
    if (out.get(first + static_cast<int64_t>(i)) !=
            converted(compute_of(out.dtype()), out.dtype(), want[i]) &&
        wrong++ == 0)
      where = static_cast<int64_t>(i);
  checks++;
  if (wrong)
    fail(__FILE__, __LINE__, "%lld results are wrong: element %lld is %Lg, expected %g",
         static_cast<long long>(wrong), static_cast<long long>(where), out.get(first + where),
         want[static_cast<size_t>(where)]);
}

/** How an operand of shape [rows, columns] lies in memory. */
enum class Lie { dense, transposed, padded, gaps, reversed, row_repeated, column_repeated };
constexpr Lie kLies[] = {Lie::dense,    Lie::transposed,   Lie::padded,         Lie::gaps,
                         Lie::reversed, Lie::row_repeated, Lie::column_repeated};

inline Sizes strides_of(Lie lie, int64_t rows, int64_t columns) {
  switch (lie) {
    case Lie::transposed: return {1, rows};
    case Lie::padded: return {columns + 5, 1};
    case Lie::gaps: return {3 * columns + 1, 3};
    case Lie::reversed: return {-columns, -1};
    case Lie::row_repeated: return {0, 1};
    case Lie::column_repeated: return {1, 0};
    default: return {columns, 1};
  }
}

struct Product {
  int64_t m, n, k;
};

/** One product of two matrices, as flags and as strides transposed or not, on every instruction set. */
inline void check_product(DType t, const Product& p, bool ta, bool tb, Lie lie_a, Lie lie_b) {
  About about("%s m %lld n %lld k %lld ta %d tb %d, lies %d %d", dtype_name(t), static_cast<long long>(p.m),
              static_cast<long long>(p.n), static_cast<long long>(p.k), ta, tb, static_cast<int>(lie_a),
              static_cast<int>(lie_b));
  const Sizes a_shape = ta ? Sizes{p.k, p.m} : Sizes{p.m, p.k},
              b_shape = tb ? Sizes{p.n, p.k} : Sizes{p.k, p.n};
  Array a(t, a_shape, strides_of(lie_a, a_shape[0], a_shape[1]), true),
      b(t, b_shape, strides_of(lie_b, b_shape[0], b_shape[1]), true);
  fill_small(a, 1);
  fill_small(b, 2);
  const std::vector<double> want = multiply(matrix_of(a, 0, ta), matrix_of(b, 0, tb), p.m, p.n, p.k);
  for (Isa isa : isas()) {
    About on("on %s", isa_name(isa));
    Array c(t, {p.m, p.n});
    run(isa, {Op::matmul, compute_of(t), {c.view()}, {a.view(), b.view()}, {ta ? 1.0 : 0.0, tb ? 1.0 : 0.0}});
    compare(c, 0, want);
    CHECK(c.intact());
  }
}

}  // namespace test
