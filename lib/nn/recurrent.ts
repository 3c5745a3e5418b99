import { ArgumentError, describe } from '../errors';
import { bindArguments } from '../functional/arguments';
import type { Tensor } from '../tensor';
import { RECURRENT_ARGUMENTS, RNNBase, type RecurrentOptions } from './recurrent-base';
import type { PackedSequence } from './utils/packed-sequence';

/** The initial hidden state: [layers directions, batch, hidden], without the batch for a 2-d input; zeros if left out. */
type Hidden = Tensor | null;
/** The initial hidden and cell states. */
type HiddenAndCell = readonly [h: Tensor, c: Tensor] | null;

/** Sizes by name, beside the options. */
interface Sizes {
  inputSize: number;
  hiddenSize: number;
}

export interface RNNOptions extends RecurrentOptions {
  /** 'tanh' or 'relu'. */
  nonlinearity?: 'tanh' | 'relu';
}

const RNN_ARGUMENTS = [
  ...RECURRENT_ARGUMENTS.slice(0, 3),
  'nonlinearity',
  ...RECURRENT_ARGUMENTS.slice(3).filter((name) => name !== 'projSize'),
];

/**
 * h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it, step by step, in several layers and both directions if asked for
 * (https://pytorch.org/docs/stable/generated/torch.nn.RNN.html). Takes [time, batch, inputSize], [time, inputSize] or
 * packed sequences; gives the outputs of all steps and the last hidden states.
 */
export class RNN extends RNNBase {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(inputSize: number, hiddenSize: number, options?: RNNOptions);
  constructor(inputSize: number, hiddenSize: number, numLayers: number, options?: RNNOptions);
  constructor(options: RNNOptions & Sizes);
  constructor(...given: readonly unknown[]);
  constructor(...given: readonly unknown[]) {
    const bound = bindArguments('RNN', RNN_ARGUMENTS, given);
    const nonlinearity = bound[3] ?? 'tanh';
    if (nonlinearity !== 'tanh' && nonlinearity !== 'relu')
      throw new ArgumentError(
        `RNN: expected nonlinearity to be 'tanh' or 'relu', got ${describe(nonlinearity)}`,
      );
    const names = RNN_ARGUMENTS.filter((name) => name !== 'nonlinearity');
    const values = bound.filter((_, i) => i !== 3);
    super(`RNN_${nonlinearity.toUpperCase()}`, Object.fromEntries(names.map((name, i) => [name, values[i]])));
    this.nonlinearity = nonlinearity;
  }

  override forward(input: Tensor, hx?: Hidden | { hx?: Hidden }): [Tensor, Tensor];
  override forward(input: PackedSequence, hx?: Hidden | { hx?: Hidden }): [PackedSequence, Tensor];
  override forward(input: Tensor | PackedSequence, ...given: readonly unknown[]): unknown {
    const [out, [h]] = this.run(input, given);
    return [out, h];
  }
}

export interface LSTMOptions extends RecurrentOptions {
  /** The size that the hidden state is projected to (0: it is not). */
  projSize?: number;
}

/**
 * Long short-term memory (https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html): gates i, f, g, o of each unit;
 * c' = f c + i g, h' = o tanh(c'). Takes [time, batch, inputSize], [time, inputSize] or packed sequences, and [h, c]; gives
 * the outputs of all steps and the last [h, c].
 */
export class LSTM extends RNNBase {
  constructor(inputSize: number, hiddenSize: number, options?: LSTMOptions);
  constructor(inputSize: number, hiddenSize: number, numLayers: number, options?: LSTMOptions);
  constructor(options: LSTMOptions & Sizes);
  constructor(...given: readonly unknown[]);
  constructor(...given: readonly unknown[]) {
    super('LSTM', ...given);
  }

  override forward(input: Tensor, hx?: HiddenAndCell | { hx?: HiddenAndCell }): [Tensor, [Tensor, Tensor]];
  override forward(
    input: PackedSequence,
    hx?: HiddenAndCell | { hx?: HiddenAndCell },
  ): [PackedSequence, [Tensor, Tensor]];
  override forward(input: Tensor | PackedSequence, ...given: readonly unknown[]): unknown {
    return this.run(input, given);
  }
}

const GRU_ARGUMENTS = RECURRENT_ARGUMENTS.filter((name) => name !== 'projSize');

/**
 * Gated recurrent units (https://pytorch.org/docs/stable/generated/torch.nn.GRU.html): gates r, z, n of each unit;
 * h' = (1 - z) n + z h. Takes [time, batch, inputSize], [time, inputSize] or packed sequences; gives the outputs of all
 * steps and the last hidden states.
 */
export class GRU extends RNNBase {
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions);
  constructor(inputSize: number, hiddenSize: number, numLayers: number, options?: RecurrentOptions);
  constructor(options: RecurrentOptions & Sizes);
  constructor(...given: readonly unknown[]);
  constructor(...given: readonly unknown[]) {
    const bound = bindArguments('GRU', GRU_ARGUMENTS, given);
    super('GRU', Object.fromEntries(GRU_ARGUMENTS.map((name, i) => [name, bound[i]])));
  }

  override forward(input: Tensor, hx?: Hidden | { hx?: Hidden }): [Tensor, Tensor];
  override forward(input: PackedSequence, hx?: Hidden | { hx?: Hidden }): [PackedSequence, Tensor];
  override forward(input: Tensor | PackedSequence, ...given: readonly unknown[]): unknown {
    const [out, [h]] = this.run(input, given);
    return [out, h];
  }
}
