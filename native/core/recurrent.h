// Which operand of `recurrent` and `recurrentBackward` is which, by their scalars: one direction of one layer
// of a recurrent network. Sequences lie step by step: rows of all sequences at the first step, then those at
// the second.
#pragma once
#include "core/launch.h"

namespace tenon {

/** Numbered as the first scalar. */
enum class Cell : int { tanh, relu, lstm, gru };

/** Numbers of operands among the views of a launch; -1: there is none. */
struct RecurrentForm {
  Cell cell;
  /** From the last step to the first; with biases; with a projection of the hidden state; with sizes of
   * steps. */
  bool reverse, bias, projected, packed;
  /** What a backward pass is asked for beside the gradients of the initial states. */
  bool of_input = false, of_weights = false;
  int outputs = 0, inputs = 0;

  int x = -1, w_ih = -1, w_hh = -1, h0 = -1, c0 = -1, b_ih = -1, b_hh = -1, w_hr = -1, sizes = -1;
  // What a forward pass makes, and a backward pass looks at: results; activations of gates; LSTM's cells; the
  // hidden state's part of GRU's new gate; LSTM's hidden state before its projection.
  int y = -1, hn = -1, cn = -1, gates = -1, cells = -1, part = -1, raw = -1;
  // Gradients: given, and made.
  int g_y = -1, g_hn = -1, g_cn = -1;
  int g_x = -1, g_w_ih = -1, g_w_hh = -1, g_h0 = -1, g_c0 = -1, g_b_ih = -1, g_b_hh = -1, g_w_hr = -1;

  /** Gates of a unit. */
  int gates_of_unit() const { return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1; }

  /** `backward`: of which of the two ops. The launch may still have other numbers of operands. */
  RecurrentForm(const Launch& l, bool backward);
};

/** The operand with the sizes of steps, which the host reads: it is the CPU's, wherever the others are. -1:
 * the launch has none. */
int steps_operand(const Launch& l);

/** Where the rows of each step begin; a row is the same sequence's in all steps. */
struct Steps {
  int64_t count = 0, batch = 0;
  bool reverse = false;
  int64_t* first = nullptr;  // count + 1 of them: room that whoever has them read gives

  Steps(const Launch& l, const RecurrentForm& f);
  /** False (and an error) if the sizes make no sense. */
  bool read(const Launch& l, const RecurrentForm& f);

  int64_t rows(int64_t t) const { return first[t + 1] - first[t]; }
  /** The k-th step that is taken. */
  int64_t taken(int64_t k) const { return reverse ? count - 1 - k : k; }
  /** The step that is taken before t; there may be none. */
  int64_t before(int64_t t) const { return reverse ? t + 1 : t - 1; }
  /** How many of the sequences [begin, end) have a step t. */
  int64_t among(int64_t t, int64_t begin, int64_t end) const {
    if (t < 0 || t >= count || rows(t) <= begin) return 0;
    return (rows(t) < end ? rows(t) : end) - begin;
  }
};

}  // namespace tenon
