/** Grids for gridSample from affine maps. */
import { CPU } from '../../device';
import { ArgumentError, ShapeError, describe } from '../../errors';
import { checkShape, showShape } from '../../shape';
import { checkTensor, type Tensor } from '../../tensor';
import { booleanArgument, named } from '../arguments';
import { cast } from '../cast';
import { fromNumpy } from '../creation';
import { bmm } from '../matmul';
import { checkFloating } from '../pooling/windows';
import { expand, reshape, transpose } from '../view';

/** The middles of n elements from -1 to 1; of the outermost ones, or their outer edges, if corners are not aligned. */
function coordinates(n: number, alignCorners: boolean): number[] {
  if (n <= 1) return new Array<number>(n).fill(0);
  const shrink = alignCorners ? 1 : (n - 1) / n;
  return Array.from({ length: n }, (_, i) => (-1 + (2 * i) / (n - 1)) * shrink);
}

/** Points (x, y, 1) or (x, y, z, 1) of all places, as rows. */
function points(sizes: readonly number[], alignCorners: boolean, like: Tensor): Tensor {
  const axes = sizes.map((n) => coordinates(n, alignCorners));
  const count = sizes.reduce((a, b) => a * b, 1);
  const width = sizes.length + 1;
  const rows = new Float64Array(count * width);
  for (let i = 0; i < count; i++) {
    let rest = i;
    for (let d = sizes.length - 1; d >= 0; d--) {
      rows[i * width + (sizes.length - 1 - d)] = axes[d]![rest % sizes[d]!]!;
      rest = Math.floor(rest / sizes[d]!);
    }
    rows[i * width + width - 1] = 1;
  }
  const made = reshape(cast(fromNumpy(rows), like.code), [count, width]);
  return like.place === CPU ? made : cast(made, like.code, like.place);
}

/**
 * The grid [N, H, W, 2] (or [N, D, H, W, 3]) of points where affine maps theta [N, 2, 3] (or [N, 3, 4]) take those of an
 * output of size [N, C, H, W] (or [N, C, D, H, W])
 * (https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html).
 */
export const affineGrid = named<
  [size: readonly number[], alignCorners?: boolean | null],
  { size?: readonly number[]; alignCorners?: boolean | null },
  Tensor
>('affineGrid', ['size', 'alignCorners'], (theta, size, alignCorners = null) => {
  const op = 'affineGrid';
  checkTensor(op, theta, 'theta');
  checkFloating(op, theta);
  if (!Array.isArray(size) || (size.length !== 4 && size.length !== 5))
    throw new ArgumentError(`${op}: expected size [N, C, H, W] or [N, C, D, H, W], got ${describe(size)}`);
  const shape = checkShape(op, [size]);
  const align = booleanArgument(op, 'alignCorners', alignCorners ?? false, false);
  const dims = shape.length - 2;
  const [n, rows, columns] = theta.shape as [number, number, number];
  if (theta.shape.length !== 3 || n !== shape[0] || rows !== dims || columns !== dims + 1)
    throw new ShapeError(
      `${op}: expected theta [${shape[0]}, ${dims}, ${dims + 1}] for size ${showShape(shape)}, got ${showShape(theta.shape)}`,
    );
  if (shape.includes(0)) throw new ShapeError(`${op}: expected sizes of at least 1, got ${showShape(shape)}`);
  const sizes = shape.slice(2);
  const base = points(sizes, align, theta);
  const all = expand(base, [n, ...base.shape]);
  return reshape(bmm(all, transpose(theta, 1, 2)), [n, ...sizes, dims]);
});
