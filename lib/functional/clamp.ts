/** clamp and its kin: bounds that are numbers, or tensors that broadcast. */
import { Op } from '../backend/ops.generated';
import { withGradMode } from '../autograd/mode';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record, requiresGrad, type GradRule } from '../autograd/node';
import { COMPUTE, Code, Standing, resultCode } from '../dtype';
import { ArgumentError, DTypeError, describe } from '../errors';
import { Tensor, checkTensor, cudaInUse } from '../tensor';
import { named } from './arguments';
import { item } from './convert';
import { ge, gt, le, logicalAnd, logicalOr, lt } from './compare';
import { brought, together } from './devices';
import { fullOf, launch, launchInto, zerosOf } from './kernel';
import { asItWas, checkFits, checkResultFits } from './kinds';
import { elementValue, numberCode, numberValue } from './number';
import { maximum, minimum } from './pointwise';
import { converted, where } from './where';

/** A bound: null or undefined for none. */
export type Bound = number | bigint | boolean | Tensor | null | undefined;
type Numbers = readonly [min: number, max: number];

interface Bounds {
  min?: Bound;
  max?: Bound;
}

/** PyTorch's names for the nodes. */
type Kin = 'Clamp' | 'ClampMin' | 'ClampMax';

// A bound of NaN is none: where one was asked for, everything is NaN already.
const numberRule = (name: Kin): GradRule<Numbers> =>
  defineGradient<Numbers>(name, (grad, node, [min, max]) => {
    const x = node.input(0);
    const above = Number.isNaN(min) ? null : ge(x, min);
    const below = Number.isNaN(max) ? null : le(x, max);
    const inside = above === null ? below : below === null ? above : logicalAnd(above, below);
    return [inside === null ? zerosOf(grad) : where(inside, grad, 0)];
  });

const tensorRule = (name: Kin): GradRule<null> =>
  defineGradient(name, (grad, node) => {
    const [x, min, max] = [node.input(0), node.optional(1), node.optional(2)];
    const above = min === null ? null : ge(x, min);
    const below = max === null ? null : le(x, max);
    const inside = above === null ? below! : below === null ? above : logicalAnd(above, below);
    const under = min === null ? null : max === null ? lt(x, min) : logicalAnd(lt(x, min), lt(min, max));
    const over = max === null ? null : min === null ? gt(x, max) : logicalOr(gt(x, max), lt(max, min));
    return [inside, under, over].map((part, i) =>
      part !== null && node.needs(i) ? where(part, grad, 0) : null,
    );
  });

interface Rules {
  readonly numbers: GradRule<Numbers>;
  readonly tensors: GradRule<null>;
}

const rulesOf = (name: Kin): Rules => ({ numbers: numberRule(name), tensors: tensorRule(name) });
const CLAMP = rulesOf('Clamp');
const CLAMP_MIN = rulesOf('ClampMin');
const CLAMP_MAX = rulesOf('ClampMax');

/** The dtype that x and the bounds promote to. */
function codeOf(op: string, x: Tensor, bounds: readonly Bound[]): number {
  const standing = (t: Tensor): Standing =>
    t.shape.length === 0 ? Standing.scalarTensor : Standing.dimensioned;
  let code = x.code;
  for (const bound of bounds)
    if (bound instanceof Tensor) code = resultCode(code, standing(x), bound.code, standing(bound));
    else if (bound !== null && bound !== undefined) {
      numberValue(op, bound, 'a bound');
      code = resultCode(code, standing(x), numberCode(bound), Standing.number);
    }
  if (code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  return code;
}

/** The bounds, both numbers or both tensors; beside a number, a 0-d tensor stands for its element. */
function boundsOf(op: string, x: Tensor, min: Bound, max: Bound): readonly [min: Bound, max: Bound] {
  checkTensor(op, x);
  const given = [min, max].filter((bound) => bound !== null && bound !== undefined);
  if (given.length === 0) throw new ArgumentError(`${op}: expected min, max or both`);
  const tensors = given.filter((bound) => bound instanceof Tensor);
  const [tensor] = tensors;
  if (tensor === undefined || tensors.length === given.length) return [min, max];
  if (tensor.shape.length > 0 || requiresGrad(tensor))
    throw new ArgumentError(
      `${op}: expected two numbers or two tensors, got ${describe(min)} and ${describe(max)}`,
    );
  const element = tensor.code === Code.bool ? item(tensor) !== 0 : item(tensor);
  return min === tensor ? [element, max] : [min, element];
}

/** The bounds as elements of the dtype, NaN for none; and whether one of them is NaN itself. */
function numbersOf(op: string, min: Bound, max: Bound, code: number): [bounds: Numbers, isNaN: boolean] {
  const [low, high] = [min, max].map((bound) =>
    bound === null || bound === undefined
      ? null
      : elementValue(op, numberValue(op, bound as number, 'a bound'), code),
  ) as [number | null, number | null];
  return [[low ?? NaN, high ?? NaN], Number.isNaN(low) || Number.isNaN(high)];
}

/** Clamped by tensors, without recording. */
function betweenTensors(op: string, x: Tensor, min: Tensor | null, max: Tensor | null): Tensor {
  return withGradMode(op, false, () => {
    const above = min === null ? x : maximum(x, min);
    return max === null ? above : minimum(above, max);
  });
}

const tensorOrNull = (bound: Bound): Tensor | null => (bound instanceof Tensor ? bound : null);

function clampBetween(op: string, rules: Rules, x: Tensor, ...given: readonly [Bound, Bound]): Tensor {
  let [min, max] = boundsOf(op, x, ...given);
  const code = codeOf(op, x, [min, max]);
  if (cudaInUse && (min instanceof Tensor || max instanceof Tensor))
    [x, min, max] = together(op, x, tensorOrNull(min), tensorOrNull(max));
  if (min instanceof Tensor || max instanceof Tensor) {
    const [low, high] = [tensorOrNull(min), tensorOrNull(max)];
    const out = betweenTensors(op, x, low, high);
    return record(out, rules.tensors, [x, low, high], [x, low, high], null);
  }
  const [bounds, isNaN] = numbersOf(op, min, max, code);
  const out = isNaN
    ? fullOf(x.shape, code, x.place, NaN)
    : launch(Op.clamp, COMPUTE[code]!, x.shape, code, [converted(x, code)], bounds);
  return record(out, rules.numbers, [x], [x], isNaN ? [NaN, NaN] : bounds);
}

function clampInPlace(op: string, rules: Rules, x: Tensor, ...given: readonly [Bound, Bound]): Tensor {
  const [min, max] = boundsOf(op, x, ...given);
  const code = codeOf(op, x, [min, max]);
  checkResultFits(op, x, code);
  const [low, high] = [min, max].map((bound) =>
    bound instanceof Tensor ? (bound.place === x.place ? bound : brought(op, x, bound)) : null,
  ) as [Tensor | null, Tensor | null];
  for (const bound of [low, high]) if (bound !== null) checkFits(op, x, bound);
  checkInPlace(op, x, [x, low, high]);
  const before = asItWas(
    x,
    [x, low, high].some((t) => t !== null && requiresGrad(t)),
  );
  if (low !== null || high !== null) {
    launchInto(Op.copy, COMPUTE[x.code]!, [x], [betweenTensors(op, x, low, high)], []);
    return recordInPlace(x, rules.tensors, [x, low, high], [before, low, high], -1, null);
  }
  const [bounds, isNaN] = numbersOf(op, min, max, code);
  if (isNaN) launchInto(Op.fill, COMPUTE[x.code]!, [x], [], [NaN]);
  else launchInto(Op.clamp, COMPUTE[code]!, [x], [x], bounds);
  return recordInPlace(x, rules.numbers, [x], [before], -1, isNaN ? [NaN, NaN] : bounds);
}

const BOTH = ['min', 'max'] as const;
type Positions = [min?: Bound, max?: Bound];

/** x, but not below `min` and not above `max`; null: no bound (https://pytorch.org/docs/stable/generated/torch.clamp.html). */
export const clamp = named<Positions, Bounds, Tensor>('clamp', BOTH, (x, min, max) =>
  clampBetween('clamp', CLAMP, x, min, max),
);

/** `clamp`, in place. */
export const clamp_ = named<Positions, Bounds, Tensor>('clamp_', BOTH, (x, min, max) =>
  clampInPlace('clamp_', CLAMP, x, min, max),
);

/** x, but not below `min`. */
export const clampMin = named<[min: Bound], { min?: Bound }, Tensor>('clampMin', ['min'], (x, min) =>
  clampBetween('clampMin', CLAMP_MIN, x, min, null),
);
export const clampMin_ = named<[min: Bound], { min?: Bound }, Tensor>('clampMin_', ['min'], (x, min) =>
  clampInPlace('clampMin_', CLAMP_MIN, x, min, null),
);

/** x, but not above `max`. */
export const clampMax = named<[max: Bound], { max?: Bound }, Tensor>('clampMax', ['max'], (x, max) =>
  clampBetween('clampMax', CLAMP_MAX, x, null, max),
);
export const clampMax_ = named<[max: Bound], { max?: Bound }, Tensor>('clampMax_', ['max'], (x, max) =>
  clampInPlace('clampMax_', CLAMP_MAX, x, null, max),
);
