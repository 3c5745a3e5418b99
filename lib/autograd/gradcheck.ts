/** Derivatives compared with differences (https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html). */
import { AutogradError, ArgumentError, describe } from '../errors';
import { isFloatingCode } from '../dtype';
import { type Tensor, checkTensor } from '../tensor';
import { arithmetic } from './arithmetic';
import { checkNames, grad } from './backward';
import { enableGrad, noGrad } from './grad-mode';

export interface GradcheckOptions {
  /** Half the distance of the two points of a difference. */
  eps?: number;
  atol?: number;
  rtol?: number;
}

/** Computes one tensor or several from tensors. */
export type Differentiable = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

function outputsOf(op: string, f: Differentiable, inputs: readonly Tensor[]): Tensor[] {
  const out: unknown = f(...inputs);
  const list: readonly unknown[] = Array.isArray(out) ? out : [out];
  return list.map((t) => {
    checkTensor(op, t, 'what the function returns');
    return t;
  });
}

function checkArguments(op: string, f: unknown, inputs: unknown, options: unknown): void {
  if (typeof f !== 'function') throw new ArgumentError(`${op}: expected a function, got ${describe(f)}`);
  if (!Array.isArray(inputs))
    throw new ArgumentError(`${op}: expected a list of inputs, got ${describe(inputs)}`);
  for (const t of inputs as readonly unknown[]) checkTensor(op, t, 'each of inputs');
  checkNames(op, options, ['eps', 'atol', 'rtol']);
}

function numbers(t: Tensor): Float64Array {
  return Float64Array.from(t.toTypedArray() as Float64Array);
}

/** t with another value at a row-major position. */
function moved(t: Tensor, at: number, by: number): Tensor {
  const copy = arithmetic.clone(t.detach());
  const flat = copy.view(-1);
  flat.at(at).fill_(flat.at(at).item() + by);
  return copy;
}

/**
 * Compares the gradients of `f` with differences quotients, at float64 `inputs`; those that require gradients are checked.
 * @throws AutogradError that says which derivative differs.
 */
export function gradcheck(
  f: Differentiable,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): true {
  checkArguments('gradcheck', f, inputs, options);
  return compare(f, inputs, options, false);
}

/** Outputs that require no gradient must not depend on the inputs; they are looked at if `every` one is, or there are no others. */
function compare(
  f: Differentiable,
  inputs: readonly Tensor[],
  options: GradcheckOptions,
  every: boolean,
): true {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3 } = options;
  const checked = inputs.filter((t) => t.requiresGrad);
  if (checked.length === 0)
    throw new ArgumentError('gradcheck: expected at least one input that requires a gradient');
  for (const t of checked)
    if (t.dtype !== 'float64') throw new ArgumentError(`gradcheck: expected float64 inputs, got ${t.dtype}`);
  const outputs = enableGrad(() => outputsOf('gradcheck', f, inputs));
  const alone = !every && outputs.some((out) => out.requiresGrad);
  outputs.forEach((out, o) => {
    if (!isFloatingCode(out.code) || (alone && !out.requiresGrad)) return;
    const rows = Array.from({ length: out.numel() }, (_, k) => {
      if (!out.requiresGrad) return [];
      const weights = arithmetic.full(out.shape, out.code, out.place, 0);
      noGrad(() => weights.view(-1).at(k).fill_(1));
      return grad([out], checked, { gradOutputs: [weights], retainGraph: true, allowUnused: true }).map(
        (g) => (g === null ? null : numbers(g)),
      );
    });
    checked.forEach((x, i) => {
      for (let j = 0; j < x.numel(); j++) {
        const at = (by: number): Float64Array =>
          numbers(
            outputsAt(
              f,
              inputs.map((t) => (t === x ? moved(t, j, by).requiresGrad_() : t)),
              o,
            ),
          );
        const high = at(eps);
        const low = at(-eps);
        for (let k = 0; k < out.numel(); k++) {
          const numeric = (high[k]! - low[k]!) / (2 * eps);
          const analytic = rows[k]![i]?.[j] ?? 0;
          if (!isNear(numeric, analytic, rtol, atol))
            throw new AutogradError(
              `gradcheck: d output ${o}[${k}] / d input ${i}[${j}] is ${analytic}, the difference quotient ${numeric}`,
            );
        }
      }
    });
  });
  return true;
}

/** Whether |wanted - got| <= atol + rtol |wanted|: of infinities, only the same. */
function isNear(wanted: number, got: number, rtol: number, atol: number): boolean {
  if (wanted === got) return true;
  return Number.isFinite(wanted) && Math.abs(wanted - got) <= atol + rtol * Math.abs(wanted);
}

function outputsAt(f: Differentiable, inputs: readonly Tensor[], o: number): Tensor {
  return enableGrad(() => outputsOf('gradcheck', f, inputs))[o]!.detach();
}

/** `gradcheck` of the gradients of `f`: its second derivatives. */
export function gradgradcheck(
  f: Differentiable,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): true {
  checkArguments('gradgradcheck', f, inputs, options);
  const checked = inputs.map((t) => t.requiresGrad);
  const outputs = enableGrad(() => outputsOf('gradgradcheck', f, inputs)).filter((out) => out.requiresGrad);
  // Weights of the outputs, not all alike; they are differentiated too.
  const weights = outputs.map((out) => {
    const w = arithmetic.full(out.shape, out.code, out.place, 0);
    const flat = w.view(-1);
    for (let k = 0; k < w.numel(); k++) flat.at(k).fill_(((k * 7) % 5) / 4 - 0.4);
    return w.requiresGrad_();
  });
  const n = inputs.length;
  const gradients = (given: readonly Tensor[], createGraph: boolean): Tensor[] => {
    const own = given.slice(0, n);
    const outs = outputsOf('gradgradcheck', f, own).filter((out) => out.requiresGrad);
    if (outs.length === 0) return [];
    const wanted = own.filter((_, i) => checked[i]);
    return grad(outs, wanted, { gradOutputs: given.slice(n), createGraph, materializeGrads: true });
  };
  const given = [...inputs, ...weights];
  const [plain, recorded] = enableGrad(() => [gradients(given, false), gradients(given, true)]);
  checkSame(plain, recorded, options);
  return compare((...at) => gradients(at, true), given, options, true);
}

/** Recorded or not, a gradient is the same. */
function checkSame(plain: readonly Tensor[], recorded: readonly Tensor[], options: GradcheckOptions): void {
  const { atol = 1e-5, rtol = 1e-3 } = options;
  plain.forEach((g, i) => {
    const got = numbers(recorded[i]!);
    numbers(g).forEach((wanted, k) => {
      if (!isNear(wanted, got[k]!, rtol, atol))
        throw new AutogradError(
          `gradgradcheck: d outputs / d input ${i}[${k}] is ${got[k]} with createGraph, ${wanted} without`,
        );
    });
  });
}
