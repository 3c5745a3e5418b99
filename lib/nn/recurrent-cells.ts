/** Single steps of recurrent networks. */
import type { DType } from '../dtype';
import type { DeviceLike } from '../device';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { bindArguments, booleanArgument } from '../functional/arguments';
import { isCast } from '../functional/autocast';
import { fullOf } from '../functional/kernel';
import { recurrentLayer, type CellKind } from '../functional/recurrent';
import { squeeze, unsqueeze } from '../functional/view';
import { showShape } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { countArgument } from './counts';
import { Factory } from './factory';
import * as init from './init';
import { Module } from './module';
import type { Parameter } from './parameter';

export interface CellOptions {
  /** Learn additive biases (true). */
  bias?: boolean;
  dtype?: DType;
  device?: DeviceLike;
}

const CELL_ARGUMENTS = ['inputSize', 'hiddenSize', 'bias', 'device', 'dtype'];

abstract class RecurrentCell extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  /** [gates hiddenSize, inputSize] */
  weight_ih: Parameter;
  /** [gates hiddenSize, hiddenSize] */
  weight_hh: Parameter;
  bias_ih: Parameter | null;
  bias_hh: Parameter | null;

  constructor(gates: number, bound: readonly unknown[]) {
    super();
    const op = this.constructor.name;
    const [inputSize, hiddenSize, bias, device, dtype] = bound;
    this.inputSize = countArgument(op, 'inputSize', inputSize, 0);
    this.hiddenSize = countArgument(op, 'hiddenSize', hiddenSize, 0);
    this.bias = booleanArgument(op, 'bias', bias, true);
    const factory = new Factory(op, device ?? undefined, dtype);
    const made = (...shape: number[]): Parameter => factory.parameter(shape);
    const wide = gates * this.hiddenSize;
    this.weight_ih = made(wide, this.inputSize);
    this.weight_hh = made(wide, this.hiddenSize);
    this.bias_ih = this.bias ? made(wide) : null;
    this.bias_hh = this.bias ? made(wide) : null;
    this.resetParameters();
  }

  /** Uniform within ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const p of this.parameters()) init.uniform_(p, -bound, bound);
  }

  /** One step from the states before (null: zeros) to those after. */
  protected step(kind: CellKind, input: Tensor, states: readonly unknown[] | null): Tensor[] {
    const op = this.constructor.name;
    checkTensor(op, input);
    const rank = input.shape.length;
    if ((rank !== 1 && rank !== 2) || input.shape[rank - 1] !== this.inputSize)
      throw new ShapeError(
        `${op}: expected input [batch, ${this.inputSize}] or [${this.inputSize}], got ${showShape(input.shape)}`,
      );
    const { weight_ih: weight } = this;
    if (input.code !== weight.code && !(isCast(input) && isCast(weight)))
      throw new DTypeError(`${op}: expected input of the weights' dtype ${weight.dtype}, got ${input.dtype}`);
    const batched = rank === 2;
    const x = batched ? input : unsqueeze(input, 0);
    const batch = x.shape[0]!;
    const given = states?.map((t) => this.state(op, t, input)) ?? null;
    const before = (given ?? [null, null]).map((t) => {
      if (t === null) return fullOf([batch, this.hiddenSize], x.code, x.place, 0);
      return batched ? t : unsqueeze(t, 0);
    });
    const steps = { sizes: [batch], tensor: null, isCell: true };
    const [h, c = null] = kind === 'lstm' ? before : before.slice(0, 1);
    const inputs = [x, weight, this.weight_hh, h!, c, this.bias_ih, this.bias_hh, null] as const;
    const [, ...after] = recurrentLayer(kind, inputs, steps, false);
    return batched ? after : after.map((t) => squeeze(t, 0));
  }

  private state(op: string, t: unknown, input: Tensor): Tensor {
    checkTensor(op, t, 'hx');
    const shape = [...input.shape.slice(0, -1), this.hiddenSize];
    if (t.shape.length !== shape.length || t.shape.some((n, i) => n !== shape[i]))
      throw new ShapeError(`${op}: expected hx of shape ${showShape(shape)}, got ${showShape(t.shape)}`);
    if (t.code !== input.code && !(isCast(t) && isCast(input)))
      throw new DTypeError(`${op}: expected hx of the input's dtype ${input.dtype}, got ${t.dtype}`);
    return t;
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias ? '' : ', bias=False'}`;
  }
}

export interface RNNCellOptions extends CellOptions {
  /** 'tanh' or 'relu'. */
  nonlinearity?: 'tanh' | 'relu';
}

/**
 * h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it (https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html):
 * input [batch, inputSize] and h [batch, hiddenSize], or both without the batch.
 */
export class RNNCell extends RecurrentCell {
  readonly nonlinearity: 'tanh' | 'relu';

  constructor(inputSize: number, hiddenSize: number, options?: RNNCellOptions);
  constructor(inputSize: number, hiddenSize: number, bias: boolean, options?: RNNCellOptions);
  constructor(...given: readonly unknown[]);
  constructor(...given: readonly unknown[]) {
    const names = ['inputSize', 'hiddenSize', 'bias', 'nonlinearity', 'device', 'dtype'];
    const [inputSize, hiddenSize, bias, nonlinearity = 'tanh', ...rest] = bindArguments(
      'RNNCell',
      names,
      given,
    );
    if (nonlinearity !== 'tanh' && nonlinearity !== 'relu')
      throw new ArgumentError(
        `RNNCell: expected nonlinearity to be 'tanh' or 'relu', got ${describe(nonlinearity)}`,
      );
    super(1, [inputSize, hiddenSize, bias, ...rest]);
    this.nonlinearity = nonlinearity;
  }

  override forward(input: Tensor, hx?: Tensor | null | { hx?: Tensor | null }): Tensor;
  override forward(input: Tensor, ...given: readonly unknown[]): Tensor {
    const [hx] = bindArguments('RNNCell', ['hx'], given);
    return this.step(this.nonlinearity, input, hx === undefined || hx === null ? null : [hx])[0]!;
  }

  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === 'tanh' ? '' : `, nonlinearity=${this.nonlinearity}`);
  }
}

type HiddenAndCell = readonly [h: Tensor, c: Tensor] | null;

/**
 * A step of long short-term memory (https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html): from input
 * [batch, inputSize] and [h, c] to the next [h, c], or all without the batch.
 */
export class LSTMCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options?: CellOptions);
  constructor(inputSize: number, hiddenSize: number, bias: boolean, options?: CellOptions);
  constructor(...given: readonly unknown[]);
  constructor(...given: readonly unknown[]) {
    super(4, bindArguments('LSTMCell', CELL_ARGUMENTS, given));
  }

  override forward(input: Tensor, hx?: HiddenAndCell | { hx?: HiddenAndCell }): [Tensor, Tensor];
  override forward(input: Tensor, ...given: readonly unknown[]): [Tensor, Tensor] {
    const [hx] = bindArguments('LSTMCell', ['hx'], given);
    if (hx !== undefined && hx !== null && (!Array.isArray(hx) || hx.length !== 2))
      throw new ArgumentError(`LSTMCell: expected hx to be [h, c], got ${describe(hx)}`);
    return this.step('lstm', input, (hx as readonly unknown[] | undefined) ?? null) as [Tensor, Tensor];
  }
}

/**
 * A step of gated recurrent units (https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html): from input
 * [batch, inputSize] and h [batch, hiddenSize] to the next h, or both without the batch.
 */
export class GRUCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options?: CellOptions);
  constructor(inputSize: number, hiddenSize: number, bias: boolean, options?: CellOptions);
  constructor(...given: readonly unknown[]);
  constructor(...given: readonly unknown[]) {
    super(3, bindArguments('GRUCell', CELL_ARGUMENTS, given));
  }

  override forward(input: Tensor, hx?: Tensor | null | { hx?: Tensor | null }): Tensor;
  override forward(input: Tensor, ...given: readonly unknown[]): Tensor {
    const [hx] = bindArguments('GRUCell', ['hx'], given);
    return this.step('gru', input, hx === undefined || hx === null ? null : [hx])[0]!;
  }
}
