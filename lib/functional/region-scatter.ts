/** A part of a tensor replaced by another tensor, in a copy. */
import { defineGradient, record } from '../autograd/node';
import { withGradMode } from '../autograd/mode';
import { ShapeError } from '../errors';
import { sameShape, showShape } from '../shape';
import { checkTensor, type Tensor } from '../tensor';
import { bindArguments } from './arguments';
import { copied } from './cast';
import { besides, inTheNameOf } from './change';
import { clone, copy_ } from './copy';
import { diagonalAs } from './diagonal';
import { zero_ } from './fill';
import { select, slice } from './view';

/** Finds the part in a tensor of that shape. */
type Region = (t: Tensor) => Tensor;

function regionRule(name: string) {
  return defineGradient<Region>(name, (grad, node, region) => {
    const without = (): Tensor => {
      const whole = clone(grad);
      zero_(region(whole));
      return whole;
    };
    return [node.needs(0) ? without() : null, node.needs(1) ? region(grad) : null];
  });
}

type Rule = ReturnType<typeof regionRule>;
const SliceScatter: Rule = regionRule('SliceScatter');
const SelectScatter: Rule = regionRule('SelectScatter');
const DiagonalScatter: Rule = regionRule('DiagonalScatter');

function replaced(op: string, x: Tensor, given: unknown, region: Region, rule: Rule): Tensor {
  checkTensor(op, given, 'src');
  const src = besides(op, x, given);
  const out = copied(x, x.code);
  withGradMode(op, false, () => {
    const part = inTheNameOf(op, () => region(out));
    if (!sameShape(part.shape, src.shape))
      throw new ShapeError(
        `${op}: expected a src of shape ${showShape(part.shape)}, got ${showShape(src.shape)}`,
      );
    copy_(part, src);
  });
  return record(out, rule, [x, src.code <= 3 ? src : null], [], region);
}

/** Which part of a dimension `sliceScatter` replaces. */
export interface SliceScatterOptions {
  dim?: number;
  start?: number | null;
  end?: number | null;
  step?: number;
}

/** A copy of x with `src` in every `step`-th of the places of a dimension from `start` to before `end`. */
export function sliceScatter(
  x: Tensor,
  src: Tensor,
  dim?: number,
  start?: number | null,
  end?: number | null,
  step?: number,
): Tensor;
export function sliceScatter(x: Tensor, src: Tensor, options: SliceScatterOptions): Tensor;
export function sliceScatter(x: Tensor, src: Tensor, dim: number, options: SliceScatterOptions): Tensor;
export function sliceScatter(x: Tensor, options: SliceScatterOptions & { src: Tensor }): Tensor;
export function sliceScatter(x: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'sliceScatter';
  checkTensor(op, x);
  const bound = bindArguments(op, ['src', 'dim', 'start', 'end', 'step'], given);
  const [src, dim, start, end, step] = bound as [
    Tensor,
    number?,
    (number | null)?,
    (number | null)?,
    number?,
  ];
  const region: Region = (t) => slice(t, dim ?? 0, start ?? null, end ?? null, step ?? 1);
  return replaced(op, x, src, region, SliceScatter);
}

/** A copy of x with `src` at one index of a dimension. */
export function selectScatter(x: Tensor, src: Tensor, dim: number, index: number): Tensor;
export function selectScatter(x: Tensor, options: { src: Tensor; dim: number; index: number }): Tensor;
export function selectScatter(x: Tensor, src: Tensor, options: { dim: number; index: number }): Tensor;
export function selectScatter(x: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'selectScatter';
  checkTensor(op, x);
  const [src, dim, index] = bindArguments(op, ['src', 'dim', 'index'], given);
  const region: Region = (t) => select(t, dim as number, index as number);
  return replaced(op, x, src, region, SelectScatter);
}

/** Which diagonal `diagonalScatter` replaces. */
export interface DiagonalOptions {
  offset?: number;
  dim1?: number;
  dim2?: number;
}

/** A copy of x with `src` as the diagonal in two dimensions. */
export function diagonalScatter(
  x: Tensor,
  src: Tensor,
  offset?: number,
  dim1?: number,
  dim2?: number,
): Tensor;
export function diagonalScatter(x: Tensor, src: Tensor, options: DiagonalOptions): Tensor;
export function diagonalScatter(x: Tensor, options: DiagonalOptions & { src: Tensor }): Tensor;
export function diagonalScatter(x: Tensor, ...given: readonly unknown[]): Tensor {
  const op = 'diagonalScatter';
  checkTensor(op, x);
  const [src, offset = 0, dim1 = 0, dim2 = 1] = bindArguments(op, ['src', 'offset', 'dim1', 'dim2'], given);
  const region: Region = (t) => diagonalAs(op, t, offset, dim1, dim2);
  return replaced(op, x, src, region, DiagonalScatter);
}
