import { DTYPES } from '../../dtype';
import type { DeviceLike } from '../../device';
import { ArgumentError } from '../../errors';
import { bindArguments, booleanArgument, numberArgument } from '../../functional/arguments';
import { attendByHeads, type Three } from '../../functional/attention/heads';
import type { Tensor } from '../../tensor';
import { Factory, type FactoryOptions } from '../factory';
import * as init from '../init';
import { Linear, checkSize } from '../linear';
import { Module } from '../module';
import type { Parameter } from '../parameter';

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
    const separate = [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight] as unknown as Three;
    return attendByHeads(
      OP,
      [query, key, value],
      {
        inWeight: this.in_proj_weight ?? separate,
        inBias: this.in_proj_bias,
        biasK: this.bias_k,
        biasV: this.bias_v,
        outWeight: this.out_proj.weight,
        outBias: this.out_proj.bias,
      },
      {
        embedDim: this.embedDim,
        kdim: this.kdim,
        vdim: this.vdim,
        heads: this.numHeads,
        batchFirst: this.batchFirst,
        addZeroAttn: this.addZeroAttn,
        rate: this.training ? this.dropout : 0,
        padding: padding as Tensor | null,
        mask: mask as Tensor | null,
        needWeights,
        averaged,
        isCausal,
        staticK: null,
        staticV: null,
      },
    );
  }
}
