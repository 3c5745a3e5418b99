import { bindArguments, booleanArgument } from '../../functional/arguments';
import { add } from '../../functional/arithmetic';
import { checkTensor, type Tensor } from '../../tensor';
import { MultiheadAttention } from '../attention/multihead';
import type { ModuleList } from '../container';
import { Dropout } from '../dropout';
import { Linear } from '../linear';
import { Module } from '../module';
import { LayerNorm } from '../normalization';
import { isCausalMask } from './causal';
import { copies, stepsOf } from './encoder';
import { activate, readLayer, type TransformerLayerOptions } from './options';

/** What a call of a decoder or of one of its layers may be given by name; masks as those of MultiheadAttention. */
export interface DecoderCall {
  tgtMask?: Tensor | null;
  memoryMask?: Tensor | null;
  tgtKeyPaddingMask?: Tensor | null;
  memoryKeyPaddingMask?: Tensor | null;
  /** That tgtMask is the causal one; a decoder finds out unless told. */
  tgtIsCausal?: boolean | null;
  /** That memoryMask is the causal one (false). */
  memoryIsCausal?: boolean;
}

const CALL = [
  'tgtMask',
  'memoryMask',
  'tgtKeyPaddingMask',
  'memoryKeyPaddingMask',
  'tgtIsCausal',
  'memoryIsCausal',
];

type Masks = (Tensor | null)[];
type Arguments = [options?: DecoderCall] | [tgtMask: Tensor | null, options?: DecoderCall] | unknown[];

/** The four masks, and what is said of two of them. */
function readCall(op: string, given: readonly unknown[]): [masks: Masks, tgt: unknown, memory: boolean] {
  const bound = bindArguments(op, CALL, given);
  const masks = bound.slice(0, 4).map((mask) => (mask ?? null) as Tensor | null);
  return [masks, bound[4] ?? null, booleanArgument(op, 'memoryIsCausal', bound[5], false)];
}

/**
 * Attention of a sequence to itself and to an encoder's output, then two linear layers, each with a residual and a
 * normalization (https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html).
 */
export class TransformerDecoderLayer extends Module {
  readonly normFirst: boolean;
  self_attn: MultiheadAttention;
  multihead_attn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  norm1: LayerNorm;
  norm2: LayerNorm;
  norm3: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  dropout3: Dropout;
  activation: ((x: Tensor) => Tensor) | Module;

  constructor(dModel: number, nhead: number, options?: TransformerLayerOptions);
  constructor(dModel: number, nhead: number, dimFeedforward: number, options?: TransformerLayerOptions);
  constructor(options: TransformerLayerOptions & { dModel: number; nhead: number });
  constructor(...given: readonly unknown[]) {
    super();
    const s = readLayer('TransformerDecoderLayer', given);
    const { bias, dropout, factory } = s;
    const attention = { dropout, bias, batchFirst: s.batchFirst, ...factory };
    const norm = { eps: s.layerNormEps, bias, ...factory };
    this.normFirst = s.normFirst;
    this.self_attn = new MultiheadAttention(s.dModel, s.nhead, attention);
    this.multihead_attn = new MultiheadAttention(s.dModel, s.nhead, attention);
    this.linear1 = new Linear(s.dModel, s.dimFeedforward, { bias, ...factory });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(s.dimFeedforward, s.dModel, { bias, ...factory });
    this.norm1 = new LayerNorm(s.dModel, norm);
    this.norm2 = new LayerNorm(s.dModel, norm);
    this.norm3 = new LayerNorm(s.dModel, norm);
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = s.activation;
  }

  override forward(tgt: Tensor, memory: Tensor, ...given: Arguments): Tensor {
    const op = 'TransformerDecoderLayer';
    checkTensor(op, tgt, 'tgt');
    checkTensor(op, memory, 'memory');
    const [masks, said, memoryIsCausal] = readCall(op, given);
    const isCausal = booleanArgument(op, 'tgtIsCausal', said ?? undefined, false);
    const own = { attnMask: masks[0], keyPaddingMask: masks[2], isCausal, needWeights: false };
    const other = {
      attnMask: masks[1],
      keyPaddingMask: masks[3],
      isCausal: memoryIsCausal,
      needWeights: false,
    };
    const attend = (x: Tensor): Tensor => this.dropout1.forward(this.self_attn.forward(x, x, x, own)[0]);
    const recall = (x: Tensor): Tensor =>
      this.dropout2.forward(this.multihead_attn.forward(x, memory, memory, other)[0]);
    if (this.normFirst) {
      const x = add(tgt, attend(this.norm1.forward(tgt)));
      const y = add(x, recall(this.norm2.forward(x)));
      return add(y, this.feed(this.norm3.forward(y)));
    }
    const x = this.norm1.forward(add(tgt, attend(tgt)));
    const y = this.norm2.forward(add(x, recall(x)));
    return this.norm3.forward(add(y, this.feed(y)));
  }

  private feed(x: Tensor): Tensor {
    const inner = activate(this.activation, this.linear1.forward(x));
    return this.dropout3.forward(this.linear2.forward(this.dropout.forward(inner)));
  }
}

/** Copies of a layer, one after the other (https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html). */
export class TransformerDecoder extends Module {
  layers: ModuleList;
  readonly numLayers: number;
  norm: Module | null;

  constructor(decoderLayer: Module, numLayers: number, norm?: Module | null | { norm?: Module | null });
  constructor(options: { decoderLayer: Module; numLayers: number; norm?: Module | null });
  constructor(...given: readonly unknown[]) {
    super();
    const names = ['decoderLayer', 'numLayers', 'norm'];
    const [layer, count, norm = null] = bindArguments('TransformerDecoder', names, given);
    this.layers = copies('TransformerDecoder', layer as Module, count);
    this.numLayers = this.layers.length;
    this.norm = norm as Module | null;
  }

  override forward(tgt: Tensor, memory: Tensor, ...given: Arguments): Tensor {
    const op = 'TransformerDecoder';
    checkTensor(op, tgt, 'tgt');
    checkTensor(op, memory, 'memory');
    const [masks, said, memoryIsCausal] = readCall(op, given);
    let x = tgt;
    if (this.layers.length > 0) {
      const first = (this.layers.at(0) as Partial<TransformerDecoderLayer>).self_attn;
      const options: DecoderCall = {
        tgtMask: masks[0],
        memoryMask: masks[1],
        tgtKeyPaddingMask: masks[2],
        memoryKeyPaddingMask: masks[3],
        tgtIsCausal: isCausalMask(masks[0]!, said as boolean | null, stepsOf(tgt, first)),
        memoryIsCausal,
      };
      for (const layer of this.layers) x = layer.forward(x, memory, options) as Tensor;
    }
    return this.norm === null ? x : (this.norm.forward(x) as Tensor);
  }
}
