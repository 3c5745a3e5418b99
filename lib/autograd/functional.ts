/** Derivatives of functions as tensors (https://pytorch.org/docs/stable/autograd.html#functional-higher-level-api). */
import { ArgumentError, AutogradError, ShapeError, describe } from '../errors';
import { numelOf, sameShape, showShape, type Shape } from '../shape';
import { Tensor, checkTensor } from '../tensor';
import { arithmetic } from './arithmetic';
import { checkNames, flag, grad } from './backward';
import { checkFunction, synchronous, withGradMode } from './mode';

/** One tensor or several. */
export type Tensors = Tensor | readonly Tensor[];

/** What is differentiated: takes the inputs one by one. */
export type TensorFunction<Outputs extends Tensors> = (...inputs: Tensor[]) => Outputs;

/** One tensor for one tensor, an array for an array. */
export type Like<T extends Tensors> = T extends Tensor ? Tensor : Tensor[];

/** One derivative for each output and each input. */
export type Jacobian<Outputs extends Tensors, Inputs extends Tensors> = Outputs extends Tensor
  ? Like<Inputs>
  : Like<Inputs>[];

export interface FunctionalOptions {
  /** Record the computation, so that the results can be differentiated. */
  createGraph?: boolean;
  /** Throw for outputs that don't depend on an input, instead of giving zeros. */
  strict?: boolean;
}

export interface JacobianOptions extends FunctionalOptions {
  /** Allowed for programs that set it; the results are the same. */
  vectorize?: boolean;
}

const OPTIONS = ['createGraph', 'strict'] as const;
const JACOBIAN_OPTIONS = [...OPTIONS, 'vectorize'] as const;
const VECTOR_OPTIONS = ['v', ...OPTIONS] as const;

interface Flags {
  readonly createGraph: boolean;
  readonly strict: boolean;
}

function flagsOf(op: string, options: unknown, names: readonly string[]): Flags {
  checkNames(op, options, names);
  const { createGraph, strict, vectorize } = options as Record<string, unknown>;
  flag(op, 'vectorize', vectorize, false);
  return {
    createGraph: flag(op, 'createGraph', createGraph, false),
    strict: flag(op, 'strict', strict, false),
  };
}

/** As an array, and whether it was one. */
function listed(op: string, what: string, value: unknown): readonly [Tensor[], boolean] {
  const several = Array.isArray(value);
  const list: readonly unknown[] = several ? (value as unknown[]) : [value];
  if (list.length === 0) throw new ArgumentError(`${op}: expected at least one of ${what}`);
  for (const t of list) checkTensor(op, t, several ? `each of ${what}` : what);
  return [[...list] as Tensor[], several];
}

/** The inputs as they are differentiated: with the graph that made them, or as leaves. */
function prepared(op: string, inputs: readonly Tensor[], createGraph: boolean, needsGrad: boolean): Tensor[] {
  return inputs.map((t) => {
    if (needsGrad && t.code > 3)
      throw new AutogradError(`${op}: expected inputs of floating point, got ${t.dtype}`);
    if (createGraph) {
      const view = t.view([...t.shape]);
      return needsGrad && !view.requiresGrad ? t.detach().requiresGrad_() : view;
    }
    const leaf = t.detach();
    return needsGrad ? leaf.requiresGrad_() : leaf;
  });
}

/** One for one, several for several; without a graph unless that was asked for. */
function returned(list: readonly Tensor[], several: boolean, createGraph: boolean): Tensor | Tensor[] {
  const results = createGraph ? [...list] : list.map((t) => t.detach());
  return several ? results : results[0]!;
}

function evaluate(op: string, f: unknown, inputs: readonly Tensor[]): readonly [Tensor[], boolean] {
  const outputs = synchronous(op, (f as (...inputs: Tensor[]) => unknown)(...inputs), 'make it synchronous');
  return listed(op, 'what the function returns', outputs);
}

/** The gradients of those outputs that have any; null for inputs that they don't depend on. */
function gradients(
  outputs: readonly (Tensor | null)[],
  inputs: readonly Tensor[],
  seeds: readonly Tensor[] | null,
  createGraph: boolean,
): (Tensor | null)[] {
  const used = [...outputs.keys()].filter((i) => outputs[i]?.requiresGrad === true);
  if (used.length === 0) return inputs.map(() => null);
  return grad(
    used.map((i) => outputs[i]!),
    inputs,
    {
      gradOutputs: seeds === null ? null : used.map((i) => seeds[i]!),
      allowUnused: true,
      createGraph,
      retainGraph: true,
    },
  );
}

/** Zeros where there is no gradient; an error if that is what was asked for. */
function filled(
  op: string,
  grads: readonly (Tensor | null)[],
  like: readonly Tensor[],
  { strict, createGraph }: Flags,
  names: (i: number) => string,
): Tensor[] {
  return grads.map((g, i) => {
    if (g === null) {
      if (strict)
        throw new AutogradError(
          `${op}: the output of the function is independent of ${names(i)}, which strict mode doesn't allow`,
        );
      return zerosLike(like[i]!);
    }
    if (strict && createGraph && !g.requiresGrad)
      throw new AutogradError(
        `${op}: the derivative with respect to ${names(i)} is independent of the inputs, which strict mode doesn't allow with createGraph`,
      );
    return g;
  });
}

const input = (i: number): string => `input ${i}`;

function zerosLike(t: Tensor): Tensor {
  return arithmetic.full(t.shape, t.code, t.place, 0);
}

function stacked(rows: readonly Tensor[], shape: Shape, like: Tensor): Tensor {
  return rows.length === 0
    ? arithmetic.full(shape, like.code, like.place, 0)
    : arithmetic.stack(rows).view([...shape]);
}

function jacobianOf(
  op: string,
  f: unknown,
  given: readonly Tensor[],
  flags: Flags,
): readonly [jacobians: Tensor[][], several: boolean] {
  const { createGraph, strict } = flags;
  return withGradMode(op, true, () => {
    const inputs = prepared(op, given, createGraph, true);
    const [outputs, several] = evaluate(op, f, inputs);
    if (strict)
      for (const out of outputs)
        if (!out.requiresGrad)
          throw new AutogradError(
            `${op}: the function returned a tensor that requires no gradient, which strict mode doesn't allow`,
          );
    const jacobians = outputs.map((out, o) => {
      const flat = out.reshape(-1);
      const rows: Tensor[][] = inputs.map(() => []);
      for (let k = 0; k < numelOf(out.shape); k++) {
        const grads = gradients([flat.select(0, k)], inputs, null, createGraph);
        const named = (i: number): string => `input ${i} (output ${o})`;
        filled(op, grads, inputs, flags, named).forEach((g, i) => rows[i]!.push(g));
      }
      return inputs.map((x, i) => stacked(rows[i]!, [...out.shape, ...x.shape], x));
    });
    return [jacobians, several];
  });
}

/**
 * The Jacobian of `f` at `inputs`: of the output's shape followed by the input's. Several inputs give an array of them,
 * several outputs one such for each (https://pytorch.org/docs/stable/generated/torch.autograd.functional.jacobian.html).
 */
export function jacobian<Outputs extends Tensors, Inputs extends Tensors>(
  f: TensorFunction<Outputs>,
  inputs: Inputs,
  options: JacobianOptions = {},
): Jacobian<Outputs, Inputs> {
  checkFunction('jacobian', f);
  const flags = flagsOf('jacobian', options, JACOBIAN_OPTIONS);
  const [list, several] = listed('jacobian', 'inputs', inputs);
  const [rows, outputs] = jacobianOf('jacobian', f, list, flags);
  const results = rows.map((row) => returned(row, several, flags.createGraph));
  return (outputs ? results : results[0]!) as Jacobian<Outputs, Inputs>;
}

/** The function's one value. */
function scalar(op: string, f: unknown, inputs: readonly Tensor[]): Tensor {
  const [outputs, several] = evaluate(op, f, inputs);
  if (several) throw new ArgumentError(`${op}: expected the function to return one Tensor, got several`);
  const out = outputs[0]!;
  if (out.numel() !== 1)
    throw new ShapeError(
      `${op}: expected the function to return a tensor of one element, got shape ${showShape(out.shape)}`,
    );
  return out;
}

function checkRecorded(op: string, list: readonly (Tensor | null)[], strict: boolean): void {
  if (!strict) return;
  for (const t of list)
    if (t === null || !t.requiresGrad)
      throw new AutogradError(
        `${op}: the derivative of the function is independent of an input, which strict mode doesn't allow`,
      );
}

/**
 * The matrix of second derivatives of a function of one value; for several inputs a square of them
 * (https://pytorch.org/docs/stable/generated/torch.autograd.functional.hessian.html).
 */
export function hessian<Inputs extends Tensors>(
  f: TensorFunction<Tensor>,
  inputs: Inputs,
  options: JacobianOptions = {},
): Inputs extends Tensor ? Tensor : Tensor[][] {
  checkFunction('hessian', f);
  const flags = flagsOf('hessian', options, JACOBIAN_OPTIONS);
  const [list, several] = listed('hessian', 'inputs', inputs);
  const gradient = (...given: Tensor[]): Tensor[] => {
    const value = (...own: Tensor[]): Tensor => scalar('hessian', f, own).reshape([]);
    const [rows] = jacobianOf('hessian', value, given, { createGraph: true, strict: flags.strict });
    checkRecorded('hessian', rows[0]!, flags.strict);
    return rows[0]!;
  };
  const [rows] = jacobianOf('hessian', gradient, list, flags);
  const results = rows.map((row) => returned(row, several, flags.createGraph));
  return (several ? results : results[0]!) as Inputs extends Tensor ? Tensor : Tensor[][];
}

/** The vector, as the tensors that it must be like; left out for one of one element. */
function vector(op: string, v: unknown, like: readonly Tensor[], several: boolean): Tensor[] {
  if (v === null || v === undefined) {
    if (like.length !== 1 || like[0]!.numel() !== 1)
      throw new ArgumentError(`${op}: v can be left out only for one tensor of one element`);
    return [arithmetic.full(like[0]!.shape, like[0]!.code, like[0]!.place, 1)];
  }
  const [list, isList] = listed(op, 'v', v);
  if (isList !== several && !(several && like.length === 1))
    throw new ArgumentError(
      `${op}: expected v to be ${several ? `an array of ${like.length} tensors` : 'a Tensor'}, got ${describe(v)}`,
    );
  if (list.length !== like.length)
    throw new ArgumentError(`${op}: expected ${like.length} tensors in v, got ${list.length}`);
  list.forEach((t, i) => {
    if (!sameShape(t.shape, like[i]!.shape))
      throw new ShapeError(
        `${op}: expected v of shape ${showShape(like[i]!.shape)}, got ${showShape(t.shape)}`,
      );
  });
  return list;
}

export interface VectorOptions extends FunctionalOptions {
  v?: Tensors | null;
}

function isVector(value: unknown): boolean {
  return value === null || value instanceof Tensor || Array.isArray(value);
}

/** `v` by position or by name, and the flags. */
function vectorArguments(
  op: string,
  f: unknown,
  third: unknown,
  fourth: unknown,
): readonly [v: unknown, flags: Flags] {
  checkFunction(op, f);
  if (third === undefined || isVector(third))
    return [third, flagsOf(op, fourth === undefined ? {} : fourth, OPTIONS)];
  const flags = flagsOf(op, third, VECTOR_OPTIONS);
  return [(third as VectorOptions).v, flags];
}

/**
 * The product of a vector with the Jacobian of `f`, and what `f` returned:
 * [outputs, vjp] (https://pytorch.org/docs/stable/generated/torch.autograd.functional.vjp.html).
 * @param v Like the outputs; may be left out for one output of one element.
 */
export function vjp<Outputs extends Tensors, Inputs extends Tensors>(
  f: TensorFunction<Outputs>,
  inputs: Inputs,
  v?: Tensors | null | VectorOptions,
  options?: FunctionalOptions,
): [outputs: Like<Outputs>, vjp: Like<Inputs>] {
  const [weights, flags] = vectorArguments('vjp', f, v, options);
  const { createGraph, strict } = flags;
  const [given, several] = listed('vjp', 'inputs', inputs);
  const [outputs, outputsListed, grads] = withGradMode('vjp', true, () => {
    const list = prepared('vjp', given, createGraph, true);
    const [outs, outsListed] = evaluate('vjp', f, list);
    if (strict) checkRecorded('vjp', outs, true);
    const seeds = vector('vjp', weights, outs, outsListed);
    const found = gradients(outs, list, seeds, createGraph);
    return [outs, outsListed, filled('vjp', found, list, flags, input)] as const;
  });
  return [
    returned(outputs, outputsListed, createGraph) as Like<Outputs>,
    returned(grads, several, createGraph) as Like<Inputs>,
  ];
}

/** Zeros to be differentiated by. */
function placeholders(like: readonly (Tensor | null)[], inputs: readonly Tensor[]): Tensor[] {
  return like.map((t, i) => zerosLike(t ?? inputs[i]!).requiresGrad_());
}

/**
 * The product of the Jacobian of `f` with a vector, and what `f` returned: [outputs, jvp], by differentiating twice
 * (https://pytorch.org/docs/stable/generated/torch.autograd.functional.jvp.html).
 * @param v Like the inputs; may be left out for one input of one element.
 */
export function jvp<Outputs extends Tensors, Inputs extends Tensors>(
  f: TensorFunction<Outputs>,
  inputs: Inputs,
  v?: Tensors | null | VectorOptions,
  options?: FunctionalOptions,
): [outputs: Like<Outputs>, jvp: Like<Outputs>] {
  const [weights, flags] = vectorArguments('jvp', f, v, options);
  const { createGraph, strict } = flags;
  const [given, several] = listed('jvp', 'inputs', inputs);
  const [outputs, outputsListed, products] = withGradMode('jvp', true, () => {
    const directions = vector('jvp', weights, given, several);
    const list = prepared('jvp', given, createGraph, true);
    const [outs, outsListed] = evaluate('jvp', f, list);
    checkRecorded('jvp', outs, strict);
    const seeds = placeholders(outs, outs);
    const backward = gradients(outs, list, seeds, true);
    checkRecorded('jvp', backward, strict);
    const found = gradients(backward, seeds, directions, createGraph);
    return [outs, outsListed, filled('jvp', found, outs, flags, input)] as const;
  });
  return [
    returned(outputs, outputsListed, createGraph) as Like<Outputs>,
    returned(products, outputsListed, createGraph) as Like<Outputs>,
  ];
}

/**
 * The product of a vector with the Hessian of a function of one value, and that value: [output, vhp]
 * (https://pytorch.org/docs/stable/generated/torch.autograd.functional.vhp.html).
 */
export function vhp<Inputs extends Tensors>(
  f: TensorFunction<Tensor>,
  inputs: Inputs,
  v?: Tensors | null | VectorOptions,
  options?: FunctionalOptions,
): [output: Tensor, vhp: Like<Inputs>] {
  return hessianProduct('vhp', f, inputs, v, options, (gradient, list, directions, createGraph) =>
    gradients(gradient, list, directions, createGraph),
  );
}

/**
 * The product of the Hessian of a function of one value with a vector, and that value: [output, hvp]
 * (https://pytorch.org/docs/stable/generated/torch.autograd.functional.hvp.html).
 */
export function hvp<Inputs extends Tensors>(
  f: TensorFunction<Tensor>,
  inputs: Inputs,
  v?: Tensors | null | VectorOptions,
  options?: FunctionalOptions,
): [output: Tensor, hvp: Like<Inputs>] {
  return hessianProduct('hvp', f, inputs, v, options, (gradient, list, directions, createGraph, strict) => {
    const seeds = placeholders(gradient, list);
    const twice = gradients(gradient, list, seeds, true);
    checkRecorded('hvp', twice, strict);
    return gradients(twice, seeds, directions, createGraph);
  });
}

function hessianProduct<Inputs extends Tensors>(
  op: string,
  f: unknown,
  inputs: Inputs,
  v: unknown,
  options: unknown,
  product: (
    gradient: readonly (Tensor | null)[],
    inputs: readonly Tensor[],
    directions: readonly Tensor[],
    createGraph: boolean,
    strict: boolean,
  ) => (Tensor | null)[],
): [Tensor, Like<Inputs>] {
  const [weights, flags] = vectorArguments(op, f, v, options);
  const { createGraph, strict } = flags;
  const [given, several] = listed(op, 'inputs', inputs);
  const [output, products] = withGradMode(op, true, () => {
    const directions = vector(op, weights, given, several);
    const list = prepared(op, given, createGraph, true);
    const out = scalar(op, f, list);
    checkRecorded(op, [out], strict);
    const gradient = gradients([out], list, null, true);
    checkRecorded(op, gradient, strict);
    const found = product(gradient, list, directions, createGraph, strict);
    return [out, filled(op, found, list, flags, input)] as const;
  });
  return [
    returned([output], false, createGraph) as Tensor,
    returned(products, several, createGraph) as Like<Inputs>,
  ];
}
