/** Decompositions whose vectors have no sign of their own: that they are what they say, and their derivatives. */
import { type Tensor, allclose, autograd, eye, linalg, manualSeed, rand, randn, tensor, zeros } from 'tenon';

const F64 = { dtype: 'float64' } as const;

function close(a: Tensor, b: Tensor, tolerance: number): void {
  expect(a.shape).toEqual(b.shape);
  const [x, y] = [a.detach(), b.detach().to(a.dtype)];
  if (!allclose(x, y, tolerance, tolerance)) expect(x.tolist()).toEqual(y.tolist());
}

/** A matrix of the shape with singular values that lie apart. */
function apart(...shape: number[]): Tensor {
  const [m, n] = shape.slice(-2) as [number, number];
  const diagonal = zeros(m, n, F64);
  for (let i = 0; i < Math.min(m, n); i++) diagonal.setIndex([i, i], 1.5 + 2 * i);
  return rand(shape, F64).sub(0.5).mul(0.5).add(diagonal).requiresGrad_();
}

const symmetric = (x: Tensor): Tensor => x.add(x.mT).mul(0.5);
const definite = (x: Tensor): Tensor => x.matmul(x.mT).add(eye(x.shape[x.shape.length - 1]!, F64));

beforeEach(() => {
  manualSeed(3);
});

describe.each([
  ['float32', 2e-5],
  ['float64', 1e-12],
] as const)('%s', (dtype, tolerance) => {
  const identity = (n: number): Tensor => eye(n, { dtype });

  test.each([
    [[3, 3]],
    [[5, 2]],
    [[2, 5]],
    [[2, 4, 3]],
    [[30, 20]],
    [[20, 30]],
    [[1, 1]],
    [[0, 3]],
    [[3, 0]],
  ])('svd of %p', (shape) => {
    const x = randn(shape, { dtype });
    const [m, n] = shape.slice(-2) as [number, number];
    const { U, S, Vh } = linalg.svd(x, false);
    close(U.mul(S.unsqueeze(-2)).matmul(Vh), x, tolerance);
    close(U.mT.matmul(U), identity(Math.min(m, n)).expand(U.mT.matmul(U).shape), tolerance);
    close(S, linalg.svdvals(x), tolerance);
    const full = linalg.svd(x);
    expect([full.U.shape.slice(-2), full.Vh.shape.slice(-2)]).toEqual([
      [m, m],
      [n, n],
    ]);
    close(full.U.matmul(full.U.mT), identity(m).expand(full.U.shape), tolerance);
    close(full.Vh.matmul(full.Vh.mT), identity(n).expand(full.Vh.shape), tolerance);
    const old = x.svd();
    close(old.U.mul(old.S.unsqueeze(-2)).matmul(old.V.mT), x, tolerance);
  });

  test.each([[[3, 3]], [[2, 4, 4]], [[25, 25]], [[1, 1]], [[0, 0]]])('eigh of %p', (shape) => {
    const x = symmetric(randn(shape, { dtype }));
    for (const UPLO of ['L', 'U'] as const) {
      const [values, vectors] = linalg.eigh(UPLO === 'L' ? x.tril() : x.triu(), { UPLO });
      close(vectors.mul(values.unsqueeze(-2)).matmul(vectors.mT), x, tolerance);
      close(vectors.mT.matmul(vectors), identity(shape[shape.length - 1]!).expand(shape), tolerance);
      close(values, linalg.eigvalsh(x), tolerance);
    }
  });

  test('a rank-deficient matrix', () => {
    const x = randn([6, 2], { dtype }).matmul(randn([2, 5], { dtype }));
    expect(linalg.matrixRank(x).item()).toBe(2);
    const p = linalg.pinv(x);
    close(x.matmul(p).matmul(x), x, tolerance * 10);
    close(p.matmul(x).matmul(p), p, tolerance * 10);
  });
});

test('eigenvalues of what is not finite are NaN', () => {
  expect(
    linalg
      .eigvalsh(
        tensor([
          [NaN, 0],
          [0, 1],
        ]),
      )
      .tolist(),
  ).toEqual([NaN, NaN]);
});

test('tolerances may be tensors', () => {
  const x = tensor([
    [
      [3, 0],
      [0, 1],
    ],
    [
      [3, 0],
      [0, 1],
    ],
  ]).float();
  expect(linalg.matrixRank(x, { atol: tensor([0.5, 2]) }).tolist()).toEqual([2, 1]);
});

describe('gradients', () => {
  const functions: Record<string, (x: Tensor) => Tensor | readonly Tensor[]> = {
    'svd: a projection': (x) => {
      const { U, S, Vh } = linalg.svd(x, false);
      return [U.matmul(U.mT.mul(2)), Vh.mT.matmul(Vh), U.mul(S.square().unsqueeze(-2)).matmul(Vh)];
    },
    'svd: of all columns': (x) => {
      const { U, S, Vh } = linalg.svd(x);
      const k = S.shape[S.shape.length - 1]!;
      return U.narrow(-1, 0, k)
        .mul(S.exp().unsqueeze(-2))
        .matmul(Vh.narrow(-2, 0, k));
    },
    'svd: signs cancel': (x) => {
      const { U, Vh } = linalg.svd(x, false);
      return [U.abs(), Vh.abs()];
    },
    svdvals: (x) => linalg.svdvals(x),
    'matrixNorm nuc': (x) => linalg.matrixNorm(x, 'nuc'),
    pinv: (x) => linalg.pinv(x),
  };
  describe.each([[[3, 3]], [[4, 2]], [[2, 4]], [[2, 3, 2]]])('%p', (shape) => {
    test.each(Object.entries(functions))('%s', (name, f) => {
      const x = apart(...shape);
      expect(autograd.gradcheck(f, [x])).toBe(true);
      if (!name.includes('signs')) expect(autograd.gradgradcheck(f, [x])).toBe(true);
    });
  });

  test.each<[string, (x: Tensor) => Tensor | readonly Tensor[]]>([
    ['eigh', (x) => linalg.eigh(symmetric(x)).eigenvectors.square()],
    [
      'eigh: values and vectors',
      (x) => {
        const [values, vectors] = linalg.eigh(symmetric(x));
        return vectors.mul(values.exp().unsqueeze(-2)).matmul(vectors.mT);
      },
    ],
    ['eigvalsh', (x) => linalg.eigvalsh(symmetric(x))],
    ['eigvalsh, upper', (x) => linalg.eigvalsh(symmetric(x), 'U')],
    ['cholesky', (x) => linalg.cholesky(definite(x))],
    ['cholesky, upper', (x) => linalg.cholesky(definite(x), { upper: true })],
    ['choleskyInverse', (x) => definite(x).cholesky().choleskyInverse()],
    ['choleskySolve', (x) => x.choleskySolve(definite(x).cholesky(true), true)],
    ['pinv, hermitian', (x) => linalg.pinv(symmetric(x), { hermitian: true })],
    ['cond', (x) => linalg.cond(x)],
    ['cond, fro', (x) => linalg.cond(x, 'fro')],
    [
      'luSolve',
      (x) => {
        const { LU, pivots } = linalg.luFactor(x);
        return linalg.luSolve(LU, pivots, x.square());
      },
    ],
    [
      'luSolve, adjoint',
      (x) => {
        const { LU, pivots } = linalg.luFactor(x);
        return linalg.luSolve(LU, pivots, x, { adjoint: true });
      },
    ],
    [
      'luSolve from the right',
      (x) => {
        const { LU, pivots } = linalg.luFactor(x);
        return linalg.luSolve(LU, pivots, x.square(), { left: false });
      },
    ],
  ])('%s', (name, f) => {
    for (const shape of [
      [3, 3],
      [2, 2, 2],
    ]) {
      const x = apart(...shape);
      expect(autograd.gradcheck(f, [x])).toBe(true);
      if (!name.startsWith('luSolve')) expect(autograd.gradgradcheck(f, [x])).toBe(true);
    }
  });

  test('nodes have the names that PyTorch gives them', () => {
    const x = apart(2, 2);
    expect(
      [x.det(), x.inverse(), linalg.svd(x).S, linalg.qr(x).R, linalg.eigh(x).eigenvalues].map(
        (t) => t.gradFn?.name,
      ),
    ).toEqual([
      'LinalgDetBackward',
      'LinalgInvExBackward',
      'LinalgSvdBackward',
      'LinalgQrBackward',
      'LinalgEighBackward',
    ]);
  });
});

test('systems are solved in batches that broadcast', () => {
  const a = rand([2, 1, 3, 3], F64).add(eye(3, F64).mul(3));
  const b = rand([4, 3, 2], F64);
  close(a.matmul(linalg.solve(a, b)), b.expand(2, 4, 3, 2), 1e-12);
  close(linalg.solve(a, b.mT, { left: false }).matmul(a), b.mT.expand(2, 4, 2, 3), 1e-12);
});
