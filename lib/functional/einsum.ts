/** Sums of products by Einstein's convention. */
import { autocastUsed } from '../autograd/mode';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { MAX_RANK } from '../shape';
import { Code } from '../dtype';
import { type Tensor, checkTensor, cudaInUse } from '../tensor';
import { mul } from './arithmetic';
import { lowered } from './autocast';
import { gathered } from './devices';
import { parseEquation, type Label } from './equation';
import { diagonalOf } from './diagonal';
import { bmm, mm } from './matmul';
import { underName } from './node-name';
import { sum } from './reduce';
import { movedim, permute, reshape, squeeze } from './view';

/** A tensor whose dimensions have labels, each of them one. */
interface Labelled {
  readonly t: Tensor;
  readonly labels: readonly Label[];
}

type Sizes = ReadonlyMap<Label, number>;

/** The size of each label: sizes of 1 broadcast. */
function sizesOf(operands: readonly Labelled[]): Sizes {
  const sizes = new Map<Label, number>();
  operands.forEach(({ t, labels }, i) =>
    labels.forEach((label, d) => {
      const n = t.shape[d]!;
      const before = sizes.get(label) ?? 1;
      if (before !== 1 && n !== 1 && n !== before)
        throw new ShapeError(
          `einsum: ${label.startsWith('.') ? 'the ellipsis' : `subscript ${label}`} has size ${n} for operand ${i}, and ${before} before`,
        );
      if (before === 1) sizes.set(label, n);
    }),
  );
  return sizes;
}

/** A label that appears several times in one operand: the diagonal. */
function withoutRepeats({ t, labels }: Labelled, index: number): Labelled {
  const left = labels.slice();
  for (let d = 0; d < left.length; d++)
    for (let other = left.length - 1; other > d; other--) {
      if (left[other] !== left[d]) continue;
      const [n, m] = [t.shape[d]!, t.shape[other]!];
      if (n !== m)
        throw new ShapeError(
          `einsum: subscript ${left[d]} is repeated for operand ${index}, but the sizes are ${n} and ${m}`,
        );
      t = movedim(diagonalOf(t, 0, [d, other]), -1, d);
      left.splice(other, 1);
    }
  return { t, labels: left };
}

/** Without dimensions of size 1 that are larger in another operand: nothing remains to broadcast. */
function withoutBroadcast({ t, labels }: Labelled, sizes: Sizes): Labelled {
  const dims = labels.map((_, d) => d).filter((d) => t.shape[d] === 1 && sizes.get(labels[d]!) !== 1);
  if (dims.length === 0) return { t, labels };
  return { t: squeeze(t, dims), labels: labels.filter((_, d) => !dims.includes(d)) };
}

/** Summed over the labels that nobody else has; one operand alone as `sum` does it, among others in its own dtype. */
function summed({ t, labels }: Labelled, keep: (label: Label) => boolean, alone: boolean): Labelled {
  const dims = labels.map((_, d) => d).filter((d) => !keep(labels[d]!));
  if (dims.length === 0) return { t, labels };
  return { t: sum(t, dims, alone ? {} : { dtype: t.dtype }), labels: labels.filter(keep) };
}

/** The dimensions in the order of `labels`, which names all of them. */
function arranged({ t, labels }: Labelled, order: readonly Label[]): Tensor {
  return order.every((l, i) => l === labels[i])
    ? t
    : permute(
        t,
        order.map((l) => labels.indexOf(l)),
      );
}

/** With dimensions of size 1 for the labels of `order` that are missing. */
function spread(x: Labelled, order: readonly Label[], sizes: Sizes): Tensor {
  const own = order.filter((l) => x.labels.includes(l));
  const t = arranged(x, own);
  if (own.length === order.length) return t;
  return reshape(
    t,
    order.map((l) => (own.includes(l) ? sizes.get(l)! : 1)),
  );
}

/** The product of two, summed over the labels that both have and nobody keeps. */
function contracted(a: Labelled, b: Labelled, keep: (label: Label) => boolean, sizes: Sizes): Labelled {
  const both = a.labels.filter((l) => b.labels.includes(l));
  const batch = both.filter(keep);
  const inner = both.filter((l) => !keep(l));
  const left = a.labels.filter((l) => !both.includes(l));
  const right = b.labels.filter((l) => !both.includes(l));
  const labels = [...batch, ...left, ...right];
  if (inner.length === 0) return { t: mul(spread(a, labels, sizes), spread(b, labels, sizes)), labels };
  if (autocastUsed) [a, b] = lowered([a, b] as const);
  if (a.t.code !== b.t.code)
    throw new DTypeError(`einsum: expected operands of one dtype, got ${a.t.dtype} and ${b.t.dtype}`);
  if (a.t.code === Code.bool) throw new DTypeError('einsum: sums of products are not defined for bool');
  const size = (of: readonly Label[]): number => of.reduce((n, l) => n * sizes.get(l)!, 1);
  const [n, m, k, p] = [size(batch), size(left), size(inner), size(right)];
  // A transposed operand costs matmul nothing, another order of the rest a copy.
  const [x, y] = [arranged(a, [...batch, ...left, ...inner]), arranged(b, [...batch, ...inner, ...right])];
  const product =
    batch.length === 0
      ? mm(reshape(x, [m, k]), reshape(y, [k, p]))
      : bmm(reshape(x, [n, m, k]), reshape(y, [n, k, p]));
  return {
    t: reshape(
      product,
      labels.map((l) => sizes.get(l)!),
    ),
    labels,
  };
}

/** Which two to multiply next: those whose product takes the fewest multiplications, of several the smallest result. */
function cheapestPair(
  operands: readonly Labelled[],
  output: readonly Label[],
  sizes: Sizes,
): readonly [number, number] {
  let best: readonly [number, number] = [0, 1];
  let least = [Infinity, Infinity] as const;
  for (let i = 0; i < operands.length; i++)
    for (let j = i + 1; j < operands.length; j++) {
      const labels = new Set([...operands[i]!.labels, ...operands[j]!.labels]);
      const others = operands.filter((_, k) => k !== i && k !== j);
      let [work, result] = [1, 1];
      for (const l of labels) {
        work *= sizes.get(l)!;
        if (output.includes(l) || others.some((o) => o.labels.includes(l))) result *= sizes.get(l)!;
      }
      if (work < least[0] || (work === least[0] && result < least[1])) {
        least = [work, result];
        best = [i, j];
      }
    }
  return best;
}

/** The result's dimensions in the order of the output. */
function finished(result: Labelled, output: readonly Label[], several: boolean): Tensor {
  const name = result.t.gradFn?.name;
  const out = arranged(result, output);
  if (!several)
    return permute(
      out,
      output.map((_, i) => i),
    );
  return underName(name === 'MulBackward' ? 'Mul' : name === 'SumBackward' ? 'Sum' : 'View', out);
}

function operandsOf(given: readonly unknown[]): Tensor[] {
  const list = given.length === 1 && Array.isArray(given[0]) ? (given[0] as unknown[]) : given;
  if (list.length === 0) throw new ArgumentError('einsum: expected at least one operand');
  return Array.from(list, (t, i) => {
    checkTensor('einsum', t, `operand ${i}`);
    return t;
  });
}

/**
 * Products of tensors, summed over the labels of dimensions that the output lacks: `einsum('ij,jk->ik', a, b)`. An
 * ellipsis stands for any dimensions, a label that one operand has several times for its diagonal; without `->` the output
 * has the labels that appear once, in alphabetical order (https://pytorch.org/docs/stable/generated/torch.einsum.html).
 * Of more than two operands those are multiplied first whose product is the cheapest.
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor;
export function einsum(equation: string, operands: readonly Tensor[]): Tensor;
export function einsum(equation: string, ...operands: readonly unknown[]): Tensor {
  if (typeof equation !== 'string')
    throw new ArgumentError(`einsum: expected an equation, got ${describe(equation)}`);
  let tensors = operandsOf(operands);
  if (cudaInUse) tensors = gathered('einsum', ...tensors);
  const { operands: labels, output } = parseEquation(
    equation,
    tensors.map((t) => t.shape),
  );
  if (output.length > MAX_RANK)
    throw new ShapeError(`einsum: expected at most ${MAX_RANK} dimensions, got ${output.length}`);
  const distinct = tensors.map((t, i) => withoutRepeats({ t, labels: labels[i]! }, i));
  const sizes = sizesOf(distinct);
  let left = distinct.map((x) => withoutBroadcast(x, sizes));
  const keeper =
    (others: readonly Labelled[]) =>
    (label: Label): boolean =>
      output.includes(label) || others.some((x) => x.labels.includes(label));
  left = left.map((x, i) => summed(x, keeper(left.filter((_, k) => k !== i)), left.length === 1));
  while (left.length > 1) {
    const [i, j] = left.length === 2 ? ([0, 1] as const) : cheapestPair(left, output, sizes);
    const others = left.filter((_, k) => k !== i && k !== j);
    left = [contracted(left[i]!, left[j]!, keeper(others), sizes), ...others];
  }
  return finished(left[0]!, output, tensors.length > 1);
}
