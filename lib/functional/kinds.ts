/** What ops of one kind have in common: operands, promotion, broadcasting, recording. The kind supplies the rules. */
import { OP_ROWS, Op, type OpName, type OpTypes } from '../backend/ops.generated';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { gradEnabled } from '../autograd/mode';
import { attach, defineGradient, requiresGrad, type GradRule, type Node } from '../autograd/node';
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
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { broadcastShapes, sameShape, showShape } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { NONE, launch, launchInto, type KernelOperand } from './kernel';

/** What stands for a tensor in arithmetic. */
export type Operand = Tensor | number | bigint | boolean;

/** Which dtypes an op takes, beyond what its kernel computes in. */
interface TypeRules {
  /** Not defined for bool tensors. */
  readonly noBool?: boolean;
  /** Not defined for floating-point tensors. */
  readonly noFloat?: boolean;
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
  if (types === 'FLOAT') return defaultDtypeCode();
  if (code === Code.bool && rules.noBool) throw new DTypeError(`${op}: not defined for bool`);
  return code;
}

/** In place the result must fit the tensor's dtype: its kind can't be lowered. */
function checkResultFits(op: string, t: Tensor, code: number): void {
  const kind = (c: number): number => (c <= 3 ? 2 : c === Code.bool ? 0 : 1);
  if (kind(code) > kind(t.code))
    throw new DTypeError(`${op}: the result is ${DTYPES[code]}, which ${t.dtype} can't hold`);
}

const NOTHING: readonly Tensor[] = [];

export interface UnaryFunction {
  (x: Tensor): Tensor;
  readonly inPlace: (x: Tensor) => Tensor;
}

interface UnarySpec extends TypeRules {
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
  const rule: GradRule<null> | null =
    backward === undefined
      ? null
      : defineGradient(spec.gradient!, (grad, node) => [
          backward(grad, saves === 'nothing' ? grad : node.input(0), node),
        ]);
  const call = (x: Tensor): Tensor => {
    checkTensor(name, x);
    const code = x.code <= 3 && takesFloat ? x.code : outputCode(name, types, spec, x.code);
    const inputs = [x];
    const out = launch(op, COMPUTE[code]!, x.shape, code, inputs, NONE);
    if (rule !== null && gradEnabled && requiresGrad(x))
      attach(out, rule, inputs, saves === 'input' ? inputs : saves === 'output' ? [out] : NOTHING, null);
    return out;
  };
  const inPlaceName = `${name}_`;
  const inPlace = (x: Tensor): Tensor => {
    checkTensor(inPlaceName, x);
    const code = outputCode(inPlaceName, types, spec, x.code);
    checkResultFits(inPlaceName, x, code);
    checkInPlace(inPlaceName, x, [x]);
    launchInto(op, COMPUTE[code]!, [x], [x], []);
    if (rule === null) return recordInPlace(x, NoGradient, [], [], -1, null);
    return recordInPlace(x, rule, [x], saves === 'nothing' ? [] : [x], saves === 'output' ? 0 : -1, null);
  };
  return Object.assign(call, { inPlace });
}

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

const NoGradient: GradRule<null> = { name: 'NotImplemented', backward: () => [null] };

/** A number as an element of an integer dtype, which wraps: the kernels compute in wider integers. */
function wrapped(value: KernelOperand, code: number): KernelOperand {
  const range = INTEGER_RANGE[code];
  if (typeof value !== 'number' || !range) return value;
  const [low, high] = range;
  if (value >= low && value <= high) return value;
  const size = high - low + 1;
  return ((((value - low) % size) + size) % size) + low;
}

/** The dtype's code that a number has as an operand: whole ones count as int64. */
function numberCode(value: number | bigint | boolean): number {
  if (typeof value === 'boolean') return Code.bool;
  if (typeof value === 'bigint') return Code.int64;
  return Number.isInteger(value) ? Code.int64 : defaultDtypeCode();
}

/** A tensor, or the value of a number, bigint or boolean. */
export function kernelOperand(op: string, value: unknown, name: string): KernelOperand {
  if (value instanceof Tensor) return value;
  switch (typeof value) {
    case 'number':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    case 'bigint': {
      const n = Number(value);
      if (!Number.isSafeInteger(n))
        throw new ArgumentError(`${op}: ${name} = ${describe(value)} exceeds 2^53; make it a tensor`);
      return n;
    }
    default:
      throw new ArgumentError(`${op}: expected ${name} to be a Tensor or a number, got ${describe(value)}`);
  }
}

function promotedCode(op: string, x: Operand, y: Operand): number {
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
  const { keep = ['never', 'never'], keepOutput = false, backward } = spec;
  const [keepX, keepY] = keep;
  // The context is the operand that was a number; at most one is.
  const rule: GradRule<number> | null =
    backward === undefined
      ? null
      : defineGradient<number>(spec.gradient!, (grad, node, value) => {
          const saved = new BinaryGrad(node, value);
          return [
            node.needs(0) ? backward[0](grad, saved) : null,
            node.needs(1) ? backward[1](grad, saved) : null,
          ];
        });
  const keepsNone = keepX === 'never' && keepY === 'never' && !keepOutput;
  const savedOf = (a: KernelOperand, b: KernelOperand, out: Tensor): readonly (Tensor | null)[] => {
    if (keepsNone) return NOTHING;
    const x = kept(keepX, a, b);
    const y = kept(keepY, b, a);
    return keepOutput ? [x, y, out] : [x, y];
  };
  const call = (x: Operand, y: Operand): Tensor => {
    if (takesFloat && x instanceof Tensor && y instanceof Tensor && x.code === y.code && x.code <= 3) {
      // Floating-point tensors of one dtype, the usual case: nothing to promote.
      const inputs = [x, y];
      const shape = broadcastShapes(name, x.shape, y.shape);
      const out = launch(op, COMPUTE[x.code]!, shape, x.code, inputs, NONE);
      if (rule !== null && gradEnabled && (requiresGrad(x) || requiresGrad(y)))
        attach(out, rule, inputs, savedOf(x, y, out), 0);
      return out;
    }
    const a = kernelOperand(name, x, 'input');
    const b = kernelOperand(name, y, 'other');
    const code = outputCode(name, types, spec, promotedCode(name, x, y));
    const shape =
      typeof a === 'number'
        ? (b as Tensor).shape
        : typeof b === 'number'
          ? a.shape
          : broadcastShapes(name, a.shape, b.shape);
    const inputs = [wrapped(a, code), wrapped(b, code)];
    const out = launch(op, COMPUTE[code]!, shape, code, inputs, NONE);
    if (
      rule !== null &&
      gradEnabled &&
      ((typeof a !== 'number' && requiresGrad(a)) || (typeof b !== 'number' && requiresGrad(b)))
    ) {
      if (typeof a === 'number') attach(out, rule, [null, b as Tensor], savedOf(a, b, out), a);
      else if (typeof b === 'number') attach(out, rule, [a, null], savedOf(a, b, out), b);
      else attach(out, rule, inputs as Tensor[], savedOf(a, b, out), 0);
    }
    return out;
  };
  const inPlaceName = `${name}_`;
  const inPlace = (x: Tensor, y: Operand): Tensor => {
    checkTensor(inPlaceName, x);
    const b = kernelOperand(inPlaceName, y, 'other');
    const code = outputCode(inPlaceName, types, spec, promotedCode(inPlaceName, x, y));
    checkResultFits(inPlaceName, x, code);
    if (typeof b !== 'number') checkFits(inPlaceName, x, b);
    checkInPlace(inPlaceName, x, [x, typeof b === 'number' ? null : b]);
    launchInto(op, COMPUTE[code]!, [x], [x, wrapped(separate(x, b), code)], []);
    if (rule === null) return recordInPlace(x, NoGradient, [], [], -1, null);
    const value = typeof b === 'number' ? b : 0;
    const inputs = [x, typeof b === 'number' ? null : b];
    return recordInPlace(x, rule, inputs, savedOf(x, b, x), keepOutput ? 2 : -1, value);
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

/** f(x, y) as booleans, by the kernel of that name. */
export function compareOp(name: OpName): (x: Operand, y: Operand) => Tensor {
  const op = Op[name];
  return (x, y) => {
    const a = kernelOperand(name, x, 'input');
    const b = kernelOperand(name, y, 'other');
    const compute = COMPUTE[promotedCode(name, x, y)]!;
    const shape =
      typeof a === 'number'
        ? (b as Tensor).shape
        : typeof b === 'number'
          ? a.shape
          : broadcastShapes(name, a.shape, b.shape);
    return launch(op, compute, shape, Code.bool, [a, b], NONE);
  };
}
