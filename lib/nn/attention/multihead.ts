import { DTYPES } from '../../dtype';
import type { DeviceLike } from '../../device';
import { ArgumentError, ShapeError } from '../../errors';
import { bindArguments, booleanArgument, numberArgument } from '../../functional/arguments';
import { softmax } from '../../functional/softmax';
import { add, mul } from '../../functional/arithmetic';
import { scaledDotProductAttention } from '../../functional/attention';
import { cast } from '../../functional/cast';
import { dropout } from '../../functional/dropout';
import { cat } from '../../functional/join';
import { fullOf } from '../../functional/kernel';
import { linear, matmul } from '../../functional/matmul';
import { mean } from '../../functional/reduce';
import {
  chunk,
  expand,
  permute,
  reshape,
  splitWithSizes,
  squeeze,
  transpose,
  unsqueeze,
} from '../../functional/view';
import { showShape } from '../../shape';
import { type Tensor, checkTensor } from '../../tensor';
import { Factory, type FactoryOptions } from '../factory';
import * as init from '../init';
import { Linear, checkSize } from '../linear';
import { Module } from '../module';
import type { Parameter } from '../parameter';
import { additive, merged, type Sizes } from './masks';

/** A Linear that PyTorch's tools leave alone; its name is part of what modules print. */
class NonDynamicallyQuantizableLinear extends Linear {}

export interface MultiheadAttentionOptions extends FactoryOptions {
  /** The share of probabilities that are dropped in training (0). */
  dropout?: number;
  /** Learn additive biases of the projections (true). */
  bias?: boolean;
  /** Learn a further key and a further value (false). */
  addBiasKv?: boolean;
  /** A further key and a further value of zeros (false). */
  addZeroAttn?: boolean;
  /** Features of keys and of values; those of queries unless given. */
  kdim?: number | null;
  vdim?: number | null;
  /** Whether the batch is the first dimension, and not the second (false). */
  batchFirst?: boolean;
}

export interface AttentionCall {
  /** Keys that are hidden from all queries: [batch, keys]. */
  keyPaddingMask?: Tensor | null;
  /** Whether to return the probabilities, too (true). */
  needWeights?: boolean;
  /** [queries, keys] or [batch heads, queries, keys]: true where not to look, or what is added to scores. */
  attnMask?: Tensor | null;
  /** Whether these are averaged over heads (true). */
  averageAttnWeights?: boolean;
  /** That attnMask is the causal one. */
  isCausal?: boolean;
}

const OP = 'MultiheadAttention';
const OPTIONS = [
  'embedDim',
  'numHeads',
  'dropout',
  'bias',
  'addBiasKv',
  'addZeroAttn',
  'kdim',
  'vdim',
  'batchFirst',
  'device',
  'dtype',
];
const CALL = ['keyPaddingMask', 'needWeights', 'attnMask', 'averageAttnWeights', 'isCausal'];

type Three = [query: Tensor, key: Tensor, value: Tensor];

/**
 * Attention by several heads, with projections before and after (https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html):
 * query [queries, batch, embedDim], key [keys, batch, kdim], value [keys, batch, vdim], or these without a batch, or with
 * the batch first; gives the output, of query's shape, and the probabilities [batch, queries, keys] or null. Without
 * `needWeights` the matrix of probabilities is never made.
 */
export class MultiheadAttention extends Module {
  readonly embedDim: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly addZeroAttn: boolean;
  /** [3 embedDim, embedDim]; null where keys or values have other features than queries. */
  in_proj_weight: Parameter | null = null;
  q_proj_weight: Parameter | null = null;
  k_proj_weight: Parameter | null = null;
  v_proj_weight: Parameter | null = null;
  /** [3 embedDim] */
  in_proj_bias: Parameter | null = null;
  out_proj: Linear;
  /** [1, 1, embedDim] */
  bias_k: Parameter | null = null;
  bias_v: Parameter | null = null;

  constructor(embedDim: number, numHeads: number, options?: MultiheadAttentionOptions);
  constructor(embedDim: number, numHeads: number, dropout: number, options?: MultiheadAttentionOptions);
  constructor(options: MultiheadAttentionOptions & { embedDim: number; numHeads: number });
  constructor(...given: readonly unknown[]) {
    super();
    const [
      embedDim,
      numHeads,
      rate = 0,
      withBias,
      withBiasKv,
      zeroAttn,
      kdim,
      vdim,
      batchFirst,
      device,
      dtype,
    ] = bindArguments(OP, OPTIONS, given);
    checkSize(OP, 'embedDim', embedDim);
    checkSize(OP, 'numHeads', numHeads);
    if (embedDim === 0 || numHeads === 0 || embedDim % numHeads !== 0)
      throw new ArgumentError(
        `${OP}: expected embedDim to be a multiple of numHeads, both above 0, got ${embedDim} and ${numHeads}`,
      );
    checkSize(OP, 'kdim', kdim ?? embedDim);
    checkSize(OP, 'vdim', vdim ?? embedDim);
    this.embedDim = embedDim;
    this.kdim = (kdim ?? embedDim) as number;
    this.vdim = (vdim ?? embedDim) as number;
    this.numHeads = numHeads;
    this.headDim = embedDim / numHeads;
    this.dropout = numberArgument(OP, 'dropout', rate);
    this.batchFirst = booleanArgument(OP, 'batchFirst', batchFirst, false);
    this.addZeroAttn = booleanArgument(OP, 'addZeroAttn', zeroAttn, false);
    const bias = booleanArgument(OP, 'bias', withBias, true);
    const factory = new Factory(OP, device, dtype);
    const parameter = (...shape: number[]): Parameter => factory.parameter(shape);
    if (this.kdim === embedDim && this.vdim === embedDim) {
      this.in_proj_weight = parameter(3 * embedDim, embedDim);
    } else {
      this.q_proj_weight = parameter(embedDim, embedDim);
      this.k_proj_weight = parameter(embedDim, this.kdim);
      this.v_proj_weight = parameter(embedDim, this.vdim);
    }
    if (bias) this.in_proj_bias = parameter(3 * embedDim);
    this.out_proj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, {
      bias,
      dtype: DTYPES[factory.code]!,
      device: device as DeviceLike | undefined,
    });
    if (booleanArgument(OP, 'addBiasKv', withBiasKv, false)) {
      this.bias_k = parameter(1, 1, embedDim);
      this.bias_v = parameter(1, 1, embedDim);
    }
    this.resetParameters();
  }

  /** Weights after Glorot and Bengio, biases 0. */
  resetParameters(): void {
    for (const weight of [this.in_proj_weight, this.q_proj_weight, this.k_proj_weight, this.v_proj_weight])
      if (weight !== null) init.xavierUniform_(weight);
    if (this.in_proj_bias !== null) init.zeros_(this.in_proj_bias);
    if (this.out_proj.bias !== null) init.zeros_(this.out_proj.bias);
    if (this.bias_k !== null) init.xavierNormal_(this.bias_k);
    if (this.bias_v !== null) init.xavierNormal_(this.bias_v);
  }

  override forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    ...given: [keyPaddingMask: Tensor | null, options?: AttentionCall] | [options?: AttentionCall] | unknown[]
  ): [output: Tensor, weights: Tensor | null] {
    const [padding = null, weights, mask = null, average, causality] = bindArguments(OP, CALL, given);
    const needWeights = booleanArgument(OP, 'needWeights', weights, true);
    const averaged = booleanArgument(OP, 'averageAttnWeights', average, true);
    const isCausal = booleanArgument(OP, 'isCausal', causality, false);
    const batched = this.check(query, key, value);
    const first = batched && this.batchFirst;
    const lifted = batched ? ([query, key, value] as Three) : lift([query, key, value]);
    const [steps, batch] = first ? [1, 0] : [0, 1];
    const sizes: Sizes = {
      batch: lifted[0].shape[batch]!,
      heads: this.numHeads,
      queries: lifted[0].shape[steps]!,
      keys: lifted[1].shape[steps]!,
    };
    if (isCausal && mask === null)
      throw new ArgumentError(
        `${OP}: isCausal needs the attnMask that it tells of: Transformer.generateSquareSubsequentMask makes one`,
      );
    const hidden = additive(OP, 'keyPaddingMask', padding as Tensor | null, query.code);
    const causal = isCausal && hidden === null && !needWeights;
    const added = causal ? null : additive(OP, 'attnMask', mask as Tensor | null, query.code);

    const [q, k, v] = this.project(lifted);
    const [keys, values] = [this.extended(k, this.bias_k, steps), this.extended(v, this.bias_v, steps)];
    const more = keys.shape[steps]! - sizes.keys;
    const scores = merged(
      OP,
      added,
      hidden !== null && !batched ? unsqueeze(hidden, 0) : hidden,
      sizes,
      more,
    );
    const heads = [q, keys, values].map((t) => this.split(t, first)) as Three;
    const rate = this.training ? this.dropout : 0;
    const [mixed, p] = needWeights
      ? weighted(heads, scores, rate)
      : [scaledDotProductAttention(...heads, { attnMask: scores, dropoutP: rate, isCausal: causal }), null];
    const joined = reshape(
      first ? transpose(mixed, 1, 2) : permute(mixed, 2, 0, 1, 3),
      ...lifted[0].shape.slice(0, 2),
      this.embedDim,
    );
    const output = linear(joined, this.out_proj.weight, this.out_proj.bias);
    const seen = p === null ? null : averaged ? mean(p, 1) : p;
    if (batched) return [output, seen];
    return [squeeze(output, 1), seen === null ? null : squeeze(seen, 0)];
  }

  /** Whether there is a batch; throws for operands that don't fit. */
  private check(query: Tensor, key: Tensor, value: Tensor): boolean {
    checkTensor(OP, query, 'query');
    checkTensor(OP, key, 'key');
    checkTensor(OP, value, 'value');
    const [q, k, v] = [query.shape, key.shape, value.shape];
    const rank = q.length;
    const steps = rank === 3 && this.batchFirst ? 1 : 0;
    const fits =
      (rank === 2 || rank === 3) &&
      k.length === rank &&
      v.length === rank &&
      q[rank - 1] === this.embedDim &&
      k[rank - 1] === this.kdim &&
      v[rank - 1] === this.vdim &&
      k[steps] === v[steps] &&
      (rank === 2 || (q[1 - steps] === k[1 - steps] && q[1 - steps] === v[1 - steps]));
    if (!fits) {
      const batch = this.batchFirst ? ['batch, ', ''] : ['', 'batch, '];
      const shape = (n: string, features: number): string => `[${batch[0]}${n}, ${batch[1]}${features}]`;
      throw new ShapeError(
        `${OP}: expected query ${shape('queries', this.embedDim)}, key ${shape('keys', this.kdim)} and value ` +
          `${shape('keys', this.vdim)}, or all without a batch, got ${[q, k, v].map(showShape).join(', ')}`,
      );
    }
    return rank === 3;
  }

  /** Queries, keys and values of all heads. */
  private project([query, key, value]: Three): Three {
    const { in_proj_weight: weight, in_proj_bias: bias, embedDim: n } = this;
    if (weight === null) {
      const biases = bias === null ? [null, null, null] : chunk(bias, 3);
      return [
        linear(query, this.q_proj_weight!, biases[0]),
        linear(key, this.k_proj_weight!, biases[1]),
        linear(value, this.v_proj_weight!, biases[2]),
      ];
    }
    if (query === key && key === value) return chunk(linear(query, weight, bias), 3, -1) as Three;
    if (key !== value) {
      const weights = chunk(weight, 3);
      const biases = bias === null ? [null, null, null] : chunk(bias, 3);
      return [query, key, value].map((t, i) => linear(t, weights[i]!, biases[i])) as Three;
    }
    const weights = splitWithSizes(weight, [n, 2 * n]);
    const biases = bias === null ? [null, null] : splitWithSizes(bias, [n, 2 * n]);
    const both = chunk(linear(key, weights[1]!, biases[1]), 2, -1);
    return [linear(query, weights[0]!, biases[0]), ...both] as Three;
  }

  /** Keys or values, and those that the module has besides. */
  private extended(x: Tensor, bias: Parameter | null, steps: number): Tensor {
    const shape = x.shape.map((size, i) => (i === steps ? 1 : size));
    const parts = [x];
    if (bias !== null) parts.push(expand(bias, shape));
    if (this.addZeroAttn) parts.push(fullOf(shape, x.code, x.place, 0));
    return parts.length === 1 ? x : cat(parts, steps);
  }

  /** [batch, heads, steps, headDim] */
  private split(x: Tensor, first: boolean): Tensor {
    const heads = reshape(x, x.shape[0]!, x.shape[1]!, this.numHeads, this.headDim);
    return first ? transpose(heads, 1, 2) : permute(heads, 1, 2, 0, 3);
  }
}

/** With a batch of one, in second place; what was one tensor stays one. */
function lift([query, key, value]: Three): Three {
  const q = unsqueeze(query, 1);
  const k = key === query ? q : unsqueeze(key, 1);
  return [q, k, value === key ? k : unsqueeze(value, 1)];
}

/** Attention that keeps its probabilities. */
function weighted([q, k, v]: Three, mask: Tensor | null, rate: number): [Tensor, Tensor] {
  const products = matmul(mul(q, Math.sqrt(1 / q.shape[3]!)), transpose(k, 2, 3));
  const p = softmax(mask === null ? products : add(products, cast(mask, products.code)), -1);
  const kept = rate > 0 ? dropout(p, rate) : p;
  return [matmul(kept, v), kept];
}
