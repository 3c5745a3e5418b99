/** Attention made of ordinary functions: what the kernel can't do, and what is differentiated twice. */
import { COMPUTE, Code } from '../../dtype';
import type { Tensor } from '../../tensor';
import { softmax } from '../softmax';
import { add, mul, sub } from '../arithmetic';
import { cast } from '../cast';
import { eq } from '../compare';
import { dropout } from '../dropout';
import { fullOf } from '../kernel';
import { matmul } from '../matmul';
import { all, sum } from '../reduce';
import { tril } from '../triangle';
import { transpose } from '../view';
import { where } from '../where';

/** How queries look at keys. */
export interface Looking {
  readonly scale: number;
  readonly causal: boolean;
}

const swapped = (x: Tensor): Tensor => transpose(x, -2, -1);

/** Whether query i may look at key j: at itself and at those before it. */
function causalMask(queries: number, keys: number, place: number): Tensor {
  return tril(fullOf([queries, keys], Code.bool, place, 1));
}

/** The probabilities with which queries look at keys; all are 0 for one that may look at none. */
export function probabilities(
  query: Tensor,
  key: Tensor,
  given: Tensor | null,
  { scale, causal }: Looking,
): Tensor {
  const scores = mul(matmul(query, swapped(key)), scale);
  if (given === null && !causal) return softmax(scores, -1);
  let masked = scores;
  if (given !== null)
    masked = given.code === Code.bool ? where(given, masked, -Infinity) : add(masked, given);
  if (causal)
    masked = where(causalMask(query.shape.at(-2)!, key.shape.at(-2)!, query.place), masked, -Infinity);
  const blind = all(eq(masked, -Infinity), -1, true);
  return where(blind, 0, softmax(where(blind, 0, masked), -1));
}

/** Of half types in float32, and their results rounded once. */
export function inWideType<Result extends Tensor | Tensor[]>(
  tensors: readonly Tensor[],
  f: (wide: readonly Tensor[]) => Result,
): Result {
  const { code } = tensors[0]!;
  if (code !== Code.float16 && code !== Code.bfloat16) return f(tensors);
  const out = f(tensors.map((t) => (t.code === Code.bool ? t : cast(t, COMPUTE[code]!))));
  return (Array.isArray(out) ? out.map((t) => cast(t, code)) : cast(out, code)) as Result;
}

/** softmax(scale query keyᵀ + mask) value, with dropout of the probabilities. */
export function composedAttention(
  tensors: readonly [query: Tensor, key: Tensor, value: Tensor, mask: Tensor | null],
  looking: Looking,
  rate: number,
): Tensor {
  const [query, key, value, mask] = tensors;
  const operands = mask === null ? [query, key, value] : [query, key, value, mask];
  return inWideType(operands, ([q, k, v, m]) => {
    const p = probabilities(q!, k!, m ?? null, looking);
    return matmul(rate > 0 ? dropout(p, rate) : p, v!);
  });
}

/** The gradients of query, key and value, which can be differentiated again. */
export function composedGradients(
  grad: Tensor,
  tensors: readonly [query: Tensor, key: Tensor, value: Tensor, mask: Tensor | null],
  looking: Looking,
): Tensor[] {
  const [query, key, value, mask] = tensors;
  const operands = mask === null ? [grad, query, key, value] : [grad, query, key, value, mask];
  return inWideType(operands, ([g, q, k, v, m]) => {
    const p = probabilities(q!, k!, m ?? null, looking);
    const slope = matmul(g!, swapped(v!));
    const scores = mul(mul(p, sub(slope, sum(mul(slope, p), -1, true))), looking.scale);
    return [matmul(scores, k!), matmul(swapped(scores), q!), matmul(swapped(p), g!)];
  });
}
