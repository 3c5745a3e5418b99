// Products that go to cuBLAS: that it is told of matrices as it takes them, column by column. On emulated
// CUDA they go to the emulated one, and are compared.

// Also runs on emulated CUDA.

#include "cuda/blas.h"

#include <cstdlib>

#include "cuda/gemm.h"
#include "test/products.h"

#if defined(TENON_EMULATION)
#include <dlfcn.h>
#endif

using namespace test;

namespace {

cuda::Gemm product(int64_t m, int64_t n, int64_t k, const Sizes& a, const Sizes& b) {
  cuda::Gemm g;
  g.m = m;
  g.n = n;
  g.k = k;
  g.a_row = a[0];
  g.a_column = a[1];
  g.b_row = b[0];
  g.b_column = b[1];
  return g;
}

#if defined(TENON_EMULATION)
/** Everything that cuBLAS can do is its own here. */
const bool prepared = [] {
  if (!on_cuda()) return false;
  setenv("TENON_CUDA_BLAS", "cublas", 1);
  setenv("TENON_CUBLAS_LIBRARY", TENON_EMULATION, 0);
  return true;
}();

/** How many products cuBLAS was given so far; -1 where it is a real one. */
long products_made() {
  void* const library = dlopen(std::getenv("TENON_CUBLAS_LIBRARY"), RTLD_NOW | RTLD_LOCAL);
  const auto count =
      library ? reinterpret_cast<long (*)()>(dlsym(library, "tenon_emulated_cublas_products")) : nullptr;
  return count ? count() : -1;
}
#endif

}  // namespace

TEST("matrices that are dense in one direction are columns, or rows, with a step") {
  cuda::BlasProduct p;
  CHECK(cuda::as_blas_product(product(3, 4, 5, {5, 1}, {4, 1}), p));
  CHECK(p.m == 4 && p.n == 3 && p.k == 5 && p.batches == 1);
  CHECK(!p.first.transposed && p.first.leading == 4 && !p.second.transposed && p.second.leading == 5);
  CHECK(cuda::as_blas_product(product(3, 4, 5, {1, 3}, {1, 9}), p));
  CHECK(p.first.transposed && p.first.leading == 9 && p.second.transposed && p.second.leading == 3);
  // Sizes of 1, with any strides.
  CHECK(cuda::as_blas_product(product(1, 4, 5, {77, 1}, {4, 1}), p));
  CHECK(p.second.leading >= 5);
  CHECK(cuda::as_blas_product(product(3, 1, 5, {5, 1}, {1, 77}), p));
  CHECK(cuda::as_blas_product(product(3, 4, 1, {1, 0}, {0, 1}), p));
}

TEST("others are not for cuBLAS") {
  cuda::BlasProduct p;
  CHECK(!cuda::as_blas_product(product(3, 4, 5, {10, 2}, {4, 1}), p));  // gaps
  CHECK(!cuda::as_blas_product(product(3, 4, 5, {-5, 1}, {4, 1}), p));  // backwards
  CHECK(!cuda::as_blas_product(product(3, 4, 5, {5, 1}, {0, 1}), p));   // repeated
  CHECK(!cuda::as_blas_product(product(3, 4, 5, {2, 1}, {4, 1}), p));   // rows overlap
  CHECK(!cuda::as_blas_product(product(3, 4, 0, {0, 1}, {4, 1}), p));   // nothing to add up
  CHECK(!cuda::as_blas_product(product(int64_t{1} << 31, 4, 5, {5, 1}, {4, 1}), p));
  CHECK(!cuda::as_blas_product(product(3, 4, 5, {int64_t{1} << 31, 1}, {4, 1}), p));
}

#if defined(TENON_EMULATION)
TEST_IF(on_cuda(), "products in every pair of layouts") {
  for (DType t : {DType::f32, DType::f64, DType::f16, DType::bf16})
    for (const Product& p : {Product{1, 1, 1}, Product{5, 6, 7}, Product{33, 20, 40}, Product{1, 64, 30},
                             Product{64, 1, 30}, Product{20, 30, 1}})
      for (Lie a : kLies)
        for (Lie b : kLies)
          for (int turn = 0; turn < 4; turn++) check_product(t, p, turn & 1, turn & 2, a, b);
  CHECK(products_made() != 0);
}

TEST_IF(on_cuda(), "batches, broadcast too") {
  const long before = products_made();
  for (DType t : {DType::f32, DType::f64, DType::f16, DType::bf16})
    for (int shared = 0; shared < 3; shared++) {
      Array a(t, shared == 1 ? Sizes{1, 9, 8} : Sizes{6, 9, 8}),
          b(t, shared == 2 ? Sizes{1, 8, 7} : Sizes{6, 8, 7}), c(t, {6, 9, 7});
      fill_small(a, 1);
      fill_small(b, 2);
      run(Isa::sse2, {Op::matmul, compute_of(t), {c.view()}, {a.view(), b.view()}, {0, 0}});
      for (int64_t i = 0; i < 6; i++)
        compare(c, i * 63,
                multiply(matrix_of(a, shared == 1 ? 0 : i, false), matrix_of(b, shared == 2 ? 0 : i, false),
                         9, 7, 8));
    }
  const long made = products_made() - before;
  CHECK(before < 0 || made == 12);
}

TEST_IF(on_cuda(), "linear adds its bias and activates after cuBLAS") {
  const long before = products_made();
  for (DType t : {DType::f32, DType::f64, DType::f16, DType::bf16})
    for (bool bias : {false, true})
      for (int activation : {0, 1}) {
        Array x(t, {11, 8}), w(t, {9, 8}), b(t, {9}, Layout::gaps), out(t, {11, 9});
        fill_small(x, 5);
        fill_small(w, 6);
        fill_small(b, 7);
        std::vector<double> want = multiply(matrix_of(x, 0, false), matrix_of(w, 0, true), 11, 9, 8);
        for (size_t i = 0; i < want.size(); i++) {
          if (bias) want[i] += static_cast<double>(b.get(static_cast<int64_t>(i) % 9));
          if (activation && want[i] < 0) want[i] = 0;
        }
        Call call{
            Op::linear, compute_of(t), {out.view()}, {x.view(), w.view()}, {static_cast<double>(activation)}};
        if (bias) call.inputs.push_back(b.view());
        run(Isa::sse2, call);
        compare(out, 0, want);
      }
  const long made = products_made() - before;
  CHECK(before < 0 || made == 16);
}
#endif
