/** Distances between points: of all pairs, of two tensors. */
import { inFloat32, widened } from './autocast';
import { autocastUsed, withGradMode } from '../autograd/mode';
import { defineGradient, record, type GradRule } from '../autograd/node';
import { Code } from '../dtype';
import { ArgumentError, DTypeError, ShapeError, describe } from '../errors';
import { broadcastShapes, showShape } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { bindArguments, named, numberArgument } from './arguments';
import { div, mul, sub } from './arithmetic';
import { clampMin_ } from './clamp';
import { eq } from './compare';
import { tensor } from './creation';
import { gathered } from './devices';
import { distancesByColumn } from './distance-columns';
import { distanceScale, distanceSlope } from './distance-slope';
import { sqrt_ } from './elementary';
import { indexSelect } from './index-select';
import { cat } from './join';
import { fullOf } from './kernel';
import { matmul } from './matmul';
import { underName } from './node-name';
import { sum } from './reduce';
import { normValue, vectorNorm } from './vector-norm';
import { transpose, unsqueeze } from './view';
import { where } from './where';

const distanceRule = (name: string): GradRule<number> =>
  defineGradient<number>(name, (grad, node, p) => {
    const distance = unsqueeze(node.input(1), -1);
    return [distanceSlope(distanceScale(unsqueeze(grad, -1), distance, p), node.input(0), distance, p)];
  });
const Cdist = distanceRule('Cdist');
const Pdist = distanceRule('Pdist');

/** The p-norms of differences along the last dimension. */
function lengths(op: string, d: Tensor, p: number, rule: GradRule<number>): Tensor {
  const out = withGradMode(op, false, () => {
    const last = d.shape.length - 1;
    if (d.shape[last] === 0) return fullOf(d.shape.slice(0, -1), d.code, d.place, 0);
    return normValue(d, p, [last], false);
  });
  return record(out, rule, [d], [d, out], p);
}

// By way of products: Σ w (x - y) / |x - y| is x Σ w / |x - y| less a product with y.
const EuclideanDist = defineGradient('EuclideanDist', (grad, node) => {
  const [x, y, distance] = [node.input(0), node.input(1), node.input(2)];
  const ratio = where(eq(distance, 0), 0, div(grad, distance));
  const part = (r: Tensor, own: Tensor, other: Tensor): Tensor =>
    sub(mul(own, sum(r, -1, true)), matmul(r, other));
  return [
    node.needs(0) ? part(ratio, x, y) : null,
    node.needs(1) ? part(transpose(ratio, -2, -1), y, x) : null,
  ];
});

/**
 * |x|² + |y|² - 2 x·y, under the root: faster than differences for many points, and less exact. One product of
 * matrices: of (-2 x, |x|², 1) and (y, 1, |y|²).
 */
const euclideanByProducts = inFloat32((x: Tensor, y: Tensor): Tensor => {
  const out = withGradMode('cdist', false, () => {
    const squares = (t: Tensor): Tensor => sum(mul(t, t), -1, true);
    const ones = (t: Tensor): Tensor => fullOf([...t.shape.slice(0, -1), 1], t.code, t.place, 1);
    const left = cat([mul(x, -2), squares(x), ones(x)], -1);
    const right = cat([y, ones(y), squares(y)], -1);
    return sqrt_(clampMin_(matmul(left, transpose(right, -2, -1)), 0));
  });
  return underName('View', record(out, EuclideanDist, [x, y], [x, y, out], null));
});

const MODES = [
  'use_mm_for_euclid_dist_if_necessary',
  'use_mm_for_euclid_dist',
  'donot_use_mm_for_euclid_dist',
] as const;

export interface CdistOptions {
  /** The order of the norm. */
  p?: number;
  /** Whether distances of order 2 are found by matrix products: by default where there are more than 25 points. */
  computeMode?: (typeof MODES)[number];
}

/** From so many on, a launch for each coordinate costs less than differences that lie one behind the other. */
const MANY_PAIRS = 1024;

function checkOrder(op: string, p: unknown): number {
  const order = numberArgument(op, 'p', p);
  if (!(order >= 0)) throw new ArgumentError(`${op}: expected p >= 0, got ${order}`);
  return order;
}

function checkPoints(op: string, x: Tensor, name: string): void {
  if (x.code > Code.float64)
    throw new DTypeError(`${op}: expected float32 or float64 for ${name}, got ${x.dtype}`);
}

/**
 * The distances of order p of each row of x1 [..., n, k] to each of x2 [..., m, k]
 * (https://pytorch.org/docs/stable/generated/torch.cdist.html).
 */
export function cdist(x1: Tensor, x2: Tensor, p?: number, options?: Omit<CdistOptions, 'p'>): Tensor;
export function cdist(x1: Tensor, x2: Tensor, options: CdistOptions): Tensor;
export function cdist(x1: Tensor, x2: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('cdist', x1, 'x1');
  checkTensor('cdist', x2, 'x2');
  if (autocastUsed) [x1, x2] = widened([x1, x2] as const);
  const trimmed = given[given.length - 1] === undefined ? given.slice(0, -1) : given;
  const [order = 2, mode = MODES[0]] = bindArguments('cdist', ['p', 'computeMode'], trimmed);
  const p = checkOrder('cdist', order);
  if (!(MODES as readonly unknown[]).includes(mode))
    throw new ArgumentError(
      `cdist: expected computeMode to be one of ${MODES.join(', ')}, got ${describe(mode)}`,
    );
  checkPoints('cdist', x1, 'x1');
  checkPoints('cdist', x2, 'x2');
  if (x1.code !== x2.code)
    throw new DTypeError(`cdist: expected operands of one dtype, got ${x1.dtype} and ${x2.dtype}`);
  if (x1.place !== x2.place) [x1, x2] = gathered('cdist', x1, x2);
  const [r1, r2] = [x1.shape.length, x2.shape.length];
  if (r1 < 2 || r2 < 2 || x1.shape[r1 - 1] !== x2.shape[r2 - 1])
    throw new ShapeError(
      `cdist: expected [..., n, k] and [..., m, k], got ${showShape(x1.shape)} and ${showShape(x2.shape)}`,
    );
  broadcastShapes('cdist', x1.shape.slice(0, -2), x2.shape.slice(0, -2));
  const many = x1.shape[r1 - 2]! > 25 || x2.shape[r2 - 2]! > 25;
  const products = p === 2 && (mode === MODES[1] || (mode === MODES[0] && many));
  if (products && x1.count > 0 && x2.count > 0) return euclideanByProducts(x1, x2);
  const pairs = x1.shape[r1 - 2]! * x2.shape[r2 - 2]!;
  if (pairs >= MANY_PAIRS && x1.count > 0 && x2.count > 0) return distancesByColumn(x1, x2, p);
  return lengths('cdist', sub(unsqueeze(x1, -2), unsqueeze(x2, -3)), p, Cdist);
}

/** The distances of order p between the rows of a matrix, each pair once (https://pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html). */
export const pdist = named<[p?: number], { p?: number }, Tensor>('pdist', ['p'], (x, p = 2) => {
  checkTensor('pdist', x);
  if (x.shape.length !== 2) throw new ShapeError(`pdist: expected a matrix, got shape ${showShape(x.shape)}`);
  checkPoints('pdist', x, 'the input');
  checkOrder('pdist', p);
  if (autocastUsed) [x] = widened([x] as const, 'cuda');
  const n = x.shape[0]!;
  const [first, second]: [number[], number[]] = [[], []];
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      first.push(i);
      second.push(j);
    }
  const rows = (index: readonly number[]): Tensor =>
    indexSelect(x, 0, tensor(index, { dtype: 'int64', device: x.device }));
  return lengths('pdist', sub(rows(first), rows(second)), p, Pdist);
});

/** The p-norm of the difference of two tensors, which broadcast (https://pytorch.org/docs/stable/generated/torch.dist.html). */
export const dist = named<[other: Tensor, p?: number], { other?: Tensor; p?: number }, Tensor>(
  'dist',
  ['other', 'p'],
  (x, other, p = 2) => {
    checkTensor('dist', x);
    checkTensor('dist', other, 'other');
    numberArgument('dist', 'p', p);
    if (autocastUsed) [x, other] = widened([x, other] as const, 'cuda');
    const shape = broadcastShapes('dist', x.shape, other.shape);
    const all = shape.map((_, i) => i);
    const d = sub(x, other);
    return underName('Dist', vectorNorm('dist', d, p, all, false, null));
  },
);
