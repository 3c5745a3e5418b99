/** Normalisation by the squares of neighbouring channels. */
import { autocastUsed } from '../../autograd/mode';
import { ArgumentError, ShapeError } from '../../errors';
import { showShape } from '../../shape';
import type { Tensor } from '../../tensor';
import { add, div, mul } from '../arithmetic';
import { integerArgument, named, numberArgument } from '../arguments';
import { widened } from '../autocast';
import { cat } from '../join';
import { fullOf } from '../kernel';
import { pow } from '../pointwise';
import { sum } from '../reduce';
import { unfold } from '../strided';
import { narrow } from '../view';
import { checkFloatingInput } from './operands';

/** The sum of x and its neighbours along dimension 1, so many before and after it. */
function windowSums(x: Tensor, before: number, after: number): Tensor {
  const zeros = (n: number): Tensor =>
    fullOf(
      x.shape.map((size, i) => (i === 1 ? n : size)),
      x.code,
      x.place,
      0,
    );
  const [above, below] = [before, after].map((n) => Math.min(n, x.shape[1]!)) as [number, number];
  const padded = cat([zeros(above), x, zeros(below)], 1);
  return sum(unfold(padded, 1, above + below + 1, 1), -1);
}

/** x / (k + alpha · mean of squares) ^ beta */
function responded(x: Tensor, squares: Tensor, alpha: number, beta: number, k: number): Tensor {
  return div(x, pow(add(mul(squares, alpha), k), beta));
}

interface ResponseOptions {
  size?: number;
  alpha?: number;
  beta?: number;
  k?: number;
}

/**
 * x / (k + alpha · mean of x² over `size` neighbouring channels) ^ beta: x [n, c, d, ...]
 * (https://pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html).
 */
export const localResponseNorm = named<
  [size: number, alpha?: number, beta?: number, k?: number],
  ResponseOptions,
  Tensor
>('localResponseNorm', ['size', 'alpha', 'beta', 'k'], (x, size, alpha = 1e-4, beta = 0.75, k = 1) => {
  const op = 'localResponseNorm';
  checkFloatingInput(op, x);
  const n = checkResponse(op, x, 3, size, { alpha, beta, k });
  if (x.count === 0) return x;
  let squares = mul(x, x);
  // PyTorch's sums are means by `avgPool3d` then, and otherwise by `avgPool2d`, which autocast leaves alone.
  if (autocastUsed && x.shape.length > 3) [squares] = widened([squares] as const, 'cpu');
  const sums = windowSums(squares, Math.floor(n / 2), Math.floor((n - 1) / 2));
  return responded(x, sums, alpha / n, beta, k);
});

/** @internal The same with a window that is centred on its channel: x [n, c, h, w]. */
export function crossMapLRN2d(x: Tensor, size: number, alpha: number, beta: number, k: number): Tensor {
  checkFloatingInput('CrossMapLRN2d', x);
  const n = checkResponse('CrossMapLRN2d', x, 4, size, { alpha, beta, k });
  if (x.count === 0) return x;
  const reach = Math.floor((n - 1) / 2);
  const square = mul(x, x);
  const squares = windowSums(square, reach, reach);
  // PyTorch's window goes on without ever leaving the first channel.
  const beyond = x.shape[1]! - reach - 1;
  if (beyond <= 0) return responded(x, squares, alpha / n, beta, k);
  const near = narrow(squares, 1, 0, reach + 1);
  const far = add(narrow(squares, 1, reach + 1, beyond), narrow(square, 1, 0, 1));
  return responded(x, cat([near, far], 1), alpha / n, beta, k);
}

function checkResponse(
  op: string,
  x: Tensor,
  rank: number,
  size: unknown,
  numbers: Record<string, unknown>,
): number {
  const n = integerArgument(op, 'size', size);
  if (n < 1) throw new ArgumentError(`${op}: expected size > 0, got ${n}`);
  for (const [name, value] of Object.entries(numbers)) numberArgument(op, name, value);
  if (x.shape.length < rank)
    throw new ShapeError(`${op}: expected at least ${rank} dimensions, got ${showShape(x.shape)}`);
  return n;
}
