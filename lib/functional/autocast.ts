/** What operations do with their operands while autocast is on: see lib/amp/autocast.ts. */
import { autocastUsed, currentModes, gradEnabled, withModes, type Autocast } from '../autograd/mode';
import { CPU } from '../device';
import { Code, isFloatingCode, promoteCodes } from '../dtype';
import { Tensor } from '../tensor';
import { isListOf, isOptions } from './arguments';
import { cast } from './cast';

/** The autocast in force. */
function inForce(): Autocast | null {
  return autocastUsed ? currentModes().autocast : null;
}

/** Whether a tensor takes part: on the device, floating point, and not of float64. */
function takesPart(t: Tensor, autocast: Autocast): boolean {
  return (
    !t.isDisposed &&
    (t.place !== CPU) === autocast.isCuda &&
    isFloatingCode(t.code) &&
    t.code !== Code.float64
  );
}

function castTo(t: Tensor, code: number, autocast: Autocast): Tensor {
  if (t.code === code || !takesPart(t, autocast)) return t;
  const { cache } = autocast;
  // What is cast without recording has no way back to the leaf: it is not for those who record.
  const isKept = t.requiresGrad && t.isLeaf && t.code === Code.float32 && gradEnabled();
  if (cache === null || code !== autocast.code || !isKept) return cast(t, code);
  const known = cache.get(t);
  if (known !== undefined && known.version === t.version && !known.made.isDisposed) return known.made;
  const made = cast(t, code);
  cache.set(t, { version: t.version, made });
  return made;
}

/** Arguments with the tensors in them, in lists and in options as well, replaced. */
function replaced(value: unknown, f: (t: Tensor) => Tensor): unknown {
  if (value instanceof Tensor) return f(value);
  if (isListOf(value, (_, i) => i in (value as unknown[]))) return value.map((item) => replaced(item, f));
  if (!isOptions(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, f)]));
}

type AnyFunction = (...args: never[]) => unknown;

/** Where a function is cast; on both kinds of device, if it is left out. PyTorch's lists for them differ. */
type Where = 'cpu' | 'cuda';

function inForceOn(where: Where | undefined): Autocast | null {
  const autocast = inForce();
  return autocast === null || where === undefined || autocast.isCuda === (where === 'cuda') ? autocast : null;
}

function casting<F extends AnyFunction>(
  f: F,
  codeOf: (autocast: Autocast) => number,
  where: Where | undefined,
): F {
  const call = f as unknown as (...args: unknown[]) => unknown;
  const wrapped = (...args: unknown[]): unknown => {
    const autocast = inForceOn(where);
    if (autocast === null) return call(...args);
    const code = codeOf(autocast);
    const operands = replaced(args, (t) => castTo(t, code, autocast)) as unknown[];
    // What the function is made of is not cast again: its products are in the dtype that it is in.
    return withModes('autocast', { autocast: null }, () => call(...operands));
  };
  for (const key of ['name', 'length'] as const)
    Object.defineProperty(wrapped, key, { value: f[key], configurable: true });
  return wrapped as unknown as F;
}

/** A function whose tensors become the lower precision. */
export function inLowPrecision<F extends AnyFunction>(f: F, where?: Where): F {
  return casting(f, (autocast) => autocast.code, where);
}

/** A function whose tensors become float32. */
export function inFloat32<F extends AnyFunction>(f: F, where?: Where): F {
  return casting(f, () => Code.float32, where);
}

/** Whether autocast casts a tensor here, if an operation is one of those that it is for. */
export function isCast(t: Tensor): boolean {
  const autocast = inForce();
  return autocast !== null && takesPart(t, autocast);
}

/** The operands of a product in the lower precision; for functions that are called so often that a wrapper counts. */
export function lowered<Operands extends readonly unknown[]>(operands: Operands, where?: Where): Operands {
  const autocast = inForceOn(where);
  if (autocast === null) return operands;
  return replaced(operands, (t) => castTo(t, autocast.code, autocast)) as Operands;
}

/** Operands in float32. */
export function widened<Operands extends readonly unknown[]>(operands: Operands, where?: Where): Operands {
  const autocast = inForceOn(where);
  if (autocast === null) return operands;
  return replaced(operands, (t) => castTo(t, Code.float32, autocast)) as Operands;
}

/** Operands in the one dtype that all of them promote to; for functions that would not take several. */
export function promoted<Operands extends readonly unknown[]>(operands: Operands, where?: Where): Operands {
  const autocast = inForceOn(where);
  if (autocast === null) return operands;
  const codes: number[] = [];
  replaced(operands, (t) => {
    if (takesPart(t, autocast)) codes.push(t.code);
    return t;
  });
  const code = codes.reduce((one, other) => promoteCodes(one, other), codes[0] ?? autocast.code);
  return replaced(operands, (t) => castTo(t, code, autocast)) as Operands;
}
