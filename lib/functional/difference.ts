/** Differences of neighbours. */
import { Code } from '../dtype';
import { ArgumentError, ShapeError } from '../errors';
import { showShape, wrapDim } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { bindArguments, integerArgument } from './arguments';
import { sub } from './arithmetic';
import { logicalXor } from './compare';
import { clone } from './copy';
import { cat } from './join';
import { narrow } from './view';

export interface DiffOptions {
  /** How often differences are taken. */
  n?: number;
  dim?: number;
  /** Put before x. */
  prepend?: Tensor | null;
  /** Put behind x. */
  append?: Tensor | null;
}

/** x with what is to be put before and behind it. */
function extended(x: Tensor, dim: number, prepend: unknown, append: unknown): Tensor {
  const [before, behind] = [prepend ?? null, append ?? null].map((t, i) => {
    if (t === null) return [];
    checkTensor('diff', t, i === 0 ? 'prepend' : 'append');
    if (t.shape.length !== x.shape.length || t.shape.some((n, d) => d !== dim && n !== x.shape[d]))
      throw new ShapeError(
        `diff: expected ${i === 0 ? 'prepend' : 'append'} of x's shape except in dimension ${dim}, got ${showShape(t.shape)} and ${showShape(x.shape)}`,
      );
    return [t];
  }) as [Tensor[], Tensor[]];
  return before.length + behind.length === 0 ? x : cat([...before, x, ...behind], dim);
}

/** The n-th differences along `dim` (the last); of booleans where they change (https://pytorch.org/docs/stable/generated/torch.diff.html). */
export function diff(x: Tensor, n?: number, dim?: number, prepend?: Tensor, append?: Tensor): Tensor;
export function diff(x: Tensor, options: DiffOptions): Tensor;
export function diff(x: Tensor, n: number, options: Omit<DiffOptions, 'n'>): Tensor;
export function diff(x: Tensor, n: number, dim: number, options: Omit<DiffOptions, 'n' | 'dim'>): Tensor;
export function diff(x: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('diff', x);
  const [n = 1, dim = -1, prepend, append] = bindArguments('diff', ['n', 'dim', 'prepend', 'append'], given);
  const times = integerArgument('diff', 'n', n);
  if (times < 0) throw new ArgumentError(`diff: expected n >= 0, got ${times}`);
  if (x.shape.length === 0) throw new ShapeError('diff: expected at least one dimension, got shape []');
  const d = wrapDim('diff', dim, x.shape.length);
  let out = extended(x, d, prepend, append);
  if (times === 0) return out === x ? clone(x) : out;
  for (let i = Math.min(times, Math.max(out.shape[d]!, 1)); i > 0; i--) {
    const length = Math.max(out.shape[d]! - 1, 0);
    const [next, before] = [narrow(out, d, out.shape[d]! - length, length), narrow(out, d, 0, length)];
    out = out.code === Code.bool ? logicalXor(next, before) : sub(next, before);
  }
  return out;
}
