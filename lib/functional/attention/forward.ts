/** The function that nn.MultiheadAttention is in PyTorch, all that it learns by argument. */
import { ArgumentError, ShapeError, describe } from '../../errors';
import { showShape } from '../../shape';
import { type Tensor, checkTensor } from '../../tensor';
import { bindArguments, booleanArgument, integerArgument, numberArgument } from '../arguments';
import { attendByHeads, checkWeight, type HeadWeights, type Three } from './heads';

const OP = 'multiHeadAttentionForward';

export interface MultiHeadAttentionOptions {
  /** Whether `dropoutP` applies (true). */
  training?: boolean;
  /** Keys that are hidden from all queries: [batch, keys]. */
  keyPaddingMask?: Tensor | null;
  /** Whether to return the probabilities, too (true). */
  needWeights?: boolean;
  /** [queries, keys] or [batch heads, queries, keys]: true where not to look, or what is added to scores. */
  attnMask?: Tensor | null;
  /** Whether the projections are `qProjWeight`, `kProjWeight` and `vProjWeight` instead of `inProjWeight` (false). */
  useSeparateProjWeight?: boolean;
  qProjWeight?: Tensor | null;
  kProjWeight?: Tensor | null;
  vProjWeight?: Tensor | null;
  /** Keys and values of the heads in place of those that the projections give: [batch heads, keys, headDim]. */
  staticK?: Tensor | null;
  staticV?: Tensor | null;
  /** Whether the probabilities are averaged over heads (true). */
  averageAttnWeights?: boolean;
  /** That attnMask is the causal one. */
  isCausal?: boolean;
}

const NAMES = [
  'embedDimToCheck',
  'numHeads',
  'inProjWeight',
  'inProjBias',
  'biasK',
  'biasV',
  'addZeroAttn',
  'dropoutP',
  'outProjWeight',
  'outProjBias',
  'training',
  'keyPaddingMask',
  'needWeights',
  'attnMask',
  'useSeparateProjWeight',
  'qProjWeight',
  'kProjWeight',
  'vProjWeight',
  'staticK',
  'staticV',
  'averageAttnWeights',
  'isCausal',
] as const;

interface MultiHeadAttentionArguments extends MultiHeadAttentionOptions {
  embedDimToCheck: number;
  numHeads: number;
  inProjWeight?: Tensor | null;
  inProjBias?: Tensor | null;
  biasK?: Tensor | null;
  biasV?: Tensor | null;
  addZeroAttn?: boolean;
  dropoutP?: number;
  outProjWeight: Tensor;
  outProjBias?: Tensor | null;
}

type Given = { readonly [Name in (typeof NAMES)[number]]: unknown };

/** A tensor of the shape, or null. */
function optional(given: Given, name: keyof Given, shape: readonly number[]): Tensor | null {
  const t = given[name] ?? null;
  return t === null ? null : checkWeight(OP, name, t as Tensor, shape);
}

/** The projections before the heads, and how many features of keys and of values they take. */
function projections(given: Given, n: number): [weight: Tensor | Three, kdim: number, vdim: number] {
  if (!booleanArgument(OP, 'useSeparateProjWeight', given.useSeparateProjWeight, false))
    return [checkWeight(OP, 'inProjWeight', given.inProjWeight as Tensor, [3 * n, n]), n, n];
  const names = ['qProjWeight', 'kProjWeight', 'vProjWeight'] as const;
  const three = names.map((name) => {
    const t = given[name];
    checkTensor(OP, t, name);
    if (t.shape.length !== 2 || t.shape[0] !== n)
      throw new ShapeError(`${OP}: expected ${name} [${n}, features], got ${showShape(t.shape)}`);
    return t;
  }) as Three;
  return [three, three[1].shape[1]!, three[2].shape[1]!];
}

/** The heads' biases for keys and values: both or none. */
function headBiases(given: Given, n: number): Pick<HeadWeights, 'biasK' | 'biasV'> {
  const [biasK, biasV] = [optional(given, 'biasK', [1, 1, n]), optional(given, 'biasV', [1, 1, n])];
  const fixed = (given.staticK ?? given.staticV ?? null) !== null;
  if ((biasK === null) !== (biasV === null) || (biasK !== null && fixed))
    throw new ArgumentError(`${OP}: expected biasK and biasV together, and without staticK and staticV`);
  return { biasK, biasV };
}

/**
 * Attention by several heads (https://github.com/pytorch/pytorch/blob/v2.13.0/torch/nn/functional.py): query [queries, batch,
 * embedDim], key and value [keys, batch, features], or these without a batch; gives the output, of query's shape, and the
 * probabilities [batch, queries, keys] or null. `nn.MultiheadAttention` has the weights of it.
 */
export function multiHeadAttentionForward(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  embedDimToCheck: number,
  numHeads: number,
  inProjWeight: Tensor | null,
  inProjBias: Tensor | null,
  biasK: Tensor | null,
  biasV: Tensor | null,
  addZeroAttn: boolean,
  dropoutP: number,
  outProjWeight: Tensor,
  outProjBias: Tensor | null,
  options?: MultiHeadAttentionOptions,
): [output: Tensor, weights: Tensor | null];
export function multiHeadAttentionForward(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: MultiHeadAttentionArguments,
): [output: Tensor, weights: Tensor | null];
export function multiHeadAttentionForward(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  ...rest: readonly unknown[]
): [output: Tensor, weights: Tensor | null] {
  const bound = bindArguments(OP, NAMES, rest);
  const given = Object.fromEntries(NAMES.map((name, i) => [name, bound[i]])) as Given;
  const n = integerArgument(OP, 'embedDimToCheck', given.embedDimToCheck);
  const heads = integerArgument(OP, 'numHeads', given.numHeads);
  if (!(n > 0 && heads > 0 && n % heads === 0))
    throw new ArgumentError(
      `${OP}: expected embedDimToCheck to be a multiple of numHeads, both above 0, got ${n} and ${heads}`,
    );
  const rate = numberArgument(OP, 'dropoutP', given.dropoutP ?? 0);
  if (!(rate >= 0 && rate <= 1))
    throw new ArgumentError(`${OP}: expected dropoutP between 0 and 1, got ${describe(rate)}`);
  const [inWeight, kdim, vdim] = projections(given, n);
  const weights: HeadWeights = {
    inWeight,
    inBias: optional(given, 'inProjBias', [3 * n]),
    ...headBiases(given, n),
    outWeight: checkWeight(OP, 'outProjWeight', given.outProjWeight as Tensor, [n, n]),
    outBias: optional(given, 'outProjBias', [n]),
  };
  const flag = (name: keyof Given, otherwise: boolean): boolean =>
    booleanArgument(OP, name, given[name], otherwise);
  return attendByHeads(OP, [query, key, value], weights, {
    embedDim: n,
    kdim,
    vdim,
    heads,
    batchFirst: false,
    addZeroAttn: flag('addZeroAttn', false),
    rate: flag('training', true) ? rate : 0,
    padding: (given.keyPaddingMask ?? null) as Tensor | null,
    mask: (given.attnMask ?? null) as Tensor | null,
    needWeights: flag('needWeights', true),
    averaged: flag('averageAttnWeights', true),
    isCausal: flag('isCausal', false),
    staticK: (given.staticK ?? null) as Tensor | null,
    staticV: (given.staticV ?? null) as Tensor | null,
  });
}
