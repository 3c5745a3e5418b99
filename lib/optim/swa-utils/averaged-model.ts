/** A model whose parameters are averages of another's. */
import { noGrad } from '../../autograd';
import type { DeviceLike } from '../../device';
import { ArgumentError, describe } from '../../errors';
import { bindArguments, booleanArgument } from '../../functional/arguments';
import { zeros } from '../../functional/creation';
import { copyModule } from '../../nn/copy';
import { Module } from '../../nn/module';
import { Buffer } from '../../nn/parameter';
import type { Tensor } from '../../tensor';
import type { Arguments } from '../lr-scheduler/arguments';
import { getSwaAvgFn, type AvgFn, type MultiAvgFn } from './averages';

export interface AveragedModelOptions {
  device?: DeviceLike | null;
  /** How a parameter's average is brought up to date: the mean of all, if neither this nor `multiAvgFn` is given. */
  avgFn?: AvgFn | null;
  multiAvgFn?: MultiAvgFn | null;
  /** Whether buffers are averaged, too; else they are those of the model (false). */
  useBuffers?: boolean;
}

/** What is averaged of a model. */
function tensorsOf(model: Module, buffers: boolean): Tensor[] {
  return buffers ? [...model.parameters(), ...model.buffers()] : model.parameters();
}

/**
 * A copy of a model, whose parameters become averages with each `updateParameters(model)`
 * (https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html; Izmailov et al., "Averaging weights
 * leads to wider optima and better generalization", 2018). Functions get the number of averaged models as a number.
 */
export class AveragedModel<M extends Module = Module> extends Module {
  readonly module: M;
  n_averaged: Tensor;
  readonly avgFn: AvgFn | null;
  readonly multiAvgFn: MultiAvgFn | null;
  readonly useBuffers: boolean;

  constructor(
    model: M,
    ...given: Arguments<
      [device: DeviceLike | null, avgFn: AvgFn | null, multiAvgFn: MultiAvgFn | null, useBuffers: boolean],
      AveragedModelOptions
    >
  ) {
    super();
    const op = 'AveragedModel';
    if (!(model instanceof Module))
      throw new ArgumentError(`${op}: expected a Module, got ${describe(model)}`);
    const [device, avgFn = null, multiAvgFn = null, useBuffers] = bindArguments(
      op,
      ['device', 'avgFn', 'multiAvgFn', 'useBuffers'],
      given,
    );
    if (avgFn !== null && multiAvgFn !== null)
      throw new ArgumentError(`${op}: expected avgFn or multiAvgFn, got both`);
    for (const f of [avgFn, multiAvgFn])
      if (f !== null && typeof f !== 'function')
        throw new ArgumentError(`${op}: expected a function, got ${describe(f)}`);
    this.avgFn = avgFn as AvgFn | null;
    this.multiAvgFn = multiAvgFn as MultiAvgFn | null;
    this.useBuffers = booleanArgument(op, 'useBuffers', useBuffers, false);
    this.module = copyModule(model);
    this.n_averaged = Buffer(zeros([], { dtype: 'int64' }));
    if (device !== undefined && device !== null) this.to(device);
  }

  override forward(...inputs: Parameters<M['forward']>): ReturnType<M['forward']> {
    return this.module.forward(...inputs) as ReturnType<M['forward']>;
  }

  /** Takes a model's parameters into the averages. */
  updateParameters(model: Module): void {
    if (!(model instanceof Module))
      throw new ArgumentError(`updateParameters: expected a Module, got ${describe(model)}`);
    const averaged = tensorsOf(this.module, this.useBuffers).map((t) => t.detach());
    const current = tensorsOf(model, this.useBuffers).map((t, i) => {
      const t_ = t.detach();
      return averaged[i] === undefined ? t_ : t_.to(averaged[i].device);
    });
    const buffers = this.useBuffers ? [] : this.module.buffers();
    const given = this.useBuffers ? [] : model.buffers();
    if (averaged.length !== current.length || buffers.length !== given.length)
      throw new ArgumentError(
        `updateParameters: expected a model with ${averaged.length} parameters and ${buffers.length} buffers, ` +
          `got ${current.length} and ${given.length}`,
      );
    const n = Number(this.n_averaged.item());
    noGrad(() => {
      if (n === 0) averaged.forEach((t, i) => t.copy_(current[i]!));
      else this.average(averaged, current, n);
      buffers.forEach((t, i) => t.copy_(given[i]!));
      this.n_averaged.add_(1);
    });
  }

  private average(averaged: readonly Tensor[], current: readonly Tensor[], n: number): void {
    if (this.multiAvgFn !== null) {
      // As it may be made for one device and dtype.
      const kinds = new Map<string, number[]>();
      averaged.forEach((t, i) => {
        const kind = `${t.device} ${t.dtype}`;
        kinds.set(kind, [...(kinds.get(kind) ?? []), i]);
      });
      for (const places of kinds.values())
        this.multiAvgFn(
          places.map((i) => averaged[i]!),
          places.map((i) => current[i]!),
          n,
        );
      return;
    }
    const average = this.avgFn ?? getSwaAvgFn();
    averaged.forEach((t, i) => t.copy_(average(t, current[i]!, n)));
  }
}
