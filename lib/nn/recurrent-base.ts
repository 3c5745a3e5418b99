/** What RNN, LSTM and GRU have in common: their parameters, and how layers and directions are put together. */
import type { DType } from '../dtype';
import type { DeviceLike } from '../device';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { bindArguments, booleanArgument } from '../functional/arguments';
import { isCast } from '../functional/autocast';
import { dropout } from '../functional/dropout';
import { indexSelect } from '../functional/index-select';
import { cat, stack } from '../functional/join';
import { fullOf } from '../functional/kernel';
import { recurrentLayer, type CellKind, type LayerInputs, type StepSizes } from '../functional/recurrent';
import { reshape, select, squeeze, transpose, unsqueeze } from '../functional/view';
import { showShape, type Shape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { countArgument, layersArgument } from './counts';
import { Factory } from './factory';
import * as init from './init';
import { Module } from './module';
import type { Parameter } from './parameter';
import { PackedSequence, integersOf } from './utils/packed-sequence';

/** What a layer of this kind is called inside, and how many gates a unit has. */
const MODES: Readonly<Record<string, readonly [CellKind, number]>> = {
  RNN_TANH: ['tanh', 1],
  RNN_RELU: ['relu', 1],
  LSTM: ['lstm', 4],
  GRU: ['gru', 3],
};

export interface RecurrentOptions {
  /** How many layers, each taking the outputs of the one before (1). */
  numLayers?: number;
  /** Learn additive biases (true). */
  bias?: boolean;
  /** Inputs and outputs are [batch, time, ...] rather than [time, batch, ...] (false). */
  batchFirst?: boolean;
  /** The probability of an element to be dropped between layers, in training (0). */
  dropout?: number;
  /** Go through the sequences in both directions (false). */
  bidirectional?: boolean;
  dtype?: DType;
  device?: DeviceLike;
}

/** The arguments after the mode, in order. */
export const RECURRENT_ARGUMENTS: readonly string[] = [
  'inputSize',
  'hiddenSize',
  'numLayers',
  'bias',
  'batchFirst',
  'dropout',
  'bidirectional',
  'projSize',
  'device',
  'dtype',
];

/** An input of any rank, with how its steps lie. */
interface Sequences {
  /** Step by step: [rows, in]. */
  readonly rows: Tensor;
  readonly batch: number;
  readonly steps: StepSizes;
}

/**
 * The base of RNN, LSTM and GRU (https://pytorch.org/docs/stable/generated/torch.nn.RNNBase.html): parameters
 * `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0` of each layer, those of the other direction with `_reverse`.
 */
export class RNNBase extends Module {
  readonly mode: string;
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  dropout: number;
  readonly bidirectional: boolean;
  readonly projSize: number;
  [weight: `weight_${string}`]: Parameter;
  [bias: `bias_${string}`]: Parameter;

  constructor(mode: string, inputSize: number, hiddenSize: number, ...given: readonly unknown[]);
  constructor(mode: string, ...given: readonly unknown[]);
  constructor(mode: string, ...given: readonly unknown[]) {
    super();
    const op = this.constructor.name;
    const bound = bindArguments(op, RECURRENT_ARGUMENTS, given);
    const [
      inputSize,
      hiddenSize,
      numLayers,
      bias,
      batchFirst,
      dropout,
      bidirectional,
      projSize,
      device,
      dtype,
    ] = bound;
    if (typeof mode !== 'string' || !Object.hasOwn(MODES, mode))
      throw new ArgumentError(
        `${op}: expected one of ${Object.keys(MODES).join(', ')}, got ${describe(mode)}`,
      );
    this.mode = mode;
    this.inputSize = countArgument(op, 'inputSize', inputSize, 1);
    this.hiddenSize = countArgument(op, 'hiddenSize', hiddenSize, 1);
    this.numLayers = layersArgument(op, 'numLayers', numLayers ?? 1, 1);
    this.bias = booleanArgument(op, 'bias', bias, true);
    this.batchFirst = booleanArgument(op, 'batchFirst', batchFirst, false);
    this.dropout = dropoutArgument(op, dropout ?? 0, this.numLayers);
    this.bidirectional = booleanArgument(op, 'bidirectional', bidirectional, false);
    this.projSize = countArgument(op, 'projSize', projSize ?? 0, 0);
    if (this.projSize >= this.hiddenSize)
      throw new ArgumentError(
        `${op}: expected projSize < hiddenSize, got ${this.projSize} and ${this.hiddenSize}`,
      );
    const factory = new Factory(op, device ?? undefined, dtype);
    const wide = MODES[mode]![1] * this.hiddenSize;
    for (let layer = 0; layer < this.numLayers; layer++)
      for (let d = 0; d < this.directions; d++) {
        const input = layer === 0 ? this.inputSize : this.stateSize * this.directions;
        const shapes = [
          [wide, input],
          [wide, this.stateSize],
          [wide],
          [wide],
          [this.stateSize, this.hiddenSize],
        ];
        this.namesOf(layer, d).forEach((name, i) => {
          if (name === null) return;
          Object.assign(this, { [name]: factory.parameter(shapes[i]!) });
        });
      }
    this.resetParameters();
  }

  private get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  /** The size of the hidden state, after a projection. */
  private get stateSize(): number {
    return this.projSize > 0 ? this.projSize : this.hiddenSize;
  }

  /** The parameters of a direction of a layer: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`, `weight_hr`; null: absent. */
  private namesOf(layer: number, direction: number): (string | null)[] {
    const end = `l${layer}${direction === 1 ? '_reverse' : ''}`;
    return [
      `weight_ih_${end}`,
      `weight_hh_${end}`,
      this.bias ? `bias_ih_${end}` : null,
      this.bias ? `bias_hh_${end}` : null,
      this.projSize > 0 ? `weight_hr_${end}` : null,
    ];
  }

  private weightsOf(layer: number, direction: number): (Parameter | null)[] {
    const own = this as unknown as Record<string, Parameter>;
    return this.namesOf(layer, direction).map((name) => (name === null ? null : own[name]!));
  }

  /** The parameters of each direction of each layer. */
  get allWeights(): Parameter[][] {
    const lists: Parameter[][] = [];
    for (let layer = 0; layer < this.numLayers; layer++)
      for (let d = 0; d < this.directions; d++)
        lists.push(this.weightsOf(layer, d).filter((p): p is Parameter => p !== null));
    return lists;
  }

  /** Uniform within ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const p of this.parameters()) init.uniform_(p, -bound, bound);
  }

  /** Does nothing: parameters need not be side by side in memory. */
  flattenParameters(): void {}

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as Module has it
  override forward(...inputs: any[]): any {
    throw new ArgumentError(
      `${this.constructor.name}: has no forward of its own, got ${describe(inputs[0])}; use RNN, LSTM or GRU`,
    );
  }

  /** The outputs and the last states, of the kind that the input and the initial states are. */
  protected run(input: unknown, given: readonly unknown[]): [Tensor | PackedSequence, Tensor[]] {
    const op = this.constructor.name;
    const [hx] = bindArguments(op, ['hx'], given);
    const states = this.statesGiven(op, hx ?? null);
    if (input instanceof PackedSequence) return this.runPacked(op, input, states);
    checkTensor(op, input);
    const rank = input.shape.length;
    if (rank !== 2 && rank !== 3)
      throw new ShapeError(
        `${op}: expected input [time, batch, ${this.inputSize}] or [time, ${this.inputSize}], got ${showShape(input.shape)}`,
      );
    const batched = rank === 3;
    states?.forEach((t) => {
      if (t.shape.length !== rank)
        throw new ShapeError(`${op}: for a ${rank}-d input states are ${rank}-d, got ${showShape(t.shape)}`);
    });
    const across = this.batchFirst ? 0 : 1;
    const x = batched ? input : unsqueeze(input, across);
    const byStep = this.batchFirst ? transpose(x, 0, 1) : x;
    const [time, batch, size] = byStep.shape as [number, number, number];
    this.checkInput(op, input, size);
    if (time === 0) throw new ShapeError(`${op}: expected at least one step, got ${showShape(input.shape)}`);
    const initial = states?.map((t) => (batched ? t : unsqueeze(t, 1))) ?? null;
    const sequences: Sequences = {
      rows: reshape(byStep, time * batch, size),
      batch,
      steps: { sizes: new Array<number>(time).fill(batch), tensor: null },
    };
    const [rows, last] = this.throughLayers(op, sequences, initial);
    const out = reshape(rows, time, batch, rows.shape[1]!);
    const y = this.batchFirst ? transpose(out, 0, 1) : out;
    return batched ? [y, last] : [squeeze(y, across), last.map((t) => squeeze(t, 1))];
  }

  private runPacked(
    op: string,
    { data, batchSizes, sortedIndices, unsortedIndices }: PackedSequence,
    states: Tensor[] | null,
  ): [PackedSequence, Tensor[]] {
    if (data.shape.length !== 2)
      throw new ShapeError(`${op}: expected packed sequences of rows, got data ${showShape(data.shape)}`);
    this.checkInput(op, data, data.shape[1]!);
    const sizes = integersOf(batchSizes);
    const fits =
      sizes.length > 0 &&
      sizes.every((n, t) => n > 0 && (t === 0 || n <= sizes[t - 1]!)) &&
      sizes.reduce((a, b) => a + b, 0) === data.shape[0];
    if (!fits)
      throw new ShapeError(
        `${op}: expected batchSizes that never grow and add up to ${data.shape[0]} rows, got [${sizes.slice(0, 8).join(', ')}${sizes.length > 8 ? ', …' : ''}]`,
      );
    states?.forEach((t) => {
      if (t.shape.length !== 3)
        throw new ShapeError(`${op}: for packed sequences states are 3-d, got ${showShape(t.shape)}`);
    });
    const sort = (t: Tensor): Tensor => (sortedIndices === null ? t : indexSelect(t, 1, sortedIndices));
    const sequences = { rows: data, batch: sizes[0]!, steps: { sizes, tensor: batchSizes } };
    const [rows, last] = this.throughLayers(op, sequences, states?.map(sort) ?? null);
    const unsort = (t: Tensor): Tensor => (unsortedIndices === null ? t : indexSelect(t, 1, unsortedIndices));
    return [new PackedSequence(rows, batchSizes, sortedIndices, unsortedIndices), last.map(unsort)];
  }

  /** [hidden] or, of an LSTM, [hidden, cell]; null: zeros. */
  private statesGiven(op: string, hx: unknown): Tensor[] | null {
    if (hx === null) return null;
    if (this.mode !== 'LSTM') {
      checkTensor(op, hx, 'hx');
      return [hx];
    }
    if (!Array.isArray(hx) || hx.length !== 2)
      throw new ArgumentError(`${op}: expected hx to be [h, c], got ${describe(hx)}`);
    hx.forEach((t, i) => checkTensor(op, t, `hx[${i}]`));
    return hx as Tensor[];
  }

  private checkInput(op: string, input: Tensor, size: number): void {
    if (size !== this.inputSize)
      throw new ShapeError(`${op}: expected input [..., ${this.inputSize}], got ${showShape(input.shape)}`);
    const weight = this.weightsOf(0, 0)[0]!;
    if (input.code !== weight.code && !(isCast(input) && isCast(weight)))
      throw new DTypeError(`${op}: expected input of the weights' dtype ${weight.dtype}, got ${input.dtype}`);
  }

  /** Rows of the last layer, and the last states of all layers and directions. */
  private throughLayers(
    op: string,
    { rows, batch, steps }: Sequences,
    states: Tensor[] | null,
  ): [Tensor, Tensor[]] {
    const kind = MODES[this.mode]![0];
    const { directions } = this;
    const count = this.numLayers * directions;
    const shapes: Shape[] = [[count, batch, this.stateSize]];
    if (kind === 'lstm') shapes.push([count, batch, this.hiddenSize]);
    states?.forEach((t, i) => checkState(op, t, shapes[i]!, rows));
    const zeros = shapes.map(([, n, size]) =>
      states === null ? fullOf([n!, size!], rows.code, rows.place, 0) : null,
    );
    const initial = (i: number, at: number): Tensor | null =>
      i >= shapes.length ? null : states === null ? zeros[i]! : select(states[i]!, 0, at);
    const last: Tensor[][] = shapes.map(() => []);
    let x = rows;
    for (let layer = 0; layer < this.numLayers; layer++) {
      const outs: Tensor[] = [];
      for (let d = 0; d < directions; d++) {
        const at = layer * directions + d;
        const [weightIh, weightHh, ...others] = this.weightsOf(layer, d);
        const inputs = [
          x,
          weightIh,
          weightHh,
          initial(0, at),
          initial(1, at),
          ...others,
        ] as unknown as LayerInputs;
        const [out, ...ends] = recurrentLayer(kind, inputs, steps, d === 1);
        outs.push(out!);
        ends.forEach((t, i) => last[i]!.push(t));
      }
      x = outs.length === 1 ? outs[0]! : cat(outs, 1);
      if (this.dropout > 0 && this.training && layer < this.numLayers - 1) x = dropout(x, this.dropout);
    }
    return [x, last.map((list) => stack(list, 0))];
  }

  override extraRepr(): string {
    const parts = [`${this.inputSize}, ${this.hiddenSize}`];
    if (this.projSize !== 0) parts.push(`proj_size=${this.projSize}`);
    if (this.numLayers !== 1) parts.push(`num_layers=${this.numLayers}`);
    if (!this.bias) parts.push('bias=False');
    if (this.batchFirst) parts.push('batch_first=True');
    if (this.dropout !== 0)
      parts.push(`dropout=${Number.isInteger(this.dropout) ? this.dropout.toFixed(1) : this.dropout}`);
    if (this.bidirectional) parts.push('bidirectional=True');
    return parts.join(', ');
  }
}

function dropoutArgument(op: string, value: unknown, layers: number): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1))
    throw new ArgumentError(`${op}: expected dropout to be a number from 0 to 1, got ${describe(value)}`);
  if (value > 0 && layers === 1)
    process.emitWarning(
      `${op}: dropout ${value} has no effect: it is applied between layers, and there is one`,
    );
  return value;
}

function checkState(op: string, t: Tensor, shape: Shape, input: Tensor): void {
  if (t.shape.some((n, i) => n !== shape[i]))
    throw new ShapeError(`${op}: expected states of shape ${showShape(shape)}, got ${showShape(t.shape)}`);
  if (t.code !== input.code && !(isCast(t) && isCast(input)))
    throw new DTypeError(`${op}: expected states of the input's dtype ${input.dtype}, got ${t.dtype}`);
}
