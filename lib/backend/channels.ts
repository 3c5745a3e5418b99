/**
 * The events that are published through node:diagnostics_channel. Nothing is made of an event that has no subscriber.
 */
import { channel } from 'diagnostics_channel';
import type { DType } from '../dtype';

/** An operand of a launch; a number among the inputs stands for itself. */
export interface LaunchOperand {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** What `tenon:launch` publishes: a kernel is about to be launched. */
export interface LaunchMessage {
  readonly op: string;
  readonly outputs: readonly LaunchOperand[];
  readonly inputs: readonly (LaunchOperand | number)[];
}

/** What `tenon:collect` publishes: tensors that nothing refers to any more were freed. */
export interface CollectMessage {
  /** Of V8's collections: the young objects, or all. */
  readonly kind: 'minor' | 'major';
  readonly ms: number;
  /** Tensors. */
  readonly freed: number;
  readonly freedBytes: number;
}

/** What `tenon:oom` publishes: an OutOfMemoryError is about to be thrown. */
export interface OutOfMemoryMessage {
  readonly message: string;
  /** Bytes in tensors, over the whole process. */
  readonly liveBytes: number;
}

/** What `tenon:step` publishes: an optimizer has changed its parameters. */
export interface StepMessage {
  /** The name of its class. */
  readonly optimizer: string;
  /** Parameters that had a gradient. */
  readonly parameters: number;
  /** The time of the call, without its closure's. */
  readonly ms: number;
}

/** @internal */
export const launchChannel = channel('tenon:launch');
/** @internal */
export const collectChannel = channel('tenon:collect');
/** @internal */
export const outOfMemoryChannel = channel('tenon:oom');
/** @internal */
export const stepChannel = channel('tenon:step');
