/** Matrices with orthonormal columns, or rows. */
import { noGrad } from '../../../autograd';
import { ArgumentError, ShapeError, describe } from '../../../errors';
import { bindArguments, booleanArgument } from '../../../functional/arguments';
import { cat } from '../../../functional/join';
import { diagonalOf, identity, transposed } from '../../../functional/linalg/matrices';
import { matrixExp } from '../../../functional/linalg/power';
import { householderProduct, linalgQr } from '../../../functional/linalg/qr';
import { solve } from '../../../functional/linalg/solve';
import { finfo } from '../../../functional/type-info';
import { sameShape, showShape, type Shape } from '../../../shape';
import type { Tensor } from '../../../tensor';
import { Module } from '../../module';
import { Buffer } from '../../parameter';
import { registerParametrization, type Parametrized } from '../parametrize';
import { tensorOf } from './tensor';

const MAPS = ['matrix_exp', 'cayley', 'householder'] as const;
export type OrthogonalMap = (typeof MAPS)[number];

export interface OrthogonalOptions {
  /** Which parameter ('weight'). */
  name?: string;
  /** How the matrix is computed: 'matrix_exp' of a square one, 'householder' of others unless said otherwise. */
  orthogonalMap?: OrthogonalMap | null;
  /** Whether the matrix is computed relative to a fixed one, `base`, as which it starts (true). */
  useTrivialization?: boolean;
}

/** A matrix or its transpose: the one with more rows. */
function tall(x: Tensor): [x: Tensor, isWide: boolean, n: number, k: number] {
  const [m, n] = x.shape.slice(-2) as [number, number];
  return m < n ? [transposed(x), true, n, m] : [x, false, m, n];
}

function isOrthogonal(q: Tensor): boolean {
  const n = q.shape[q.shape.length - 1]!;
  return transposed(q)
    .matmul(q)
    .allclose(identity(n, q).expandAs(q), { atol: 10 * n * finfo(q.dtype).eps });
}

/** Q of A = Q R, where the diagonal of R is not negative. */
function orthonormal(x: Tensor): Tensor {
  const [q, r] = linalgQr(x);
  return q.mul(diagonalOf(r).sign().unsqueeze(-2));
}

class _Orthogonal extends Module {
  readonly shape: Shape;
  readonly map: OrthogonalMap;
  /** What it is computed relative to: a square matrix. */
  base: Tensor | null = null;

  constructor(shape: Shape, map: OrthogonalMap, trivialized: boolean) {
    super();
    this.shape = shape;
    this.map = map;
    // Without a base nobody knows the inverse.
    if (!trivialized) Object.assign(this, { rightInverse: undefined });
  }

  override forward(given: Tensor): Tensor {
    const [x, isWide, n, k] = tall(given);
    const computed = this.map === 'householder' ? this.reflected(x) : this.rotated(x, n, k);
    const q = this.base === null ? computed : this.base.matmul(computed);
    return isWide ? transposed(q) : q;
  }

  /** From a skew-symmetric matrix. */
  private rotated(x: Tensor, n: number, k: number): Tensor {
    const lower = x.tril();
    const square = n === k ? lower : cat([lower, x.newZeros([...x.shape.slice(0, -1), n - k])], -1);
    const skew = square.sub(transposed(square));
    const one = identity(n, x);
    const q =
      this.map === 'matrix_exp' ? matrixExp(skew) : solve(one.sub(skew.mul(0.5)), one.add(skew.mul(0.5)));
    return q.narrow(-1, 0, k);
  }

  /** A product of reflections; signs are on the diagonal, and are not learned. */
  private reflected(x: Tensor): Tensor {
    const below = x.tril(-1);
    const tau = below.square().sum(-2).add(1).reciprocal().mul(2);
    const signs = x.detach().diagonal(0, -2, -1).trunc().unsqueeze(-2);
    return householderProduct(below, tau).mul(signs);
  }

  /** Makes the matrix the base, orthonormal if it is not; relative to that it is the identity. */
  rightInverse(value: Tensor): Tensor {
    if (!sameShape(value.shape, this.shape))
      throw new ShapeError(`orthogonal: expected ${showShape(this.shape)}, got ${showShape(value.shape)}`);
    return noGrad(() => {
      const [q, , n, k] = tall(value.detach());
      const complete = n === k ? q : cat([q, q.newZeros([...q.shape.slice(0, -1), n - k]).normal_()], -1);
      this.base = Buffer(n === k && isOrthogonal(q) ? q.clone() : orthonormal(complete));
      const start = value.detach().mul(0);
      start.diagonal(0, -2, -1).fill_(-1);
      return start;
    });
  }
}

/**
 * A matrix, or matrices, with orthonormal columns, or rows where there are fewer of these
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.orthogonal.html): it starts as what QR makes of
 * the tensor. Returns the module.
 */
export function orthogonal<M extends Module>(module: M, options?: OrthogonalOptions): Parametrized<M>;
export function orthogonal<M extends Module>(
  module: M,
  name: string,
  orthogonalMap?: OrthogonalMap | null | OrthogonalOptions,
  options?: OrthogonalOptions,
): Parametrized<M>;
export function orthogonal<M extends Module>(module: M, ...given: readonly unknown[]): Parametrized<M> {
  const op = 'orthogonal';
  const bound = bindArguments(op, ['name', 'orthogonalMap', 'useTrivialization'], given);
  const name = bound[0] ?? 'weight';
  const { shape } = tensorOf(op, module, name);
  if (shape.length < 2) throw new ShapeError(`${op}: expected matrices, got ${showShape(shape)}`);
  const map = bound[1] ?? (shape.at(-1) === shape.at(-2) ? 'matrix_exp' : 'householder');
  if (!MAPS.includes(map as OrthogonalMap))
    throw new ArgumentError(
      `${op}: expected orthogonalMap to be one of ${MAPS.join(', ')}, got ${describe(map)}`,
    );
  const trivialized = booleanArgument(op, 'useTrivialization', bound[2], true);
  if (!trivialized && map === 'householder')
    throw new ArgumentError(`${op}: 'householder' is there with useTrivialization only`);
  const parametrization = new _Orthogonal(shape, map as OrthogonalMap, trivialized);
  return registerParametrization(module, name as string, parametrization, { unsafe: true });
}
