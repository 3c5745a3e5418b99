/** Distances of many points, one coordinate after the other: the differences of all are never held at once. */
import { withGradMode } from '../autograd/mode';
import { defineGradient, record } from '../autograd/node';
import { type Tensor } from '../tensor';
import { add, mul, neg, sub } from './arithmetic';
import { cast } from './cast';
import { ne } from './compare';
import { contiguous } from './copy';
import { distanceScale, distanceSlope } from './distance-slope';
import { abs, sqrt } from './elementary';
import { stack } from './join';
import { maximum, pow } from './pointwise';
import { sum } from './reduce';
import { select, transpose, unsqueeze } from './view';

/** The differences in coordinate i, as a function of i. */
function differences(x: Tensor, y: Tensor): (i: number) => Tensor {
  const [xs, ys] = [x, y].map((t) => contiguous(transpose(t, -2, -1))) as [Tensor, Tensor];
  return (i) => sub(unsqueeze(select(xs, -2, i), -1), unsqueeze(select(ys, -2, i), -2));
}

/** What a difference adds to a distance, before the root. */
function term(d: Tensor, p: number): Tensor {
  if (p === 0) return cast(ne(d, 0), d.code);
  if (p === 2) return mul(d, d);
  return p === 1 || p === Infinity ? abs(d) : pow(abs(d), p);
}

function rootOf(total: Tensor, p: number): Tensor {
  if (p === 2) return sqrt(total);
  return p === 0 || p === 1 || p === Infinity ? total : pow(total, 1 / p);
}

const Cdist = defineGradient<number>('Cdist', (grad, node, p) => {
  const [x, y, distance] = [node.input(0), node.input(1), node.input(2)];
  const difference = differences(x, y);
  const scale = distanceScale(grad, distance, p);
  const [ofX, ofY]: [Tensor[], Tensor[]] = [[], []];
  for (let i = 0; i < x.shape[x.shape.length - 1]!; i++) {
    const slope = distanceSlope(scale, difference(i), distance, p);
    if (node.needs(0)) ofX.push(sum(slope, -1));
    if (node.needs(1)) ofY.push(neg(sum(slope, -2)));
  }
  return [node.needs(0) ? stack(ofX, -1) : null, node.needs(1) ? stack(ofY, -1) : null];
});

/** @internal The distances of order p of the rows of x to those of y, which have at least one column. */
export function distancesByColumn(x: Tensor, y: Tensor, p: number): Tensor {
  const out = withGradMode('cdist', false, () => {
    const difference = differences(x, y);
    let total = term(difference(0), p);
    for (let i = 1; i < x.shape[x.shape.length - 1]!; i++) {
      const next = term(difference(i), p);
      total = p === Infinity ? maximum(total, next) : add(total, next);
    }
    return rootOf(total, p);
  });
  return record(out, Cdist, [x, y], [x, y, out], p);
}
