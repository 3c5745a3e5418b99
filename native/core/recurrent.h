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
  RecurrentForm(const Launch& l, bool backward) {
    const auto flag = [&](int i) { return l.scalar[i].get() != 0; };
    const int64_t kind = l.scalar[0].integer();
    cell = kind == 3 ? Cell::gru : kind == 2 ? Cell::lstm : kind == 1 ? Cell::relu : Cell::tanh;
    reverse = flag(1), bias = flag(2), projected = flag(3), packed = flag(4);
    const bool lstm = cell == Cell::lstm, gru = cell == Cell::gru;
    int at = 0;
    const auto next = [&](bool there) { return there ? at++ : -1; };
    if (backward) {
      of_input = flag(5), of_weights = flag(6);
      g_h0 = next(true);
      g_c0 = next(lstm);
      g_x = next(of_input);
      g_w_ih = next(of_weights);
      g_w_hh = next(of_weights);
      g_b_ih = next(of_weights && bias);
      g_b_hh = next(of_weights && bias);
      g_w_hr = next(of_weights && projected);
    } else {
      y = next(true);
      hn = next(true);
      cn = next(lstm);
      gates = next(true);
      cells = next(lstm);
      part = next(gru);
      raw = next(projected);
    }
    outputs = at;
    if (backward) {
      g_y = next(true);
      g_hn = next(true);
      g_cn = next(lstm);
    }
    x = next(true);
    w_ih = next(true);
    w_hh = next(true);
    h0 = next(true);
    c0 = next(lstm);
    b_ih = next(bias && !backward);
    b_hh = next(bias && !backward);
    w_hr = next(projected);
    sizes = next(packed);
    if (backward) {
      y = next(true);
      gates = next(true);
      cells = next(lstm);
      part = next(gru);
      raw = next(projected);
    }
    inputs = at - outputs;
  }
};

}  // namespace tenon
