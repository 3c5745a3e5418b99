/** Initial values with a structure: identities, orthogonal matrices, zeros in between. */
import { noGrad } from '../autograd';
import { ArgumentError, ShapeError } from '../errors';
import { bindArguments, numberArgument } from '../functional/arguments';
import { qr } from '../functional/linalg/qr';
import { randn, randperm, type Generator } from '../functional/random';
import { showShape } from '../shape';
import { checkTensor, type Tensor } from '../tensor';

interface WithGenerator {
  generator?: Generator;
}

/**
 * The weight of a convolution that gives its input back, as far as there are channels
 * (https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.dirac_); with `groups`, in each of them.
 */
export function dirac_(t: Tensor, groups: number | { groups?: number } = 1): Tensor {
  checkTensor('dirac_', t);
  const [count = 1] = bindArguments('dirac_', ['groups'], [groups]) as [number?];
  const { shape } = t;
  if (shape.length < 3 || shape.length > 5)
    throw new ShapeError(`dirac_: expected 3, 4 or 5 dimensions, got shape ${showShape(shape)}`);
  if (!Number.isInteger(count) || count < 1 || shape[0]! % count !== 0)
    throw new ArgumentError(`dirac_: expected groups to divide the ${shape[0]} outputs, got ${count}`);
  const outputs = shape[0]! / count;
  const centre = shape.slice(2).map((size) => Math.floor(size / 2));
  return noGrad(() => {
    t.zero_();
    if (t.count === 0) return t;
    // The middle of each filter: a matrix of outputs and inputs.
    let middle = t;
    for (const at of centre) middle = middle.select(2, at);
    for (let g = 0; g < count; g++)
      middle
        .narrow(0, g * outputs, outputs)
        .diagonal()
        .fill_(1);
    return t;
  });
}

/**
 * Rows or columns (those of which there are fewer) that are orthonormal, times `gain`; dimensions after the first are taken
 * together (https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.orthogonal_).
 */
export function orthogonal_(
  t: Tensor,
  gain?: number | (WithGenerator & { gain?: number }),
  options?: WithGenerator,
): Tensor;
export function orthogonal_(t: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('orthogonal_', t);
  const [gain = 1, generator] = bindArguments('orthogonal_', ['gain', 'generator'], given);
  const factor = numberArgument('orthogonal_', 'gain', gain);
  if (t.shape.length < 2)
    throw new ShapeError(`orthogonal_: expected at least 2 dimensions, got shape ${showShape(t.shape)}`);
  if (t.count === 0) return t;
  return noGrad(() => {
    const rows = t.shape[0]!;
    const columns = t.count / rows;
    const [high, wide] = rows < columns ? [columns, rows] : [rows, columns];
    const dtype = t.dtype === 'float64' ? 'float64' : 'float32';
    const [q, r] = qr(randn([high, wide], { dtype, generator: generator as Generator | undefined }));
    // With these signs, every orthogonal matrix is as likely as every other.
    const signed = q.mul(r.diagonal().sign());
    const matrix = rows < columns ? signed.t() : signed;
    return t.copy_(matrix.mul(factor).reshape(t.shape));
  });
}

/**
 * Normal with a standard deviation (0.01), but for zeros in each column, of which `sparsity` says how large a part of it
 * they are (https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.sparse_).
 */
export function sparse_(
  t: Tensor,
  sparsity: number | (WithGenerator & { sparsity: number; std?: number }),
  std?: number | (WithGenerator & { std?: number }),
  options?: WithGenerator,
): Tensor;
export function sparse_(t: Tensor, ...given: readonly unknown[]): Tensor {
  checkTensor('sparse_', t);
  const [sparsity, std = 0.01, generator] = bindArguments('sparse_', ['sparsity', 'std', 'generator'], given);
  const part = numberArgument('sparse_', 'sparsity', sparsity);
  const deviation = numberArgument('sparse_', 'std', std);
  if (!(part >= 0 && part <= 1))
    throw new ArgumentError(`sparse_: expected sparsity to be in [0, 1], got ${part}`);
  if (t.shape.length !== 2)
    throw new ShapeError(`sparse_: expected a matrix, got shape ${showShape(t.shape)}`);
  const [rows, columns] = t.shape as [number, number];
  const count = Math.ceil(part * rows);
  const options = { generator: generator as Generator | undefined };
  return noGrad(() => {
    t.normal_(0, deviation, options);
    if (count === 0) return t;
    for (let column = 0; column < columns; column++) {
      const chosen = randperm(rows, options).narrow(0, 0, count);
      t.select(1, column).indexFill_(0, chosen, 0);
    }
    return t;
  });
}
