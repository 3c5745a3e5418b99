/** Attention by several heads, with projections before and after. */
import { ArgumentError, ShapeError } from '../../errors';
import { showShape, sameShape, type Shape } from '../../shape';
import { type Tensor, checkTensor } from '../../tensor';
import { add, mul } from '../arithmetic';
import { cast } from '../cast';
import { dropout } from '../dropout';
import { cat } from '../join';
import { fullOf } from '../kernel';
import { linear, matmul } from '../matmul';
import { mean } from '../reduce';
import { softmax } from '../softmax';
import { chunk, expand, permute, reshape, splitWithSizes, squeeze, transpose, unsqueeze } from '../view';
import { additive, merged } from './masks';
import { scaledDotProductAttention } from '.';

export type Three = [query: Tensor, key: Tensor, value: Tensor];

/** What heads learn. */
export interface HeadWeights {
  /** Of query, key and value in one, [3 embedDim, embedDim], or one for each. */
  readonly inWeight: Tensor | Three;
  readonly inBias: Tensor | null;
  /** A further key and a further value, [1, 1, embedDim]. */
  readonly biasK: Tensor | null;
  readonly biasV: Tensor | null;
  readonly outWeight: Tensor;
  readonly outBias: Tensor | null;
}

export interface HeadsCall {
  readonly embedDim: number;
  /** Features of keys and of values. */
  readonly kdim: number;
  readonly vdim: number;
  readonly heads: number;
  readonly batchFirst: boolean;
  /** A further key and a further value of zeros. */
  readonly addZeroAttn: boolean;
  /** The share of probabilities that are dropped. */
  readonly rate: number;
  readonly padding: Tensor | null;
  readonly mask: Tensor | null;
  readonly needWeights: boolean;
  readonly averaged: boolean;
  readonly isCausal: boolean;
  /** In place of what the projections give: [batch heads, keys, headDim]. */
  readonly staticK: Tensor | null;
  readonly staticV: Tensor | null;
}

/** The output and, if they are wanted, the probabilities. */
export function attendByHeads(
  op: string,
  given: Three,
  weights: HeadWeights,
  call: HeadsCall,
): [output: Tensor, probabilities: Tensor | null] {
  const batched = isBatched(op, given, call);
  const { embedDim, heads, needWeights, rate } = call;
  const first = batched && call.batchFirst;
  const lifted = batched ? given : lift(given);
  const [steps, batch] = first ? [1, 0] : [0, 1];
  const rows = lifted[0].shape[batch]!;
  const isCausal = call.isCausal;
  if (isCausal && call.mask === null)
    throw new ArgumentError(
      `${op}: isCausal needs the attnMask that it tells of: Transformer.generateSquareSubsequentMask makes one`,
    );
  const { code } = given[0];
  const hidden = additive(op, 'keyPaddingMask', call.padding, code);
  const causal = isCausal && hidden === null && !needWeights;
  const added = causal ? null : additive(op, 'attnMask', call.mask, code);

  const [q, ...pair] = project(lifted, weights, embedDim);
  const more = [weights.biasK, weights.biasV].map((bias, i) => withBias(pair[i]!, bias, steps));
  const byHead = (t: Tensor): Tensor => {
    const split = reshape(t, t.shape[0]!, t.shape[1]!, heads, embedDim / heads);
    return first ? transpose(split, 1, 2) : permute(split, 1, 2, 0, 3);
  };
  const fixed = [call.staticK, call.staticV].map((t, i) =>
    t === null
      ? byHead(more[i]!)
      : ofHeads(op, i === 0 ? 'staticK' : 'staticV', t, rows, heads, embedDim / heads),
  );
  const [k, v] = fixed.map((t) => (call.addZeroAttn ? withZero(t) : t)) as [Tensor, Tensor];
  if (k.shape[2] !== v.shape[2])
    throw new ShapeError(`${op}: expected as many keys as values, got ${k.shape[2]} and ${v.shape[2]}`);
  const extra = (weights.biasK === null ? 0 : 1) + (call.addZeroAttn ? 1 : 0);
  const scores = merged(
    op,
    added,
    hidden !== null && !batched ? unsqueeze(hidden, 0) : hidden,
    { batch: rows, heads, queries: lifted[0].shape[steps]!, keys: k.shape[2]! - extra },
    extra,
  );
  const operands: Three = [byHead(q), k, v];
  const [mixed, p] = needWeights
    ? weighted(operands, scores, rate)
    : [scaledDotProductAttention(...operands, { attnMask: scores, dropoutP: rate, isCausal: causal }), null];
  const joined = reshape(
    first ? transpose(mixed, 1, 2) : permute(mixed, 2, 0, 1, 3),
    ...lifted[0].shape.slice(0, 2),
    embedDim,
  );
  const output = linear(joined, weights.outWeight, weights.outBias);
  const seen = p === null ? null : call.averaged ? mean(p, 1) : p;
  if (batched) return [output, seen];
  return [squeeze(output, 1), seen === null ? null : squeeze(seen, 0)];
}

/** Whether there is a batch; throws for operands that don't fit. */
function isBatched(op: string, [query, key, value]: Three, call: HeadsCall): boolean {
  checkTensor(op, query, 'query');
  checkTensor(op, key, 'key');
  checkTensor(op, value, 'value');
  const { embedDim, kdim, vdim, batchFirst } = call;
  const [q, k, v] = [query.shape, key.shape, value.shape];
  const rank = q.length;
  const steps = rank === 3 && batchFirst ? 1 : 0;
  const fits =
    (rank === 2 || rank === 3) &&
    k.length === rank &&
    v.length === rank &&
    q[rank - 1] === embedDim &&
    k[rank - 1] === kdim &&
    v[rank - 1] === vdim &&
    k[steps] === v[steps] &&
    (rank === 2 || (q[1 - steps] === k[1 - steps] && q[1 - steps] === v[1 - steps]));
  if (!fits) {
    const batch = batchFirst ? ['batch, ', ''] : ['', 'batch, '];
    const shape = (n: string, features: number): string => `[${batch[0]}${n}, ${batch[1]}${features}]`;
    throw new ShapeError(
      `${op}: expected query ${shape('queries', embedDim)}, key ${shape('keys', kdim)} and value ` +
        `${shape('keys', vdim)}, or all without a batch, got ${[q, k, v].map(showShape).join(', ')}`,
    );
  }
  return rank === 3;
}

/** With a batch of one, in second place; what was one tensor stays one. */
function lift([query, key, value]: Three): Three {
  const q = unsqueeze(query, 1);
  const k = key === query ? q : unsqueeze(key, 1);
  return [q, k, value === key ? k : unsqueeze(value, 1)];
}

/** Queries, keys and values of all heads. */
function project([query, key, value]: Three, { inWeight, inBias }: HeadWeights, n: number): Three {
  const thirds = (): (Tensor | null)[] => (inBias === null ? [null, null, null] : chunk(inBias, 3));
  if (Array.isArray(inWeight)) {
    const biases = thirds();
    return [query, key, value].map((t, i) => linear(t, inWeight[i]!, biases[i])) as Three;
  }
  if (query === key && key === value) return chunk(linear(query, inWeight, inBias), 3, -1) as Three;
  if (key !== value) {
    const [parts, biases] = [chunk(inWeight, 3), thirds()];
    return [query, key, value].map((t, i) => linear(t, parts[i]!, biases[i])) as Three;
  }
  const parts = splitWithSizes(inWeight, [n, 2 * n]);
  const biases = inBias === null ? [null, null] : splitWithSizes(inBias, [n, 2 * n]);
  const both = chunk(linear(key, parts[1]!, biases[1]), 2, -1);
  return [linear(query, parts[0]!, biases[0]), ...both] as Three;
}

/** Keys or values, and the one that is learnt. */
function withBias(x: Tensor, bias: Tensor | null, steps: number): Tensor {
  if (bias === null) return x;
  const shape = x.shape.map((size, i) => (i === steps ? 1 : size));
  return cat([x, expand(bias, shape)], steps);
}

/** Keys or values by head, and one of zeros. */
function withZero(x: Tensor): Tensor {
  const [batch, heads, , size] = x.shape as [number, number, number, number];
  return cat([x, fullOf([batch, heads, 1, size], x.code, x.place, 0)], 2);
}

/** [batch, heads, keys, headDim] of [batch heads, keys, headDim]. */
function ofHeads(op: string, name: string, t: Tensor, batch: number, heads: number, size: number): Tensor {
  checkTensor(op, t, name);
  if (t.shape.length !== 3 || t.shape[0] !== batch * heads || t.shape[2] !== size)
    throw new ShapeError(
      `${op}: expected ${name} [${batch * heads}, keys, ${size}], got ${showShape(t.shape)}`,
    );
  return reshape(t, batch, heads, t.shape[1]!, size);
}

/** Attention that keeps its probabilities. */
function weighted([q, k, v]: Three, mask: Tensor | null, rate: number): [Tensor, Tensor] {
  const products = matmul(mul(q, Math.sqrt(1 / q.shape[3]!)), transpose(k, 2, 3));
  const p = softmax(mask === null ? products : add(products, cast(mask, products.code)), -1);
  const kept = rate > 0 ? dropout(p, rate) : p;
  return [matmul(kept, v), kept];
}

/** @internal Throws unless a weight that is there has the shape. */
export function checkWeight(op: string, name: string, t: Tensor, shape: Shape): Tensor {
  checkTensor(op, t, name);
  if (!sameShape(t.shape, shape))
    throw new ShapeError(`${op}: expected ${name} of shape ${showShape(shape)}, got ${showShape(t.shape)}`);
  return t;
}
