/** Losses scaled so that small gradients do not vanish in half types. */
import { noGrad } from '../autograd';
import { cudaDeviceCount } from '../backend/cuda';
import { Op } from '../backend/ops.generated';
import { COMPUTE, Code } from '../dtype';
import { ArgumentError, DTypeError, describe } from '../errors';
import {
  bindArguments,
  booleanArgument,
  integerArgument,
  isOptions,
  numberArgument,
} from '../functional/arguments';
import { mul } from '../functional/arithmetic';
import { fullOf, launchInto } from '../functional/kernel';
import { inLaunches } from '../nn/utils/launches';
import { SCALAR_SHAPE } from '../shape';
import { Tensor, bumpVersion } from '../tensor';

/** In the order of arguments by position. */
export interface GradScalerOptions {
  /** The kind of device that the gradients are on ('cuda'). */
  device?: 'cuda' | 'cpu';
  /** The scale at first (65536). */
  initScale?: number;
  /** What the scale is multiplied by after `growthInterval` steps with finite gradients (2). */
  growthFactor?: number;
  /** What the scale is multiplied by after a step with infinite gradients or NaN (0.5). */
  backoffFactor?: number;
  growthInterval?: number;
  /** If false, nothing is scaled and steps are steps of the optimizer. */
  enabled?: boolean;
}

/** As PyTorch names it; empty of a scaler that is not enabled. */
export interface GradScalerState {
  scale?: number;
  growth_factor?: number;
  backoff_factor?: number;
  growth_interval?: number;
  _growth_tracker?: number;
}

/** What is scaled: a tensor, or tensors in arrays. */
export type Scalable = Tensor | readonly Scalable[];

/** What a scaler needs of an optimizer. */
export interface Scaled<Result = unknown> {
  readonly paramGroups: readonly { readonly params: readonly Tensor[] }[];
  step(): Result;
}

/** What happened to an optimizer since the last update. */
interface Progress {
  /** 1 where a gradient was not finite, on each device. */
  found: Tensor[];
  stepped: boolean;
}

const NAMES = ['device', 'initScale', 'growthFactor', 'backoffFactor', 'growthInterval', 'enabled'] as const;

/**
 * Scales losses, unscales gradients before a step, skips the step where they are not finite, and adapts the scale
 * (https://pytorch.org/docs/stable/amp.html#gradient-scaling).
 *
 *     scaler.scale(loss).backward();
 *     scaler.step(optimizer);
 *     scaler.update();
 */
export class GradScaler {
  private readonly enabled: boolean;
  private current: number;
  private growthFactor: number;
  private backoffFactor: number;
  private growthInterval: number;
  private tracker = 0;
  /** The scale as a tensor, on each device where it was asked for. */
  private readonly scales = new Map<number, Tensor>();
  private progress = new Map<Scaled, Progress>();
  private hasScaled = false;

  constructor(options?: GradScalerOptions);
  constructor(device: 'cuda' | 'cpu', options?: GradScalerOptions);
  constructor(
    device: 'cuda' | 'cpu',
    initScale: number,
    growthFactor?: number,
    backoffFactor?: number,
    growthInterval?: number,
    enabled?: boolean,
  );
  constructor(...given: readonly unknown[]) {
    const op = 'GradScaler';
    const bound = bindArguments(op, NAMES, given);
    const [device = 'cuda', initScale = 65536, growth = 2, backoff = 0.5, interval = 2000, enabled] = bound;
    if (device !== 'cuda' && device !== 'cpu')
      throw new ArgumentError(`${op}: expected device to be 'cuda' or 'cpu', got ${describe(device)}`);
    this.current = Math.fround(numberArgument(op, 'initScale', initScale));
    this.growthFactor = numberArgument(op, 'growthFactor', growth);
    this.backoffFactor = numberArgument(op, 'backoffFactor', backoff);
    this.growthInterval = integerArgument(op, 'growthInterval', interval);
    const wanted = booleanArgument(op, 'enabled', enabled, true);
    this.enabled = wanted && (device === 'cpu' || cudaDeviceCount() > 0);
    if (wanted && !this.enabled)
      process.emitWarning('GradScaler: no CUDA device is available, so it is not enabled', 'TenonWarning');
    if (!this.enabled) return;
    if (!(this.growthFactor > 1))
      throw new ArgumentError(`${op}: expected growthFactor to be > 1, got ${this.growthFactor}`);
    if (!(this.backoffFactor < 1))
      throw new ArgumentError(`${op}: expected backoffFactor to be < 1, got ${this.backoffFactor}`);
  }

  /** The outputs times the scale; arrays of them are arrays again. */
  scale<T extends Scalable>(outputs: T): T;
  scale(outputs: Scalable): Scalable {
    if (!this.enabled) return outputs;
    if (outputs instanceof Tensor) {
      this.hasScaled = true;
      return mul(outputs, this.scaleAt(outputs.place));
    }
    if (!Array.isArray(outputs))
      throw new ArgumentError(
        `GradScaler.scale: expected a Tensor or an array of Tensors, got ${describe(outputs)}`,
      );
    return outputs.map((output: Scalable) => this.scale(output));
  }

  /** A float32 tensor: products with it have the dtypes that PyTorch's have. */
  private scaleAt(place: number): Tensor {
    let scale = this.scales.get(place);
    if (scale === undefined)
      this.scales.set(place, (scale = fullOf(SCALAR_SHAPE, Code.float32, place, this.current)));
    return scale;
  }

  private progressOf(op: string, optimizer: Scaled): Progress | undefined {
    if (!Array.isArray((optimizer as Partial<Scaled> | null)?.paramGroups))
      throw new ArgumentError(`GradScaler.${op}: expected an optimizer, got ${describe(optimizer)}`);
    if (!this.hasScaled)
      throw new ArgumentError(`GradScaler.${op}: nothing was scaled yet: call scale() for the loss first`);
    const progress = this.progress.get(optimizer);
    if (progress?.stepped === true)
      throw new ArgumentError(`GradScaler.${op}: step() was already called since the last update()`);
    return progress;
  }

  /** Divides the gradients of an optimizer's parameters by the scale: once before each step, to clip them for instance. */
  unscale_(optimizer: Scaled): void {
    if (!this.enabled) return;
    if (this.progressOf('unscale_', optimizer) !== undefined)
      throw new ArgumentError(
        'GradScaler.unscale_: it was already called for this optimizer since the last update()',
      );
    const gradients = optimizer.paramGroups
      .flatMap((group) => group.params)
      .map((p) => p.gradient)
      .filter((g) => g !== null);
    if (gradients.some((g) => g.code === Code.float16))
      throw new DTypeError(
        'GradScaler.unscale_: gradients are float16: keep parameters as float32, so that unscaled gradients do not vanish',
      );
    const inverse = Math.fround(1 / this.current);
    const found = new Map<number, Tensor>();
    noGrad(() => {
      for (const list of inLaunches(gradients)) {
        const { code, place } = list[0]!;
        let flag = found.get(place);
        if (flag === undefined) found.set(place, (flag = fullOf(SCALAR_SHAPE, Code.float32, place, 0)));
        launchInto(Op.unscale, COMPUTE[code]!, [flag, ...list], [], [inverse]);
        for (const g of list) bumpVersion(g);
      }
    });
    this.progress.set(optimizer, { found: [...found.values()], stepped: false });
  }

  /** A step of the optimizer, unless a gradient is infinite or NaN; gradients are unscaled first, if they are not yet. */
  step<Result>(optimizer: Scaled<Result>): Result | undefined {
    if (typeof (optimizer as Partial<Scaled<Result>> | null | undefined)?.step !== 'function')
      throw new ArgumentError(`GradScaler.step: expected an optimizer, got ${describe(optimizer)}`);
    if (!this.enabled) return optimizer.step();
    let progress = this.progressOf('step', optimizer);
    if (progress === undefined) {
      this.unscale_(optimizer);
      progress = this.progress.get(optimizer)!;
    }
    if (progress.found.length === 0)
      throw new ArgumentError('GradScaler.step: the parameters of the optimizer have no gradients');
    const result = isFound(progress) ? undefined : optimizer.step();
    progress.stepped = true;
    return result;
  }

  /** Adapts the scale to what was found in gradients since the last time, or sets it. */
  update(newScale?: number | Tensor | null | { newScale?: number | Tensor | null }): void {
    if (!this.enabled) return;
    const given: unknown = isOptions(newScale)
      ? bindArguments('GradScaler.update', ['newScale'], [newScale])[0]
      : newScale;
    if (!this.hasScaled)
      throw new ArgumentError('GradScaler.update: nothing was scaled yet: call scale() for the loss first');
    if (given !== undefined && given !== null) {
      const value: unknown = given instanceof Tensor && given.count === 1 ? given.item() : given;
      this.setScale(numberArgument('GradScaler.update', 'newScale', value));
    } else this.adapt();
    this.progress = new Map();
  }

  private adapt(): void {
    const all = [...this.progress.values()];
    if (all.every((progress) => progress.found.length === 0))
      throw new ArgumentError(
        'GradScaler.update: no gradients were looked at: call step() or unscale_() first',
      );
    if (all.some(isFound)) {
      this.setScale(this.current * this.backoffFactor);
      this.tracker = 0;
    } else if (++this.tracker === this.growthInterval) {
      const grown = Math.fround(this.current * this.growthFactor);
      if (Number.isFinite(grown)) this.setScale(grown);
      this.tracker = 0;
    }
  }

  /** PyTorch keeps the scale as float32. */
  private setScale(scale: number): void {
    this.current = Math.fround(scale);
    this.scales.clear();
  }

  /** The scale; 1 if nothing is scaled. */
  getScale(): number {
    return this.enabled ? this.current : 1;
  }

  isEnabled(): boolean {
    return this.enabled;
  }

  getGrowthFactor(): number {
    return this.growthFactor;
  }
  setGrowthFactor(newFactor: number): void {
    this.growthFactor = numberArgument('GradScaler.setGrowthFactor', 'newFactor', newFactor);
  }

  getBackoffFactor(): number {
    return this.backoffFactor;
  }
  setBackoffFactor(newFactor: number): void {
    this.backoffFactor = numberArgument('GradScaler.setBackoffFactor', 'newFactor', newFactor);
  }

  getGrowthInterval(): number {
    return this.growthInterval;
  }
  setGrowthInterval(newInterval: number): void {
    this.growthInterval = integerArgument('GradScaler.setGrowthInterval', 'newInterval', newInterval);
  }

  /** The scale and what it depends on, by PyTorch's names; call it after `update()`. */
  stateDict(): GradScalerState {
    if (!this.enabled) return {};
    return {
      scale: this.current,
      growth_factor: this.growthFactor,
      backoff_factor: this.backoffFactor,
      growth_interval: this.growthInterval,
      _growth_tracker: this.tracker,
    };
  }

  /** Takes over a state dict, PyTorch's too. */
  loadStateDict(stateDict: GradScalerState): void {
    if (!this.enabled) return;
    const op = 'GradScaler.loadStateDict';
    if (!isOptions(stateDict) || Object.keys(stateDict).length === 0)
      throw new ArgumentError(
        `${op}: expected the state of a scaler that is enabled, got ${describe(stateDict)}`,
      );
    const scale = numberArgument(op, 'scale', stateDict.scale);
    const growth = numberArgument(op, 'growth_factor', stateDict.growth_factor);
    const backoff = numberArgument(op, 'backoff_factor', stateDict.backoff_factor);
    const interval = integerArgument(op, 'growth_interval', stateDict.growth_interval);
    this.tracker = integerArgument(op, '_growth_tracker', stateDict._growth_tracker);
    this.setScale(scale);
    this.growthFactor = growth;
    this.backoffFactor = backoff;
    this.growthInterval = interval;
  }
}

function isFound(progress: Progress): boolean {
  return progress.found.some((flag) => flag.item() !== 0);
}
