/** Functions of three operands, in one pass over their elements. */
import { Op } from '../backend/ops.generated';
import { gradEnabled } from '../autograd/mode';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record, requiresGrad } from '../autograd/node';
import { COMPUTE, Code, Standing, isFloatingCode, promoteCodes, resultCode } from '../dtype';
import { ArgumentError, DTypeError } from '../errors';
import { broadcastShapes } from '../shape';
import { Tensor, checkTensor, cudaInUse } from '../tensor';
import { checkOptions, named } from './arguments';
import { div, mul, neg, sub } from './arithmetic';
import { cast } from './cast';
import { brought, gathered } from './devices';
import { launch, launchInto, type KernelOperand } from './kernel';
import { asItWas, checkFits, checkResultFits, separate } from './kinds';
import { numberValue } from './number';
import { square } from './pointwise';

/** The dtype's code that tensors promote to: those of 0 dimensions count only where their kind is a higher one. */
function commonCode(tensors: readonly Tensor[]): number {
  let high: number | null = null;
  let low: number | null = null;
  for (const { shape, code } of tensors)
    if (shape.length > 0) high = high === null ? code : promoteCodes(high, code);
    else low = low === null ? code : promoteCodes(low, code);
  if (high === null || low === null) return (high ?? low)!;
  return resultCode(high, Standing.dimensioned, low, Standing.scalarTensor);
}

/** The options of `addcmul` and `addcdiv`. */
export interface Value {
  /** A factor; 1 unless given. */
  value?: number | bigint | boolean;
}

type Products = [x: Tensor, a: Tensor, b: Tensor];
type Name = 'addcmul' | 'addcdiv';

const Addcmul = defineGradient<number>('Addcmul', (g, node, value) => [
  g,
  node.needs(1) ? mul(g, mul(node.input(1), value)) : null,
  node.needs(2) ? mul(g, mul(node.input(0), value)) : null,
]);
const Addcdiv = defineGradient<number>('Addcdiv', (g, node, value) => {
  const b = node.input(1);
  return [
    g,
    node.needs(1) ? mul(g, div(value, b)) : null,
    node.needs(2) ? neg(mul(mul(g, div(value, square(b))), node.input(0))) : null,
  ];
});

/** An operand of a change of x in place, where x is. */
function onPlaceOf(op: string, x: Tensor, t: Tensor): Tensor {
  return t.place === x.place ? t : cast(brought(op, x, t), t.code, x.place);
}

/** The operands, together, with the dtype's code of the result and the factor as an element of it. */
function productsOf(
  name: Name,
  inPlace: boolean,
  given: Products,
  options: Value | undefined,
): [operands: Products, code: number, value: number] {
  const op = inPlace ? `${name}_` : name;
  checkTensor(op, given[0]);
  checkTensor(op, given[1], 'tensor1');
  checkTensor(op, given[2], 'tensor2');
  checkOptions(op, ['value'], options);
  const operands = inPlace
    ? ([given[0], onPlaceOf(op, given[0], given[1]), onPlaceOf(op, given[0], given[2])] as Products)
    : cudaInUse
      ? gathered(op, ...given)
      : given;
  const code = commonCode(operands);
  const [, a, b] = operands;
  if (code === Code.bool) throw new DTypeError(`${op}: not defined for bool`);
  if (name === 'addcdiv' && !isFloatingCode(a.code) && !isFloatingCode(b.code))
    throw new DTypeError(`${op}: expected floating point to divide, got ${a.dtype} and ${b.dtype}`);
  const value = options?.value === undefined ? 1 : numberValue(op, options.value);
  if (!isFloatingCode(code) && !Number.isFinite(value))
    throw new ArgumentError(`${op}: for integers value must be finite, got ${value}`);
  return [operands, code, isFloatingCode(code) ? value : Math.trunc(value)];
}

/** What the derivative looks at. */
const factors = (name: Name, a: Tensor, b: Tensor): (Tensor | null)[] => [
  requiresGrad(b) ? a : null,
  name === 'addcdiv' || requiresGrad(a) ? b : null,
];

function addProduct(name: Name): (x: Tensor, a: Tensor, b: Tensor, options?: Value) => Tensor {
  const rule = name === 'addcmul' ? Addcmul : Addcdiv;
  return (...[x, a, b, options]) => {
    const [operands, code, value] = productsOf(name, false, [x, a, b], options);
    [x, a, b] = operands;
    const shape = broadcastShapes(name, x.shape, broadcastShapes(name, a.shape, b.shape));
    const out = launch(Op[name], COMPUTE[code]!, shape, code, operands, [value]);
    return gradEnabled() ? record(out, rule, operands, factors(name, a, b), value) : out;
  };
}

function addProductInPlace(name: Name): (x: Tensor, a: Tensor, b: Tensor, options?: Value) => Tensor {
  const op = `${name}_`;
  const rule = name === 'addcmul' ? Addcmul : Addcdiv;
  return (...[x, a, b, options]) => {
    const [operands, code, value] = productsOf(name, true, [x, a, b], options);
    [, a, b] = operands;
    checkResultFits(op, x, code);
    checkFits(op, x, a);
    checkFits(op, x, b);
    checkInPlace(op, x, operands);
    launchInto(Op[name], COMPUTE[code]!, [x], [x, separate(x, a), separate(x, b)], [value]);
    return recordInPlace(x, rule, operands, factors(name, a, b), -1, value);
  };
}

/** x + value a b (https://pytorch.org/docs/stable/generated/torch.addcmul.html). */
export const addcmul = addProduct('addcmul');
/** `addcmul`, in place. */
export const addcmul_ = addProductInPlace('addcmul');
/** x + value a / b (https://pytorch.org/docs/stable/generated/torch.addcdiv.html). */
export const addcdiv = addProduct('addcdiv');
/** `addcdiv`, in place. */
export const addcdiv_ = addProductInPlace('addcdiv');

type Weight = Tensor | number;

// The context is the weight, if that is a number.
const Lerp = defineGradient<number>('Lerp', (g, node, number) => {
  const weight = node.optional(2) ?? number;
  return [
    node.needs(0) ? mul(g, typeof weight === 'number' ? 1 - weight : sub(1, weight)) : null,
    node.needs(1) ? mul(g, weight) : null,
    node.needs(2) ? mul(g, sub(node.input(1), node.input(0))) : null,
  ];
});

function lerpOperands(
  op: 'lerp' | 'lerp_',
  x: Tensor,
  end: Tensor,
  weight: Weight,
): [Tensor, Tensor, Weight] {
  checkTensor(op, x);
  checkTensor(op, end, 'end');
  const number = weight instanceof Tensor ? null : numberValue(op, weight, 'weight');
  if (!isFloatingCode(x.code)) throw new DTypeError(`${op}: expected floating point, got ${x.dtype}`);
  if (end.code !== x.code)
    throw new DTypeError(`${op}: expected end to be ${x.dtype} as the input, got ${end.dtype}`);
  if (weight instanceof Tensor && weight.code !== x.code && weight.shape.length > 0)
    throw new DTypeError(`${op}: expected weight to be ${x.dtype} as the input, got ${weight.dtype}`);
  if (!cudaInUse) return [x, end, number ?? weight];
  if (op === 'lerp_')
    return [x, onPlaceOf(op, x, end), weight instanceof Tensor ? onPlaceOf(op, x, weight) : number!];
  const [a, b, w] = gathered(op, x, end, number === null ? (weight as Tensor) : null);
  return [a, b, w ?? number!];
}

/** The operands that the derivative looks at. */
function lerpSaved(x: Tensor, end: Tensor, weight: Weight): (Tensor | null)[] {
  if (!(weight instanceof Tensor)) return [null, null, null];
  return requiresGrad(weight) ? [x, end, weight] : [null, null, weight];
}

const tensorOrNull = (t: KernelOperand): Tensor | null => (t instanceof Tensor ? t : null);

interface Ends {
  end?: Tensor;
  weight: Weight;
}

/** x + weight (end - x), by one weight or one for each element (https://pytorch.org/docs/stable/generated/torch.lerp.html). */
export const lerp = named<[end: Tensor, weight: Weight], Ends, Tensor>(
  'lerp',
  ['end', 'weight'],
  (...given) => {
    const [x, end, weight] = lerpOperands('lerp', ...given);
    let shape = broadcastShapes('lerp', x.shape, end.shape);
    if (weight instanceof Tensor) shape = broadcastShapes('lerp', shape, weight.shape);
    const out = launch(Op.lerp, COMPUTE[x.code]!, shape, x.code, [x, end, weight], []);
    const number = weight instanceof Tensor ? 0 : weight;
    return record(out, Lerp, [x, end, tensorOrNull(weight)], lerpSaved(x, end, weight), number);
  },
);

/** `lerp`, in place. */
export const lerp_ = named<[end: Tensor, weight: Weight], Ends, Tensor>(
  'lerp_',
  ['end', 'weight'],
  (x, ...given) => {
    const [, end, weight] = lerpOperands('lerp_', x, ...given);
    checkFits('lerp_', x, end);
    if (weight instanceof Tensor) checkFits('lerp_', x, weight);
    const inputs = [x, end, tensorOrNull(weight)];
    checkInPlace('lerp_', x, inputs);
    const before = asItWas(x, weight instanceof Tensor && requiresGrad(weight));
    const saved = lerpSaved(before, end, weight);
    launchInto(Op.lerp, COMPUTE[x.code]!, [x], [x, separate(x, end), separate(x, weight)], []);
    return recordInPlace(x, Lerp, inputs, saved, -1, weight instanceof Tensor ? 0 : weight);
  },
);
