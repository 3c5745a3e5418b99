/** Tables whose rows are learned. */
import { noGrad } from '../autograd';
import { ArgumentError, ShapeError, describe } from '../errors';
import { bindArguments, booleanArgument, numberArgument } from '../functional/arguments';
import { checkTable, embedding, paddingOf, refuseSparse } from '../functional/embedding';
import { embeddingBag, type BagMode } from '../functional/embedding-bag';
import { showShape } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { Factory, type FactoryOptions } from './factory';
import { floatText } from './repr';
import * as init from './init';
import { checkSize } from './linear';
import { Module } from './module';
import { Parameter } from './parameter';

export interface EmbeddingOptions extends FactoryOptions {
  /** A row that starts at zero and gets no gradient. */
  paddingIdx?: number | null;
  /** Rows of a greater norm are scaled down to this one when they are looked up. */
  maxNorm?: number | null;
  /** Which norm (2). */
  normType?: number;
  /** Divide gradients by how often a row was looked up. */
  scaleGradByFreq?: boolean;
  /** Not supported. */
  sparse?: boolean;
}

/** What both kinds of tables have. */
abstract class Table extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  maxNorm: number | null;
  normType: number;
  scaleGradByFreq: boolean;
  /** [numEmbeddings, embeddingDim] */
  weight: Parameter;

  constructor(names: readonly string[], given: readonly unknown[]) {
    super();
    const { name } = this.constructor;
    const bound = bindArguments(name, names, given);
    const of = (option: string): unknown => bound[names.indexOf(option)];
    const [rows, width, table] = [of('numEmbeddings'), of('embeddingDim'), of('_weight')];
    checkSize(name, 'numEmbeddings', rows);
    checkSize(name, 'embeddingDim', width);
    refuseSparse(name, of('sparse'));
    this.numEmbeddings = rows;
    this.embeddingDim = width;
    const padding = paddingOf(name, of('paddingIdx') as number | null, rows);
    this.paddingIdx = padding < 0 ? null : padding;
    const maxNorm = of('maxNorm') ?? null;
    this.maxNorm = maxNorm === null ? null : numberArgument(name, 'maxNorm', maxNorm);
    this.normType = numberArgument(name, 'normType', of('normType') ?? 2);
    this.scaleGradByFreq = booleanArgument(name, 'scaleGradByFreq', of('scaleGradByFreq'), false);
    const learned = !booleanArgument(name, '_freeze', of('_freeze'), false);
    if (table === undefined || table === null) {
      const factory = new Factory(name, of('device'), of('dtype'));
      this.weight = factory.parameter([rows, width], learned);
      this.resetParameters();
      return;
    }
    checkTensor(name, table, 'weight');
    if (table.shape.length !== 2 || table.shape[0] !== rows || table.shape[1] !== width)
      throw new ShapeError(
        `${name}: expected a weight of shape [${rows}, ${width}], got ${showShape(table.shape)}`,
      );
    this.weight = new Parameter(table, learned);
  }

  resetParameters(): void {
    init.normal_(this.weight);
    const { paddingIdx } = this;
    if (paddingIdx !== null) noGrad(() => this.weight.select(0, paddingIdx).zero_());
  }
}

const EMBEDDING = [
  'numEmbeddings',
  'embeddingDim',
  'paddingIdx',
  'maxNorm',
  'normType',
  'scaleGradByFreq',
  'sparse',
  '_weight',
  '_freeze',
  'device',
  'dtype',
];
const FROM_TABLE = ['freeze', 'paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq', 'sparse'];

/** Options that were given, by their names. */
function optionsOf(op: string, names: readonly string[], given: readonly unknown[]): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  bindArguments(op, names, given).forEach((value, i) => {
    if (value !== undefined) options[names[i]!] = value;
  });
  return options;
}

/** The arguments of a layer that is made of a table there is. */
function fromTable(op: string, table: unknown, options: Record<string, unknown>): Record<string, unknown> {
  checkTable(op, table);
  const { freeze, ...rest } = options;
  const frozen = booleanArgument(op, 'freeze', freeze, true);
  const [numEmbeddings, embeddingDim] = table.shape;
  return { ...rest, numEmbeddings, embeddingDim, _weight: table, _freeze: frozen };
}

/**
 * Looks up rows of a table: indices of any shape give [..., embeddingDim]
 * (https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html). The table starts out normal.
 */
export class Embedding extends Table {
  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingOptions);
  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    paddingIdx: number | null,
    options?: EmbeddingOptions,
  );
  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    paddingIdx: number | null,
    maxNorm: number | null,
    normType?: number,
    scaleGradByFreq?: boolean,
  );
  constructor(options: EmbeddingOptions & { numEmbeddings: number; embeddingDim: number });
  constructor(...given: readonly unknown[]) {
    super(EMBEDDING, given);
  }

  /** A layer of a table there is, which is not learned unless `freeze` is false. */
  static fromPretrained(
    embeddings: Tensor,
    ...given:
      | [options?: Omit<EmbeddingOptions, 'dtype' | 'device'> & { freeze?: boolean }]
      | [freeze: boolean, options?: Omit<EmbeddingOptions, 'dtype' | 'device'>]
      | [freeze: boolean, paddingIdx: number | null, maxNorm?: number | null, normType?: number]
  ): Embedding {
    const options = optionsOf('fromPretrained', FROM_TABLE, given);
    return new Embedding(fromTable('fromPretrained', embeddings, options) as never);
  }

  override forward(input: Tensor): Tensor {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return embedding(input, this.weight, paddingIdx, maxNorm, normType, scaleGradByFreq);
  }

  override extraRepr(): string {
    let text = `${this.numEmbeddings}, ${this.embeddingDim}`;
    if (this.paddingIdx !== null) text += `, padding_idx=${this.paddingIdx}`;
    return text + normText(this);
  }
}

/** What Python prints of options that are not the usual ones. */
function normText({ maxNorm, normType, scaleGradByFreq }: Table): string {
  let text = maxNorm === null ? '' : `, max_norm=${floatText(maxNorm)}`;
  if (normType !== 2) text += `, norm_type=${floatText(normType)}`;
  if (scaleGradByFreq) text += ', scale_grad_by_freq=True';
  return text;
}

export interface EmbeddingBagOptions extends EmbeddingOptions {
  mode?: BagMode;
  /** The last offset is where the last bag ends. */
  includeLastOffset?: boolean;
}

const EMBEDDING_BAG = [
  'numEmbeddings',
  'embeddingDim',
  'maxNorm',
  'normType',
  'scaleGradByFreq',
  'mode',
  'sparse',
  '_weight',
  'includeLastOffset',
  'paddingIdx',
  'device',
  'dtype',
  '_freeze',
];
const BAG_CALL = ['offsets', 'perSampleWeights'];
const BAG_FROM_TABLE = [
  'freeze',
  'maxNorm',
  'normType',
  'scaleGradByFreq',
  'mode',
  'sparse',
  'includeLastOffset',
  'paddingIdx',
];

export interface EmbeddingBagCall {
  /** Where each bag starts, for an input of one dimension. */
  offsets?: Tensor | null;
  /** A factor for each row, for mode 'sum'. */
  perSampleWeights?: Tensor | null;
}

/** Means (or sums, or maxima) of rows of a table (https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html). */
export class EmbeddingBag extends Table {
  readonly mode: BagMode;
  readonly includeLastOffset: boolean;

  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingBagOptions);
  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    maxNorm: number | null,
    options?: EmbeddingBagOptions,
  );
  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    maxNorm: number | null,
    normType: number,
    scaleGradByFreq?: boolean,
    mode?: BagMode,
  );
  constructor(options: EmbeddingBagOptions & { numEmbeddings: number; embeddingDim: number });
  constructor(...given: readonly unknown[]) {
    super(EMBEDDING_BAG, given);
    const bound = bindArguments('EmbeddingBag', EMBEDDING_BAG, given);
    const [mode, last] = ['mode', 'includeLastOffset'].map((name) => bound[EMBEDDING_BAG.indexOf(name)]);
    if (mode !== undefined && mode !== 'sum' && mode !== 'mean' && mode !== 'max')
      throw new ArgumentError(
        `EmbeddingBag: expected mode to be 'sum', 'mean' or 'max', got ${describe(mode)}`,
      );
    this.mode = mode ?? 'mean';
    this.includeLastOffset = booleanArgument('EmbeddingBag', 'includeLastOffset', last, false);
  }

  /** A layer of a table there is, which is not learned unless `freeze` is false. */
  static fromPretrained(
    embeddings: Tensor,
    ...given:
      | [options?: Omit<EmbeddingBagOptions, 'dtype' | 'device'> & { freeze?: boolean }]
      | [freeze: boolean, options?: Omit<EmbeddingBagOptions, 'dtype' | 'device'>]
  ): EmbeddingBag {
    const options = optionsOf('fromPretrained', BAG_FROM_TABLE, given);
    return new EmbeddingBag(fromTable('fromPretrained', embeddings, options) as never);
  }

  override forward(
    input: Tensor,
    offsets?: Tensor | null,
    perSampleWeights?: Tensor | null | { perSampleWeights?: Tensor | null },
  ): Tensor;
  override forward(input: Tensor, options: EmbeddingBagCall): Tensor;
  override forward(input: Tensor, ...given: readonly unknown[]): Tensor {
    const [offsets, perSampleWeights] = bindArguments('EmbeddingBag', BAG_CALL, given) as [
      offsets?: Tensor | null,
      perSampleWeights?: Tensor | null,
    ];
    return embeddingBag(
      input,
      this.weight,
      offsets,
      this.maxNorm,
      this.normType,
      this.scaleGradByFreq,
      this.mode,
      false,
      perSampleWeights,
      this.includeLastOffset,
      this.paddingIdx,
    );
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === null ? '' : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${normText(this)}, mode='${this.mode}'${padding}`;
  }
}
