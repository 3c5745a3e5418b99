/** Attention: one kernel forward and one backward, neither of which makes the matrix of scores. */
import { autocastUsed } from '../../autograd/mode';
import { lowered } from '../autocast';
import { Op } from '../../backend/ops.generated';
import { gradEnabled } from '../../autograd/mode';
import { attach, defineGradient, requiresGrad } from '../../autograd/node';
import { COMPUTE, Code, isFloatingCode } from '../../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../../errors';
import { broadcastShapes, broadcastsTo, sameShape, showShape, type Shape } from '../../shape';
import { type Tensor, checkTensor, cudaInUse } from '../../tensor';
import { bindArguments, booleanArgument, numberArgument } from '../arguments';
import { cast } from '../cast';
import { gathered } from '../devices';
import { launchMany } from '../kernel';
import { repeatInterleave } from '../repeat';
import { expand } from '../view';
import { composedAttention, composedGradients, type Looking } from './composed';

const OP = 'scaledDotProductAttention';

type Operands = [query: Tensor, key: Tensor, value: Tensor, mask: Tensor | null];

const present = (tensors: readonly (Tensor | null)[]): Tensor[] =>
  tensors.filter((t): t is Tensor => t !== null);

const Attention = defineGradient<Looking>('ScaledDotProductFlashAttentionForCpu', (grad, node, looking) => {
  const operands: Operands = [node.input(0), node.input(1), node.input(2), node.optional(3)];
  if (gradEnabled()) return composedGradients(grad, operands, looking);
  const [query, key, value, mask] = operands;
  const tensors = [query, key, value];
  return launchMany(
    Op.attentionBackward,
    COMPUTE[query.code]!,
    tensors.map((t) => t.shape),
    tensors.map((t) => t.code),
    present([grad, query, key, value, node.input(4), node.input(5), mask]),
    [Number(looking.causal), looking.scale],
  );
});

/** Operands of one batch, without a gradient for the mask. */
function fusedAttention(operands: Operands, looking: Looking): Tensor {
  const [query, key, value, mask] = operands;
  const rows = query.shape.slice(0, -1);
  const compute = COMPUTE[query.code]!;
  const [out, sums] = launchMany(
    Op.attention,
    compute,
    [[...rows, value.shape.at(-1)!], rows],
    [query.code, compute],
    present(operands),
    [Number(looking.causal), looking.scale],
  ) as [Tensor, Tensor];
  if (gradEnabled() && (requiresGrad(query) || requiresGrad(key) || requiresGrad(value))) {
    const node = attach(out, Attention, [query, key, value], [query, key, value, mask, out, sums], looking);
    node.privates = [sums];
  }
  return out;
}

/** What is wrong with the operands, if anything. */
function checkOperands(query: Tensor, key: Tensor, value: Tensor): void {
  const shapes = [query, key, value].map((t) => showShape(t.shape)).join(', ');
  const [q, k, v] = [query.shape, key.shape, value.shape];
  if (q.length < 2 || k.length < 2 || v.length < 2 || q.at(-1) !== k.at(-1) || k.at(-2) !== v.at(-2))
    throw new ShapeError(
      `${OP}: expected query [..., l, e], key [..., s, e] and value [..., s, d], got ${shapes}`,
    );
  if (query.code !== key.code || query.code !== value.code)
    throw new DTypeError(
      `${OP}: expected operands of one dtype, got ${query.dtype}, ${key.dtype} and ${value.dtype}`,
    );
  if (!isFloatingCode(query.code)) throw new DTypeError(`${OP}: expected floating point, got ${query.dtype}`);
}

/** The mask as an operand: bool, or of the others' dtype. */
function checkedMask(mask: Tensor, query: Tensor, scores: Shape): Tensor {
  if (mask.code !== Code.bool && mask.code !== query.code && mask.code !== Code.float32)
    throw new DTypeError(`${OP}: expected attnMask to be bool or ${query.dtype}, got ${mask.dtype}`);
  if (!broadcastsTo(mask.shape, scores))
    throw new ShapeError(
      `${OP}: expected attnMask to broadcast to ${showShape(scores)}, got ${showShape(mask.shape)}`,
    );
  return mask.code === Code.bool ? mask : cast(mask, query.code);
}

/** Keys or values, each for as many heads of queries as share it. */
function forEachHead(name: string, x: Tensor, heads: number): Tensor {
  const own = x.shape.at(-3) ?? 1;
  if (own === heads) return x;
  if (x.shape.length < 3 || own === 0 || heads % own !== 0)
    throw new ShapeError(
      `${OP}: expected the number of query heads (${heads}) to be a multiple of those of ${name}, got ${own}`,
    );
  return repeatInterleave(x, heads / own, -3);
}

/** One batch for all three. */
function inOneBatch(tensors: readonly Tensor[]): [Tensor, Tensor, Tensor] {
  const batch: Shape = tensors
    .map((t): Shape => t.shape.slice(0, -2))
    .reduce((a, b) => (sameShape(a, b) ? a : broadcastShapes(OP, a, b)));
  return tensors.map((t) =>
    sameShape(t.shape.slice(0, -2), batch) ? t : expand(t, [...batch, ...t.shape.slice(-2)]),
  ) as [Tensor, Tensor, Tensor];
}

export interface AttentionOptions {
  attnMask?: Tensor | null;
  dropoutP?: number;
  isCausal?: boolean;
  /** 1/√e unless given. */
  scale?: number | null;
  enableGqa?: boolean;
}

const NAMES = ['attnMask', 'dropoutP', 'isCausal', 'scale', 'enableGqa'];

/**
 * softmax(scale query keyᵀ + mask) value (https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html):
 * query [..., l, e], key [..., s, e], value [..., s, d]; gives [..., l, d]. `attnMask`, which broadcasts to [..., l, s],
 * says where to look (bool) or is added to the scores; `isCausal` hides what comes later. A query that may look nowhere
 * gives 0. With `enableGqa` several heads of queries share one of keys and values. `dropoutP` applies whenever it is not 0.
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  attnMask?: Tensor | null,
  dropoutP?: number,
  isCausal?: boolean,
  options?: AttentionOptions,
): Tensor;
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions,
): Tensor;
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  ...given: readonly unknown[]
): Tensor {
  checkTensor(OP, query, 'query');
  checkTensor(OP, key, 'key');
  checkTensor(OP, value, 'value');
  const [attnMask, dropoutP = 0, isCausal, scaleGiven, enableGqa] = bindArguments(OP, NAMES, given);
  let mask = (attnMask ?? null) as Tensor | null;
  if (mask !== null) checkTensor(OP, mask, 'attnMask');
  if (autocastUsed) [query, key, value, mask] = lowered([query, key, value, mask] as const);
  const dropout = numberArgument(OP, 'dropoutP', dropoutP);
  if (!(dropout >= 0 && dropout <= 1))
    throw new ArgumentError(`${OP}: expected dropoutP between 0 and 1, got ${describe(dropoutP)}`);
  const causal = booleanArgument(OP, 'isCausal', isCausal, false);
  if (cudaInUse) [query, key, value, mask] = gathered(OP, query, key, value, mask);
  checkOperands(query, key, value);
  const size = query.shape.at(-1)!;
  const scale = numberArgument(OP, 'scale', scaleGiven ?? 1 / Math.sqrt(size));
  if (booleanArgument(OP, 'enableGqa', enableGqa, false)) {
    const heads = query.shape.at(-3) ?? 1;
    [key, value] = [forEachHead('key', key, heads), forEachHead('value', value, heads)];
  }
  [query, key, value] = inOneBatch([query, key, value]);
  const scores = [...query.shape.slice(0, -1), key.shape.at(-2)!];
  if (mask !== null) mask = checkedMask(mask, query, scores);
  const looking = { scale, causal };
  const operands: Operands = [query, key, value, mask];
  const composed = dropout > 0 || (mask !== null && gradEnabled() && requiresGrad(mask));
  return composed ? composedAttention(operands, looking, dropout) : fusedAttention(operands, looking);
}
