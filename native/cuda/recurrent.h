// What recurrent and its derivative share on CUDA: operands in the type that is calculated in, memory for all
// steps, and the products, sums and copies that are other kernels' work.
#pragma once
#include <vector>

#include "core/recurrent.h"
#include "cuda/kernels/recurrent.h"
#include "cuda/queue.h"

namespace tenon {
namespace cuda {

/** A matrix in memory: where it begins, from row to row and from column to column. */
struct RecurrentMatrix {
  const void* data;
  int64_t row, column;
};

class RecurrentPass {
 public:
  RecurrentPass(const Launch&, Queue&, bool backward);
  /** False, with the error, if the sizes of steps make no sense. */
  bool read_steps() { return steps.read(l, f); }

  const Launch& l;
  Queue& q;
  const RecurrentForm f;
  const DType type;
  Steps steps;
  int64_t rows, input, hidden, state, wide;  // units, sizes of the states, all gates

  /** An operand; null if there is none. Halves are converted: outputs have memory, until put_back(). */
  char* operand(int i);
  /** Converts the outputs that were made elsewhere. */
  void put_back();
  char* memory(int64_t elements) { return static_cast<char*>(q.keep(bytes(elements))); }

  /** The element of that number. */
  char* at(char* p, int64_t element) const { return p ? p + element * size_ : nullptr; }
  const char* at(const char* p, int64_t element) const { return p ? p + element * size_ : nullptr; }
  size_t bytes(int64_t elements) const { return static_cast<size_t>(elements * size_); }
  void copy(char* to, const char* from, int64_t elements) { q.copy(to, from, bytes(elements)); }

  /** out [m, n] = a b (+ bias), of k columns and rows. */
  void multiply(int64_t m, int64_t n, int64_t k, const RecurrentMatrix& a, const RecurrentMatrix& b,
                char* out, const char* bias = nullptr);
  /** to += x */
  void add(char* to, const char* x, int64_t elements);
  /** An output of one dimension: the sums of the columns of a matrix of all rows and gates. */
  void sum_rows(int output, const char* x);
  /** A kernel of the cell, for n sequences: `names` are those of plain, LSTM and GRU, each in float32, then
   * in float64. */
  template <class P>
  void step(const char* const (&names)[3][2], int64_t n, P& p) {
    const int cell = f.cell == Cell::lstm ? 1 : f.cell == Cell::gru ? 2 : 0;
    p.size = units_of(n);
    p.relu = f.cell == Cell::relu;
    q.launch(names[cell][type == DType::f64], blocks_of(p.size), kRecurrentThreads, p);
  }

 private:
  struct Converted {
    int output;
    char* data;
  };
  RecurrentUnits units_of(int64_t n) const;
  static Blocks blocks_of(const RecurrentUnits&);
  /** A copy that converts. */
  void convert(void* to, DType to_type, const void* from, DType from_type, int64_t elements);

  const int64_t size_;
  std::vector<int64_t> first_;  // of the steps
  std::vector<Converted> converted_;
};

}  // namespace cuda
}  // namespace tenon
