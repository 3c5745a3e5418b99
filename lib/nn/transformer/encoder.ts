import { booleanArgument, bindArguments } from '../../functional/arguments';
import { add } from '../../functional/arithmetic';
import { ArgumentError, describe } from '../../errors';
import { checkTensor, type Tensor } from '../../tensor';
import { MultiheadAttention } from '../attention/multihead';
import { copyModule } from '../copy';
import { ModuleList } from '../container';
import { layersArgument } from '../counts';
import { Dropout } from '../dropout';
import { Linear } from '../linear';
import { Module } from '../module';
import { LayerNorm } from '../normalization';
import { isCausalMask } from './causal';
import { activate, readLayer, type TransformerLayerOptions } from './options';

/** What a call of an encoder's layer may be given by name. */
export interface EncoderLayerCall {
  /** [steps, steps] or [batch heads, steps, steps]: true where not to look, or what is added to scores. */
  srcMask?: Tensor | null;
  /** Steps that are hidden from all are true: [batch, steps]. */
  srcKeyPaddingMask?: Tensor | null;
  /** That the mask is the causal one (false). */
  isCausal?: boolean;
}

/**
 * Attention of a sequence to itself, then two linear layers, each with a residual and a normalization
 * (https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html): [steps, batch, dModel] or, with
 * `batchFirst`, [batch, steps, dModel], or without a batch.
 */
export class TransformerEncoderLayer extends Module {
  readonly normFirst: boolean;
  self_attn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  norm1: LayerNorm;
  norm2: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  activation: ((x: Tensor) => Tensor) | Module;

  constructor(dModel: number, nhead: number, options?: TransformerLayerOptions);
  constructor(dModel: number, nhead: number, dimFeedforward: number, options?: TransformerLayerOptions);
  constructor(options: TransformerLayerOptions & { dModel: number; nhead: number });
  constructor(...given: readonly unknown[]) {
    super();
    const s = readLayer('TransformerEncoderLayer', given);
    const { bias, dropout } = s;
    this.normFirst = s.normFirst;
    this.self_attn = new MultiheadAttention(s.dModel, s.nhead, {
      dropout,
      bias,
      batchFirst: s.batchFirst,
      ...s.factory,
    });
    this.linear1 = new Linear(s.dModel, s.dimFeedforward, { bias, ...s.factory });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(s.dimFeedforward, s.dModel, { bias, ...s.factory });
    this.norm1 = new LayerNorm(s.dModel, { eps: s.layerNormEps, bias, ...s.factory });
    this.norm2 = new LayerNorm(s.dModel, { eps: s.layerNormEps, bias, ...s.factory });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = s.activation;
  }

  override forward(
    src: Tensor,
    ...given: [options?: EncoderLayerCall] | [srcMask: Tensor | null, options?: EncoderLayerCall] | unknown[]
  ): Tensor {
    const op = 'TransformerEncoderLayer';
    checkTensor(op, src, 'src');
    const [attnMask = null, keyPaddingMask = null, causal] = bindArguments(
      op,
      ['srcMask', 'srcKeyPaddingMask', 'isCausal'],
      given,
    ) as [Tensor | null | undefined, Tensor | null | undefined, unknown];
    const isCausal = booleanArgument(op, 'isCausal', causal, false);
    const attend = (x: Tensor): Tensor => {
      const options = { attnMask, keyPaddingMask, isCausal, needWeights: false };
      return this.dropout1.forward(this.self_attn.forward(x, x, x, options)[0]);
    };
    if (this.normFirst) {
      const x = add(src, attend(this.norm1.forward(src)));
      return add(x, this.feed(this.norm2.forward(x)));
    }
    const x = this.norm1.forward(add(src, attend(src)));
    return this.norm2.forward(add(x, this.feed(x)));
  }

  private feed(x: Tensor): Tensor {
    const inner = activate(this.activation, this.linear1.forward(x));
    return this.dropout2.forward(this.linear2.forward(this.dropout.forward(inner)));
  }
}

/** @internal So many copies of a layer. */
export function copies<M extends Module>(op: string, layer: M, count: unknown): ModuleList<M> {
  if (!(layer instanceof Module))
    throw new ArgumentError(`${op}: expected a layer to be a Module, got ${describe(layer)}`);
  const length = layersArgument(op, 'numLayers', count, 0);
  return new ModuleList(Array.from({ length }, () => copyModule(layer)));
}

/** @internal How many steps a sequence has, in the layout of an attention. */
export function stepsOf(x: Tensor, attention: unknown): number {
  const first = x.shape.length === 3 && attention instanceof MultiheadAttention && attention.batchFirst;
  return x.shape[first ? 1 : 0] ?? 0;
}

/** What a call of an encoder may be given by name. */
export interface EncoderCall {
  mask?: Tensor | null;
  srcKeyPaddingMask?: Tensor | null;
  /** That the mask is the causal one; found out unless given. */
  isCausal?: boolean | null;
}

export interface EncoderOptions {
  /** A module for the last layer's output. */
  norm?: Module | null;
  /** Taken for the sake of PyTorch's programs; without effect. */
  enableNestedTensor?: boolean;
  maskCheck?: boolean;
}

/** Copies of a layer, one after the other (https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html). */
export class TransformerEncoder extends Module {
  layers: ModuleList;
  readonly numLayers: number;
  norm: Module | null;

  constructor(encoderLayer: Module, numLayers: number, options?: EncoderOptions);
  constructor(encoderLayer: Module, numLayers: number, norm: Module | null, options?: EncoderOptions);
  constructor(options: EncoderOptions & { encoderLayer: Module; numLayers: number });
  constructor(...given: readonly unknown[]) {
    super();
    const names = ['encoderLayer', 'numLayers', 'norm', 'enableNestedTensor', 'maskCheck'];
    const [layer, count, norm = null] = bindArguments('TransformerEncoder', names, given);
    this.layers = copies('TransformerEncoder', layer as Module, count);
    this.numLayers = this.layers.length;
    this.norm = norm as Module | null;
  }

  override forward(
    src: Tensor,
    ...given: [options?: EncoderCall] | [mask: Tensor | null, options?: EncoderCall] | unknown[]
  ): Tensor {
    const op = 'TransformerEncoder';
    checkTensor(op, src, 'src');
    const names = ['mask', 'srcKeyPaddingMask', 'isCausal'];
    const [srcMask = null, srcKeyPaddingMask = null, said = null] = bindArguments(op, names, given) as [
      Tensor | null | undefined,
      Tensor | null | undefined,
      boolean | null | undefined,
    ];
    if (this.layers.length === 0) return this.norm === null ? src : (this.norm.forward(src) as Tensor);
    const first = (this.layers.at(0) as Partial<TransformerEncoderLayer>).self_attn;
    const isCausal = isCausalMask(srcMask, said, stepsOf(src, first));
    let x = src;
    for (const layer of this.layers) x = layer.forward(x, { srcMask, srcKeyPaddingMask, isCausal }) as Tensor;
    return this.norm === null ? x : (this.norm.forward(x) as Tensor);
  }
}
