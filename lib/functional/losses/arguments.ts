/** What losses are given: operands, and options behind them. */
import { isFloatingCode, promoteCodes } from '../../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../../errors';
import { broadcastShapes, sameShape, showShape } from '../../shape';
import { Tensor, checkTensor, cudaInUse } from '../../tensor';
import { bindArguments, isOptions } from '../arguments';
import { cast } from '../cast';
import { gathered } from '../devices';
import { expand } from '../view';
import type { Reduction } from './reduction';

export interface Reduced {
  /** 'mean' unless it is said. */
  reduction?: Reduction | null;
}
export interface Weighted extends Reduced {
  /** A factor for each loss. */
  weight?: Tensor | null;
}

/** Options by name, some of them (each may be left out) by position before those. */
export type LossArguments<Options, Positions extends readonly unknown[] = [weight: Tensor | null]> =
  | [options?: Options]
  | (Positions extends readonly [infer First, ...infer Rest]
      ? [first: First | undefined, ...rest: LossArguments<Options, Rest>]
      : never);

/** @internal The options; the first `positions` of `names` may be given by position. Null is as good as absent. */
export function lossOptions<Options extends object>(
  op: string,
  names: readonly (keyof Options & string)[],
  given: readonly unknown[],
  positions = 0,
): Options {
  if (given.length === 0) return {} as Options;
  const count = isOptions(given[given.length - 1]) ? given.length - 1 : given.length;
  if (count > positions && given[positions] !== undefined)
    throw new ArgumentError(`${op}: expected an object of options, got ${describe(given[positions])}`);
  const bound = bindArguments(op, names, count > positions ? given.slice(0, positions) : given);
  const options: Record<string, unknown> = {};
  names.forEach((name, i) => {
    if (bound[i] !== undefined && bound[i] !== null) options[name] = bound[i];
  });
  return options as Options;
}

/** @internal Tensors on one device; weights may be null. */
export function operands<T extends (Tensor | null)[]>(op: string, names: readonly string[], ...given: T): T {
  given.forEach((t, i) => {
    if (t !== null || !/weight$/i.test(names[i]!)) checkTensor(op, t, names[i]);
  });
  return cudaInUse ? gathered(op, ...given) : given;
}

/** @internal */
export const PAIR = ['input', 'target', 'weight', 'posWeight'] as const;

/** @internal */
export function checkSameShape(op: string, x: Tensor, target: Tensor): void {
  if (!sameShape(x.shape, target.shape))
    throw new ShapeError(
      `${op}: expected a target of the input's shape ${showShape(x.shape)}, got ${showShape(target.shape)}`,
    );
}

/** @internal Whether a loss can do with the two as they are: a short way for what training loops repeat. */
export function areReady(x: unknown, target: unknown): boolean {
  return (
    x instanceof Tensor &&
    target instanceof Tensor &&
    x.code === target.code &&
    x.place === target.place &&
    isFloatingCode(x.code) &&
    sameShape(x.shape, target.shape)
  );
}

/** @internal Both in the shape they broadcast to. */
export function broadcast(op: string, x: Tensor, target: Tensor): [Tensor, Tensor] {
  if (sameShape(x.shape, target.shape)) return [x, target];
  const shape = broadcastShapes(op, x.shape, target.shape);
  return [expand(x, shape), expand(target, shape)];
}

/** @internal Both in the floating dtype that they promote to. */
export function promote(op: string, x: Tensor, target: Tensor): [Tensor, Tensor] {
  if (x.code === target.code && isFloatingCode(x.code)) return [x, target];
  const code = promoteCodes(x.code, target.code);
  if (!isFloatingCode(code))
    throw new DTypeError(`${op}: expected floating point, got ${x.dtype} and ${target.dtype}`);
  return [cast(x, code), cast(target, code)];
}

/** @internal */
export function checkFloating(op: string, x: Tensor, name = 'input'): void {
  if (!isFloatingCode(x.code))
    throw new DTypeError(`${op}: expected a floating-point ${name}, got ${x.dtype}`);
}
