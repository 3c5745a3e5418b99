/** What a tensor of a module is computed from, and how. */
import { noGrad } from '../../../autograd';
import { ArgumentError, DTypeError, ShapeError, describe } from '../../../errors';
import { sameShape, showShape } from '../../../shape';
import { Tensor, checkTensor } from '../../../tensor';
import { ModuleList } from '../../container';
import type { Module } from '../../module';
import { Buffer, Parameter } from '../../parameter';

/**
 * A module that computes a tensor from another, or, if it is the first of a list, from several. `rightInverse`, where there
 * is one, gives what the tensor is computed from.
 */
export interface Parametrization extends Module {
  forward(...originals: Tensor[]): Tensor;
  rightInverse?(value: Tensor): Tensor | readonly Tensor[];
}

/** @internal Throws unless a parametrization gave a tensor that can stand for `like`. */
export function checkLike(op: string, what: string, value: unknown, like: Tensor): asserts value is Tensor {
  const hint = 'pass { unsafe: true } to change it';
  if (!(value instanceof Tensor))
    throw new ArgumentError(`${op}: expected ${what} to give a Tensor, got ${describe(value)}`);
  if (value.code !== like.code)
    throw new DTypeError(`${op}: expected ${what} to give ${like.dtype}, got ${value.dtype}; ${hint}`);
  if (!sameShape(value.shape, like.shape))
    throw new ShapeError(
      `${op}: expected ${what} to give ${showShape(like.shape)}, got ${showShape(value.shape)}; ${hint}`,
    );
}

/** A parameter or a buffer with the value given: the one there is, where it can hold that. */
function holding(t: Tensor, value: Tensor): Tensor {
  if (value === t) return t;
  // A copy: the value may be a view of the tensor.
  const made = value.detach().clone();
  if (t.code === made.code && t.place === made.place && sameShape(t.shape, made.shape))
    return noGrad(() => t.copy_(made));
  return t instanceof Parameter ? new Parameter(made, t.requiresGrad) : Buffer(made);
}

/**
 * The parametrizations of one tensor, in order, with what it is computed from: `original`, or `original0`, `original1` and
 * so on, if the first one's `rightInverse` gives an array
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.ParametrizationList.html).
 * `registerParametrization` makes it.
 */
export class ParametrizationList extends ModuleList<Parametrization> {
  /** What the tensor is computed from, if that is one. */
  declare original: Tensor;
  [originals: `original${number}`]: Tensor;
  /** Whether the tensor may have another dtype or shape than it had. */
  unsafe: boolean;
  /** How many tensors there are; null: one, which is `original`. */
  readonly count: number | null;

  constructor(modules: Iterable<Parametrization>, original: Tensor, unsafe = false) {
    super(modules);
    const op = 'registerParametrization';
    checkTensor(op, original, 'the original');
    if (this.length === 0) throw new ArgumentError(`${op}: expected at least one parametrization`);
    this.unsafe = unsafe;
    const found = this.inverted(op, original, true);
    const list = Array.isArray(found) ? (found as readonly Tensor[]) : null;
    this.count = list === null ? null : list.length;
    if (list === null && (found as Tensor).code !== original.code)
      throw new DTypeError(
        `${op}: expected rightInverse to give ${original.dtype}, got ${(found as Tensor).dtype}`,
      );
    if (!unsafe) {
      const value = noGrad(() => this.computed(list ?? [found as Tensor]));
      checkLike(op, 'the parametrization', value, original);
    }
    if (list === null) this.original = holding(original, found as Tensor);
    else
      list.forEach((t, i) => {
        const made = t.detach();
        this[`original${i}`] =
          original instanceof Parameter ? new Parameter(made, original.requiresGrad) : Buffer(made.clone());
      });
  }

  private get originals(): Tensor[] {
    return this.count === null
      ? [this.original]
      : Array.from({ length: this.count }, (_, i) => this[`original${i}`]!);
  }

  private computed(originals: readonly Tensor[]): Tensor {
    const [first, ...others] = this;
    return others.reduce((x, module) => module.forward(x), first!.forward(...originals));
  }

  /** What tensor the originals give: one, or an array for the first parametrization. */
  private inverted(op: string, value: Tensor, partly: boolean): Tensor | readonly Tensor[] {
    return noGrad(() => {
      let inverse: unknown = value;
      for (const module of [...this].reverse())
        if (typeof module.rightInverse === 'function') inverse = module.rightInverse(inverse as Tensor);
        else if (!partly) throw new ArgumentError(`${op}: ${module.constructor.name} has no rightInverse`);
      const tensors: unknown[] = Array.isArray(inverse) ? inverse : [inverse];
      for (const t of tensors)
        if (!(t instanceof Tensor))
          throw new ArgumentError(
            `${op}: expected rightInverse to give a Tensor or an array of Tensors, got ${describe(t)}`,
          );
      return inverse as Tensor | readonly Tensor[];
    });
  }

  /** The tensor, computed. */
  value(): Tensor {
    return this.computed(this.originals);
  }

  /** Gives the originals values from which the tensor becomes the one given. */
  rightInverse(value: Tensor): void {
    const op = 'rightInverse';
    if (!(value instanceof Tensor))
      throw new ArgumentError(`${op}: expected a Tensor, got ${describe(value)}`);
    const found = this.inverted(op, value, false);
    const list = Array.isArray(found) ? (found as readonly Tensor[]) : [found as Tensor];
    const { originals } = this;
    if (Array.isArray(found) !== (this.count !== null) || list.length !== originals.length)
      throw new ArgumentError(`${op}: expected ${originals.length} tensors, got ${list.length}`);
    originals.forEach((t, i) => {
      if (list[i]!.code !== t.code) throw new DTypeError(`${op}: expected ${t.dtype}, got ${list[i]!.dtype}`);
      if (!sameShape(list[i]!.shape, t.shape))
        throw new ShapeError(`${op}: expected ${showShape(t.shape)}, got ${showShape(list[i]!.shape)}`);
    });
    originals.forEach((t, i) => holding(t, list[i]!));
  }

  /** @internal What takes the tensor's place when it is no longer computed. */
  left(op: string, parametrized: boolean): Tensor {
    if (!parametrized) {
      if (this.count === null) return this.original;
      throw new ArgumentError(
        `${op}: a tensor that is computed from several can only be left parametrized; leaveParametrized is false`,
      );
    }
    const value = noGrad(() => this.value());
    if (this.count === null) return holding(this.original, value);
    const [first] = this.originals;
    return first instanceof Parameter ? new Parameter(value, first.requiresGrad) : Buffer(value);
  }
}
