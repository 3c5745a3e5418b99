/** Several tensors as one. */
import { defineGradient, record } from '../autograd/node';
import { promoteCodes } from '../dtype';
import { ArgumentError, ShapeError, describe } from '../errors';
import { sameShape, showShape, wrapDim } from '../shape';
import { type Tensor, checkTensor, cudaInUse, uninitialised } from '../tensor';
import { bindArguments } from './arguments';
import { gathered } from './devices';
import { fullOf } from './kernel';
import { fillWith } from './parts';
import { checkRoom, narrow, select, unsqueeze } from './view';

interface Joined {
  readonly dim: number;
  /** null for what was skipped. */
  readonly sizes: readonly (number | null)[];
}

/** Whether `cat` takes t for nothing, whatever the others' shape. */
const skipped = (t: Tensor): boolean => t.shape.length === 1 && t.shape[0] === 0;

const Cat = defineGradient<Joined>('Cat', (grad, node, { dim, sizes }) => {
  let start = 0;
  return sizes.map((size, i) => {
    if (size === null) return node.needs(i) ? fullOf([0], grad.code, grad.place, 0) : null;
    const from = start;
    start += size;
    return node.needs(i) ? narrow(grad, dim, from, size) : null;
  });
});
const Stack = defineGradient<number>('Stack', (grad, node, dim) =>
  Array.from({ length: grad.shape[dim]! }, (_, i) => (node.needs(i) ? select(grad, dim, i) : null)),
);

function checkTensors(op: string, tensors: unknown): asserts tensors is readonly Tensor[] {
  if (!Array.isArray(tensors) || tensors.length === 0)
    throw new ArgumentError(`${op}: expected a list of at least one Tensor, got ${describe(tensors)}`);
  for (const t of tensors as unknown[]) checkTensor(op, t, 'each element');
}

/** `join`, whose arguments may be given by name. */
function joining(op: string, join: (tensors: readonly Tensor[], dim?: number) => Tensor): Joining {
  return (...given: readonly unknown[]) => {
    const [tensors, dim] = bindArguments(op, ['tensors', 'dim'], given);
    return join(tensors as readonly Tensor[], dim as number | undefined);
  };
}

interface Joining {
  (tensors: readonly Tensor[], dim?: number): Tensor;
  (tensors: readonly Tensor[], options: { dim?: number }): Tensor;
  (options: { tensors: readonly Tensor[]; dim?: number }): Tensor;
}

/** One behind the other along an existing dimension; other sizes must agree (1-d empty tensors are skipped). */
export const cat = joining('cat', (tensors, dim = 0) => {
  checkTensors('cat', tensors);
  if (cudaInUse) tensors = gathered('cat', ...tensors);
  const counted = tensors.filter((t) => !skipped(t));
  const first = counted[0] ?? tensors[0]!;
  if (tensors.some((t) => t.shape.length === 0))
    throw new ShapeError('cat: 0-d tensors have no dimension to join; use stack');
  const d = counted.length === 0 ? 0 : wrapDim('cat', dim, first.shape.length);
  for (const t of counted)
    if (t.shape.length !== first.shape.length || t.shape.some((n, i) => i !== d && n !== first.shape[i]))
      throw new ShapeError(
        `cat: sizes must agree except in dimension ${d}: got ${showShape(first.shape)} and ${showShape(t.shape)}`,
      );
  const sizes = tensors.map((t) => (skipped(t) ? null : t.shape[d]!));
  const code = tensors.reduce((c, t) => promoteCodes(c, t.code), first.code);
  const shape = first.shape.map((n, i) =>
    i === d ? sizes.reduce<number>((a, size) => a + (size ?? 0), 0) : n,
  );
  const out = uninitialised(shape, code, first.place, 'cat');
  tensors.forEach((t, i) => {
    if (t.isDisposed) throw new ArgumentError(`cat: tensor ${i} was disposed`);
  });
  fillWith(out, d, () => counted);
  return record(out, Cat, tensors, [], { dim: d, sizes });
});

/** One behind the other along a new dimension; all of one shape. */
export const stack = joining('stack', (tensors, dim = 0) => {
  checkTensors('stack', tensors);
  if (cudaInUse) tensors = gathered('stack', ...tensors);
  const first = tensors[0]!;
  checkRoom('stack', first.shape);
  const d = wrapDim('stack', dim, first.shape.length + 1);
  for (const t of tensors)
    if (!sameShape(t.shape, first.shape))
      throw new ShapeError(
        `stack: expected tensors of one shape, got ${showShape(first.shape)} and ${showShape(t.shape)}`,
      );
  const code = tensors.reduce((c, t) => promoteCodes(c, t.code), first.code);
  const shape = [...first.shape.slice(0, d), tensors.length, ...first.shape.slice(d)];
  const out = uninitialised(shape, code, first.place, 'stack');
  fillWith(out, d, () => tensors.map((t) => unsqueeze(t.detach(), d)));
  return record(out, Stack, tensors, [], d);
});
