/** What ops of one kind have in common: operands, promotion, broadcasting, recording. The kind supplies the rules. */
import { OP_ROWS, Op, type OpName, type OpTypes } from '../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { autocastUsed, gradEnabled } from '../autograd/mode';
import { attach, defineGradient, record, requiresGrad, type GradRule, type Node } from '../autograd/node';
import {
  COMPUTE,
  Code,
  DTYPES,
  INTEGER_RANGE,
  Standing,
  defaultDtypeCode,
  isFloatingCode,
  resultCode,
} from '../dtype';
import { ArgumentError, AutogradError, DTypeError, ShapeError, describe } from '../errors';
import { broadcastShapes, sameShape, showShape } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { widened } from './autocast';
import { brought, together } from './devices';
import { NONE, launch, launchInto, zerosOf, type KernelOperand } from './kernel';
import { numberCode, numberValue, roundToHalf } from './number';

/** What stands for a tensor in arithmetic. */
export type Operand = Tensor | number | bigint | boolean;

/** Which dtypes an op takes, beyond what its kernel computes in. */
interface TypeRules {
  /** Not defined for bool tensors. */
  readonly noBool?: boolean;
  /** Nor when one of the operands is bool. */
  readonly noBoolOperand?: boolean;
  /** Not defined for floating-point tensors. */
  readonly noFloat?: boolean;
  /** Defined for those only: integers and booleans do not become floats. */
  readonly noInteger?: boolean;
}

/** What autocast does with an op: PyTorch's list for CUDA names those that are in float32 there. */
interface CastRules {
  readonly float32OnCuda?: boolean;
}

function typesOf(op: OpName): OpTypes {
  return OP_ROWS[Op[op]]!.types;
}

/** The result's dtype for operands that promote to `code`. */
function outputCode(op: string, types: OpTypes, rules: TypeRules, code: number): number {
  if (isFloatingCode(code)) {
    if (types === 'INTEGER' || rules.noFloat)
      throw new DTypeError(`${op}: expected integers or booleans, got ${DTYPES[code]}`);
    return code;
  }
  if (rules.noInteger) throw new DTypeError(`${op}: expected floating point, got ${DTYPES[code]}`);
  if (types === 'FLOAT') return defaultDtypeCode();
  if (code === Code.bool && rules.noBool) throw new DTypeError(`${op}: not defined for bool`);
  return code;
}

/** @internal In place the result must fit the tensor's dtype: its kind can't be lowered. */
export function checkResultFits(op: string, t: Tensor, code: number): void {
  const kind = (c: number): number => (c <= 3 ? 2 : c === Code.bool ? 0 : 1);
  if (kind(code) > kind(t.code))
    throw new DTypeError(`${op}: the result is ${DTYPES[code]}, which ${t.dtype} can't hold`);
}

const NOTHING: readonly Tensor[] = [];

export interface UnaryFunction {
  (x: Tensor): Tensor;
  readonly inPlace: (x: Tensor) => Tensor;
}

interface UnarySpec extends TypeRules, CastRules {
  /** PyTorch's name for the node; left out: not differentiable. */
  readonly gradient?: string;
  /** What `backward` looks at. */
  readonly saves?: 'input' | 'output' | 'nothing';
  readonly backward?: (grad: Tensor, saved: Tensor, node: Node) => Tensor;
}

/** f(x), element by element, by the kernel of that name. */
export function unaryOp(name: OpName, spec: UnarySpec): UnaryFunction {
  const op = Op[name];
  const types = typesOf(name);
  const takesFloat = types !== 'INTEGER' && spec.noFloat !== true;
  const { saves = 'nothing', backward } = spec;
  const rule: GradRule<null> =
    backward === undefined
      ? notDifferentiable(name)
      : defineGradient(spec.gradient!, (grad, node) => [
          backward(grad, saves === 'nothing' ? grad : node.input(0), node),
        ]);
  const { float32OnCuda = false } = spec;
  const call = (x: Tensor): Tensor => {
    checkTensor(name, x);
    if (autocastUsed && float32OnCuda) [x] = widened([x] as const, 'cuda');
    const code = x.code <= 3 && takesFloat ? x.code : outputCode(name, types, spec, x.code);
    const inputs = [x];
    const out = launch(op, COMPUTE[code]!, x.shape, code, inputs, NONE);
    if (gradEnabled() && requiresGrad(x))
      attach(out, rule, inputs, saves === 'input' ? inputs : saves === 'output' ? [out] : NOTHING, null);
    return out;
  };
  const inPlaceName = `${name}_`;
  const inPlace = (x: Tensor): Tensor => {
    checkTensor(inPlaceName, x);
    const code = outputCode(inPlaceName, types, spec, x.code);
    checkResultFits(inPlaceName, x, code);
    checkInPlace(inPlaceName, x, [x]);
    const before = saves === 'input' ? asItWas(x, requiresGrad(x)) : x;
    launchInto(op, COMPUTE[code]!, [x], [x], []);
    return recordInPlace(
      x,
      rule,
      [x],
      saves === 'nothing' ? [] : [before],
      saves === 'output' ? 0 : -1,
      null,
    );
  };
  return Object.assign(call, { inPlace });
}

/** The function, and what changes its tensor in place. */
export const both = (
  f: UnaryFunction,
): readonly [f: (x: Tensor) => Tensor, inPlace: (x: Tensor) => Tensor] => [f, f.inPlace];

/** f(x) as booleans, by the kernel of that name. */
export function predicateOp(name: OpName): (x: Tensor) => Tensor {
  const op = Op[name];
  const types = typesOf(name);
  return (x) => {
    checkTensor(name, x);
    const compute = types === 'FLOAT' && !isFloatingCode(x.code) ? 0 : COMPUTE[x.code]!;
    return launch(op, compute, x.shape, Code.bool, [x], NONE);
  };
}

/** @internal The node of an op that has no derivative: an error when one is asked for. */
export function notDifferentiable(op: string): GradRule<unknown> {
  return {
    name: 'NotImplemented',
    backward() {
      throw new AutogradError(`backward: the derivative of ${op} is not implemented`);
    },
  };
}

const Before = defineGradient('Clone', (grad) => [grad]);

/** @internal x as it is now, for the derivative of what will change it in place, if one is wanted: with x's history, for the second. */
export function asItWas(x: Tensor, wanted: boolean): Tensor {
  if (!wanted || !gradEnabled()) return x;
  return record(launch(Op.copy, COMPUTE[x.code]!, x.shape, x.code, [x], NONE), Before, [x], [], null);
}

/**
 * An operand as an element of the dtype that the op computes for: integers wrap, and what the kernel's wider type would
 * keep is cut, unless a 0-d one stays `wide`. Only operands of lower standing (numbers, 0-d tensors) and integers beside
 * half types need it.
 */
function settled(value: KernelOperand, code: number, wide = false): KernelOperand {
  if (typeof value !== 'number')
    return value.code === code || !cuts(value, code, wide)
      ? value
      : launch(Op.copy, COMPUTE[code]!, value.shape, code, [value], NONE);
  if (code === Code.float16 || code === Code.bfloat16) return wide ? value : roundToHalf(value, code);
  const range = INTEGER_RANGE[code];
  if (!range) return value;
  const [low, high] = range;
  if (value >= low && value <= high) return value;
  const size = high - low + 1;
  return ((((value - low) % size) + size) % size) + low;
}

/** Whether a dtype can't hold all that t may hold, although its kernels can. */
function cuts(t: Tensor, code: number, wide: boolean): boolean {
  const single = t.shape.length === 0;
  if (code >= Code.int8 && code <= Code.int16) return single && t.code !== Code.bool;
  if (code !== Code.float16 && code !== Code.bfloat16) return false;
  return single ? !wide : t.code >= Code.int16 && t.code <= Code.int64;
}

/** A tensor, or the value of a number, bigint or boolean. */
export function kernelOperand(op: string, value: unknown, name: string): KernelOperand {
  if (value instanceof Tensor || typeof value === 'number') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return numberValue(op, value, name);
  throw new ArgumentError(`${op}: expected ${name} to be a Tensor or a number, got ${describe(value)}`);
}

/** Two operands, which are on one device. */
function kernelOperands(op: string, x: unknown, y: unknown): [KernelOperand, KernelOperand] {
  const a = kernelOperand(op, x, 'input');
  const b = kernelOperand(op, y, 'other');
  if (typeof a === 'number' || typeof b === 'number' || a.place === b.place) return [a, b];
  return together(op, a, b);
}

function isBool(value: Operand): boolean {
  return typeof value === 'boolean' || (value instanceof Tensor && value.code === Code.bool);
}

/** @internal The dtype's code that two operands promote to. */
export function promotedCode(op: string, x: Operand, y: Operand): number {
  if (x instanceof Tensor) {
    const standing = x.shape.length === 0 ? Standing.scalarTensor : Standing.dimensioned;
    if (y instanceof Tensor) {
      if (x.code === y.code) return x.code;
      return resultCode(
        x.code,
        standing,
        y.code,
        y.shape.length === 0 ? Standing.scalarTensor : Standing.dimensioned,
      );
    }
    return resultCode(x.code, standing, numberCode(y), Standing.number);
  }
  if (y instanceof Tensor) return promotedCode(op, y, x);
  throw new ArgumentError(`${op}: expected at least one Tensor, got two numbers`);
}

/** What a binary op's backward sees. Numbers have no gradient. */
export class BinaryGrad {
  /** `value` is the operand that was a number; at most one is. */
  constructor(
    readonly node: Node,
    private readonly value: number,
  ) {}
  /** The operand, if it was kept. */
  get x(): KernelOperand {
    return this.node.optional(0) ?? this.value;
  }
  get y(): KernelOperand {
    return this.node.optional(1) ?? this.value;
  }
  get out(): Tensor {
    return this.node.input(2);
  }
}

/** When an operand is saved: never, if the other one requires a gradient, always. */
export type Keep = 'never' | 'ifOther' | 'always';

interface BinarySpec extends TypeRules {
  readonly gradient?: string;
  /** PyTorch's name for the node when the first operand is a number; null: not differentiable then. */
  readonly gradientOfNumber?: string | null;
  /** Beside half types, a number or a second operand of 0 dimensions is as precise as float32. */
  readonly wideNumbers?: boolean;
  readonly keep?: readonly [Keep, Keep];
  readonly keepOutput?: boolean;
  readonly backward?: readonly [
    (grad: Tensor, saved: BinaryGrad) => Tensor,
    (grad: Tensor, saved: BinaryGrad) => Tensor,
  ];
}

export interface BinaryFunction {
  (x: Operand, y: Operand): Tensor;
  readonly inPlace: (x: Tensor, y: Operand) => Tensor;
}

function kept(keep: Keep, operand: KernelOperand, other: KernelOperand): Tensor | null {
  if (typeof operand === 'number' || keep === 'never') return null;
  return keep === 'always' || (typeof other !== 'number' && requiresGrad(other)) ? operand : null;
}

/** f(x, y), element by element, with broadcasting and promotion, by the kernel of that name. */
export function binaryOp(name: OpName, spec: BinarySpec): BinaryFunction {
  const op = Op[name];
  const types = typesOf(name);
  const takesFloat = types !== 'INTEGER' && spec.noFloat !== true;
  const { keep = ['never', 'never'], keepOutput = false, wideNumbers = false, backward } = spec;
  const [keepX, keepY] = keep;
  // The context is the operand that was a number; at most one is.
  const rule: GradRule<number> =
    backward === undefined
      ? notDifferentiable(name)
      : defineGradient<number>(spec.gradient!, (grad, node, value) => {
          const saved = new BinaryGrad(node, value);
          return [
            node.needs(0) ? backward[0](grad, saved) : null,
            node.needs(1) ? backward[1](grad, saved) : null,
          ];
        });
  const { gradientOfNumber = spec.gradient } = spec;
  const ruleOfNumber: GradRule<number> =
    gradientOfNumber === null || backward === undefined
      ? notDifferentiable(name)
      : { name: `${gradientOfNumber}Backward`, backward: rule.backward };
  const keepsNone = keepX === 'never' && keepY === 'never' && !keepOutput;
  const savedOf = (a: KernelOperand, b: KernelOperand, out: Tensor): readonly (Tensor | null)[] => {
    if (keepsNone) return NOTHING;
    const x = kept(keepX, a, b);
    const y = kept(keepY, b, a);
    return keepOutput ? [x, y, out] : [x, y];
  };
  const call = (x: Operand, y: Operand): Tensor => {
    if (
      takesFloat &&
      x instanceof Tensor &&
      y instanceof Tensor &&
      x.code === y.code &&
      x.code <= 3 &&
      x.place === y.place
    ) {
      // Floating-point tensors of one dtype on one device, the usual case: nothing to promote.
      const inputs = [x, y];
      const shape = broadcastShapes(name, x.shape, y.shape);
      const out = launch(op, COMPUTE[x.code]!, shape, x.code, inputs, NONE);
      if (gradEnabled() && (requiresGrad(x) || requiresGrad(y)))
        attach(out, rule, inputs, savedOf(x, y, out), 0);
      return out;
    }
    const [a, b] = kernelOperands(name, x, y);
    const code = outputCode(name, types, spec, promotedCode(name, x, y));
    const shape =
      typeof a === 'number'
        ? (b as Tensor).shape
        : typeof b === 'number'
          ? a.shape
          : broadcastShapes(name, a.shape, b.shape);
    if (spec.noBoolOperand && (isBool(x) || isBool(y))) throw new DTypeError(`${name}: not defined for bool`);
    const first = settled(a, code, wideNumbers && typeof a === 'number');
    const out = launch(op, COMPUTE[code]!, shape, code, [first, settled(b, code, wideNumbers)], NONE);
    if (
      gradEnabled() &&
      ((typeof a !== 'number' && requiresGrad(a)) || (typeof b !== 'number' && requiresGrad(b)))
    ) {
      if (typeof a === 'number') attach(out, ruleOfNumber, [null, b as Tensor], savedOf(a, b, out), a);
      else if (typeof b === 'number') attach(out, rule, [a, null], savedOf(a, b, out), b);
      else attach(out, rule, [a, b], savedOf(a, b, out), 0);
    }
    return out;
  };
  const inPlaceName = `${name}_`;
  const inPlace = (x: Tensor, y: Operand): Tensor => {
    checkTensor(inPlaceName, x);
    const given = kernelOperand(inPlaceName, y, 'other');
    const b = typeof given === 'number' || given.place === x.place ? given : brought(inPlaceName, x, given);
    const code = outputCode(inPlaceName, types, spec, promotedCode(inPlaceName, x, y));
    if (spec.noBoolOperand && (isBool(x) || isBool(y)))
      throw new DTypeError(`${inPlaceName}: not defined for bool`);
    checkResultFits(inPlaceName, x, code);
    if (typeof b !== 'number') checkFits(inPlaceName, x, b);
    checkInPlace(inPlaceName, x, [x, typeof b === 'number' ? null : b]);
    const [, ...others] = savedOf(x, b, x);
    const recorded = requiresGrad(x) || (typeof b !== 'number' && requiresGrad(b));
    const before = recorded && kept(keepX, x, b) !== null ? asItWas(x, true) : null;
    launchInto(op, COMPUTE[code]!, [x], [x, settled(separate(x, b), code, wideNumbers)], []);
    const value = typeof b === 'number' ? b : 0;
    const inputs = [x, typeof b === 'number' ? null : b];
    const saved = keepsNone ? NOTHING : [before, ...others];
    return recordInPlace(x, rule, inputs, saved, keepOutput ? 2 : -1, value);
  };
  return Object.assign(call, { inPlace });
}

/** An operand that may be written over while it is read: a copy, if it shares x's memory in another layout. */
export function separate(x: Tensor, y: KernelOperand): KernelOperand {
  if (typeof y === 'number' || y === x || (x.base ?? x) !== (y.base ?? y)) return y;
  const same =
    y.offset === x.offset && sameShape(x.shape, y.shape) && String(x.layout ?? '') === String(y.layout ?? '');
  return same ? y : launch(Op.copy, COMPUTE[y.code]!, y.shape, y.code, [y], NONE);
}

/** In place y must broadcast to x. */
export function checkFits(op: string, x: Tensor, y: Tensor): void {
  if (!sameShape(broadcastShapes(op, x.shape, y.shape), x.shape))
    throw new ShapeError(`${op}: ${showShape(y.shape)} does not broadcast to ${showShape(x.shape)}`);
}

export interface CompareFunction {
  (x: Operand, y: Operand): Tensor;
  /** The truth values as numbers of x's dtype. */
  readonly inPlace: (x: Tensor, y: Operand) => Tensor;
}

/** f(x, y) as booleans, by the kernel of that name. */
export function compareOp(name: OpName): CompareFunction {
  const op = Op[name];
  const call = (x: Operand, y: Operand): Tensor => {
    const [a, b] = kernelOperands(name, x, y);
    const code = promotedCode(name, x, y);
    const shape =
      typeof a === 'number'
        ? (b as Tensor).shape
        : typeof b === 'number'
          ? a.shape
          : broadcastShapes(name, a.shape, b.shape);
    return launch(op, COMPUTE[code]!, shape, Code.bool, [settled(a, code), settled(b, code)], NONE);
  };
  return Object.assign(call, { inPlace: truthInPlace(`${name}_`, call) });
}

/** Writes the truth values that `f` gives over its first operand; they have no gradient. */
export function truthInPlace<Rest extends readonly Operand[]>(
  name: string,
  f: (x: Tensor, ...rest: Rest) => Tensor,
): (x: Tensor, ...rest: Rest) => Tensor {
  const rule: GradRule<null> = {
    name: `${name.charAt(0).toUpperCase()}${name.slice(1, -1)}Backward`,
    backward: (grad) => [zerosOf(grad)],
  };
  return (x, ...rest) => {
    checkTensor(name, x);
    for (const y of rest) if (y instanceof Tensor) checkFits(name, x, y);
    checkInPlace(name, x, [x]);
    const operands = rest.map((y) =>
      y instanceof Tensor && y.place !== x.place ? brought(name, x, y) : y,
    ) as unknown as Rest;
    launchInto(Op.copy, COMPUTE[x.code]!, [x], [f(x, ...operands)], []);
    return recordInPlace(x, rule, [x], [], -1, null);
  };
}
