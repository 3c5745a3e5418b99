import { ShapeError } from '../../errors';
import { bindArguments, booleanArgument } from '../../functional/arguments';
import { showShape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import * as init from '../init';
import { layersArgument } from '../counts';
import { checkSize } from '../linear';
import { Module } from '../module';
import { LayerNorm } from '../normalization';
import { squareSubsequentMask, type SubsequentMaskOptions } from './causal';
import { TransformerDecoder, TransformerDecoderLayer, type DecoderCall } from './decoder';
import { TransformerEncoder, TransformerEncoderLayer } from './encoder';
import { factoryOf, type TransformerLayerOptions } from './options';

export interface TransformerOptions extends TransformerLayerOptions {
  /** Features of a step (512). */
  dModel?: number;
  /** Heads of each attention (8). */
  nhead?: number;
  numEncoderLayers?: number;
  numDecoderLayers?: number;
  /** In place of the encoder and the decoder that would be made. */
  customEncoder?: Module | null;
  customDecoder?: Module | null;
}

export interface TransformerCall extends DecoderCall {
  srcMask?: Tensor | null;
  srcKeyPaddingMask?: Tensor | null;
  srcIsCausal?: boolean | null;
}

const NAMES = [
  'dModel',
  'nhead',
  'numEncoderLayers',
  'numDecoderLayers',
  'dimFeedforward',
  'dropout',
  'activation',
  'customEncoder',
  'customDecoder',
  'layerNormEps',
  'batchFirst',
  'normFirst',
  'bias',
  'device',
  'dtype',
];
const CALL = [
  'srcMask',
  'tgtMask',
  'memoryMask',
  'srcKeyPaddingMask',
  'tgtKeyPaddingMask',
  'memoryKeyPaddingMask',
  'srcIsCausal',
  'tgtIsCausal',
  'memoryIsCausal',
];

/**
 * An encoder and a decoder that attends to its output (https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html):
 * src [steps, batch, dModel] and tgt [steps, batch, dModel], or with the batch first, or without one; gives tgt's shape.
 */
export class Transformer extends Module {
  encoder: Module;
  decoder: Module;
  readonly dModel: number;
  readonly nhead: number;
  readonly batchFirst: boolean;

  constructor(options?: TransformerOptions);
  constructor(dModel: number, options?: TransformerOptions);
  constructor(dModel: number, nhead: number, options?: TransformerOptions);
  constructor(
    dModel: number,
    nhead: number,
    numEncoderLayers: number,
    numDecoderLayers: number,
    options?: TransformerOptions,
  );
  constructor(...given: readonly unknown[]) {
    super();
    const [dModel = 512, nhead = 8, encoders = 6, decoders = 6, ...rest] = bindArguments(
      'Transformer',
      NAMES,
      given,
    );
    const [dimFeedforward, dropout, activation, encoder, decoder, eps = 1e-5, batchFirst, ...more] = rest;
    const [normFirst, bias, device, dtype] = more;
    checkSize('Transformer', 'dModel', dModel);
    checkSize('Transformer', 'nhead', nhead);
    const encoderLayers = layersArgument('Transformer', 'numEncoderLayers', encoders, 0);
    const decoderLayers = layersArgument('Transformer', 'numDecoderLayers', decoders, 0);
    const factory = factoryOf(device, dtype);
    const options = {
      dimFeedforward,
      dropout,
      activation,
      layerNormEps: eps,
      batchFirst,
      normFirst,
      bias,
      ...factory,
    } as TransformerLayerOptions;
    const norm = (): LayerNorm =>
      new LayerNorm(dModel, {
        eps: eps as number,
        bias: booleanArgument('Transformer', 'bias', bias, true),
        ...factory,
      });
    this.encoder =
      (encoder as Module | null | undefined) ??
      new TransformerEncoder(new TransformerEncoderLayer(dModel, nhead, options), encoderLayers, norm());
    this.decoder =
      (decoder as Module | null | undefined) ??
      new TransformerDecoder(new TransformerDecoderLayer(dModel, nhead, options), decoderLayers, norm());
    this.dModel = dModel;
    this.nhead = nhead;
    this.batchFirst = booleanArgument('Transformer', 'batchFirst', batchFirst, false);
    this.resetParameters();
  }

  /** Weights after Glorot and Bengio. */
  resetParameters(): void {
    for (const p of this.parameters()) if (p.shape.length > 1) init.xavierUniform_(p);
  }

  /** What hides later steps from earlier ones: [sz, sz], -infinity above the diagonal. */
  static generateSquareSubsequentMask(sz: number, options?: SubsequentMaskOptions): Tensor {
    return options === undefined ? squareSubsequentMask(sz) : squareSubsequentMask(sz, options);
  }

  override forward(
    src: Tensor,
    tgt: Tensor,
    ...given: [options?: TransformerCall] | [srcMask: Tensor | null, options?: TransformerCall] | unknown[]
  ): Tensor {
    const op = 'Transformer';
    checkTensor(op, src, 'src');
    checkTensor(op, tgt, 'tgt');
    const bound = bindArguments(op, CALL, given);
    const [srcMask, tgtMask, memoryMask, srcKeyPaddingMask, tgtKeyPaddingMask, memoryKeyPaddingMask] = bound;
    const [srcIsCausal, tgtIsCausal, memoryIsCausal] = bound.slice(6);
    const rank = src.shape.length;
    const batch = this.batchFirst ? 0 : 1;
    const fits =
      tgt.shape.length === rank &&
      src.shape[rank - 1] === this.dModel &&
      tgt.shape[rank - 1] === this.dModel &&
      (rank === 2 || (rank === 3 && src.shape[batch] === tgt.shape[batch]));
    if (!fits)
      throw new ShapeError(
        `${op}: expected src and tgt of one batch and of ${this.dModel} features, got ${showShape(src.shape)} and ${showShape(tgt.shape)}`,
      );
    const memory = this.encoder.forward(src, {
      mask: srcMask,
      srcKeyPaddingMask,
      isCausal: srcIsCausal,
    }) as Tensor;
    return this.decoder.forward(tgt, memory, {
      tgtMask,
      memoryMask,
      tgtKeyPaddingMask,
      memoryKeyPaddingMask,
      tgtIsCausal,
      memoryIsCausal,
    }) as Tensor;
  }
}
