/** What the layers of a Transformer have in common. */
import type { DType } from '../../dtype';
import type { DeviceLike } from '../../device';
import { ArgumentError, describe } from '../../errors';
import { gelu } from '../../functional/activations';
import { bindArguments, booleanArgument, numberArgument } from '../../functional/arguments';
import { relu } from '../../functional/elementary';
import type { Tensor } from '../../tensor';
import type { FactoryOptions } from '../factory';
import { checkSize } from '../linear';
import { Module } from '../module';

export type TransformerActivation = 'relu' | 'gelu' | ((x: Tensor) => Tensor) | Module;

export interface TransformerLayerOptions extends FactoryOptions {
  /** Features between the two linear layers (2048). */
  dimFeedforward?: number;
  /** The share that is dropped in training (0.1). */
  dropout?: number;
  /** Between the two linear layers ('relu'). */
  activation?: TransformerActivation;
  layerNormEps?: number;
  /** Whether the batch is the first dimension, and not the second (false). */
  batchFirst?: boolean;
  /** Whether to normalize before attention and linear layers, and not after them (false). */
  normFirst?: boolean;
  /** Whether linear and normalizing layers learn additive biases (true). */
  bias?: boolean;
}

const NAMES = [
  'dModel',
  'nhead',
  'dimFeedforward',
  'dropout',
  'activation',
  'layerNormEps',
  'batchFirst',
  'normFirst',
  'bias',
  'device',
  'dtype',
];

/** The options of a layer, read and checked. */
export interface LayerSettings {
  readonly dModel: number;
  readonly nhead: number;
  readonly dimFeedforward: number;
  readonly dropout: number;
  readonly activation: ((x: Tensor) => Tensor) | Module;
  readonly layerNormEps: number;
  readonly batchFirst: boolean;
  readonly normFirst: boolean;
  readonly bias: boolean;
  readonly factory: FactoryOptions;
}

/** @internal Only what was given: where tensors are made. */
export function factoryOf(device: unknown, dtype: unknown): FactoryOptions {
  const factory: FactoryOptions = {};
  if (device !== undefined && device !== null) factory.device = device as DeviceLike;
  if (dtype !== undefined && dtype !== null) factory.dtype = dtype as DType;
  return factory;
}

function activationOf(op: string, value: unknown): ((x: Tensor) => Tensor) | Module {
  if (value === 'relu') return relu;
  if (value === 'gelu') return (x) => gelu(x);
  if (value instanceof Module || typeof value === 'function') return value as (x: Tensor) => Tensor;
  throw new ArgumentError(
    `${op}: expected activation to be 'relu', 'gelu', a function or a module, got ${describe(value)}`,
  );
}

export function readLayer(op: string, given: readonly unknown[]): LayerSettings {
  const [dModel, nhead, width = 2048, dropout = 0.1, activation = 'relu', eps = 1e-5, ...rest] =
    bindArguments(op, NAMES, given);
  const [batchFirst, normFirst, bias, device, dtype] = rest;
  checkSize(op, 'dModel', dModel);
  checkSize(op, 'nhead', nhead);
  checkSize(op, 'dimFeedforward', width);
  return {
    dModel,
    nhead,
    dimFeedforward: width,
    dropout: numberArgument(op, 'dropout', dropout),
    activation: activationOf(op, activation),
    layerNormEps: numberArgument(op, 'layerNormEps', eps),
    batchFirst: booleanArgument(op, 'batchFirst', batchFirst, false),
    normFirst: booleanArgument(op, 'normFirst', normFirst, false),
    bias: booleanArgument(op, 'bias', bias, true),
    factory: factoryOf(device, dtype),
  };
}

/** Calls an activation of either kind. */
export function activate(activation: ((x: Tensor) => Tensor) | Module, x: Tensor): Tensor {
  return activation instanceof Module ? (activation.forward(x) as Tensor) : activation(x);
}
