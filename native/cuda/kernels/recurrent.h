// Parameters of the kernels of recurrent layers: what the units of one step do with products that are made
// elsewhere. All operands are dense and of the type that is calculated in.
#pragma once
#include <cstdint>

namespace tenon {
namespace cuda {

constexpr uint32_t kLogRecurrentThreads = 7;
constexpr unsigned kRecurrentThreads = 1u << kLogRecurrentThreads;

/** Of a block, 2^log_units threads have neighbouring units of a sequence, the others those of more sequences.
 */
struct RecurrentUnits {
  int64_t sequences, units;
  uint32_t log_units;
};

/** Of a step: rows are sequences, with a column for each unit; of `gates` and `product` one for each gate. */
struct RecurrentStep {
  RecurrentUnits size;
  const void* product;  // of the state before with the recurrent weights
  const void* bias;     // the recurrent one, or null
  void* gates;          // what the input contributes; it becomes the activations
  void* state;          // the hidden state before, then after; null where another kernel makes it of `out`
  void* cell;           // LSTM's cell state before, then after
  void* out;            // the hidden state
  void* cells;          // LSTM: the cell state
  void* part;           // GRU: the hidden state's part of the new gate
  bool relu;            // of the plain cell: else tanh
};

/** States before a step: of sequences that came from another one, and of those that began with this. */
struct RecurrentBefore {
  const void *earlier, *initial;
  int64_t count;  // of the first
};

/** The derivative of a step: gradients before the activations, of gradients of the states. */
struct RecurrentStepBackward {
  RecurrentUnits size;
  const void *gates, *cells, *part;  // as the step left them
  RecurrentBefore before;            // cell states of LSTM, hidden ones of GRU
  const void* grad_state;            // of the hidden state, of the steps that follow
  const void* grad_out;              // to be added to it, or null
  void* grad_cell;                   // LSTM: of the cell state after, then before
  void* carried;                     // GRU: to be added to grad_state; then what passes this step by
  void* grad_gates;
  void* grad_hidden;  // GRU: the same of the hidden state's part
  bool relu;
};

}  // namespace cuda
}  // namespace tenon
