/** weightNorm and spectralNorm as parametrizations. */
import { noGrad } from '../../../autograd';
import { bindArguments, integerArgument } from '../../../functional/arguments';
import { normalize } from '../../../functional/similarity';
import { wrapDim } from '../../../shape';
import type { Tensor } from '../../../tensor';
import { Module } from '../../module';
import { Buffer } from '../../parameter';
import { registerParametrization, type Parametrized } from '../parametrize';
import { matrixOf, spectralArguments, type SpectralNormOptions } from '../spectral-norm';
import { norms, type WeightNormOptions } from '../weight-norm';
import { tensorOf } from './tensor';

class _WeightNorm extends Module {
  readonly dim: number | null;

  constructor(dim: number | null) {
    super();
    this.dim = dim;
  }

  override forward(g: Tensor, v: Tensor): Tensor {
    return v.mul(g.div(norms(v, this.dim)));
  }

  rightInverse(weight: Tensor): [Tensor, Tensor] {
    return [norms(weight, this.dim), weight];
  }
}

/**
 * A tensor as a length and a direction, `original0` and `original1`
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.weight_norm.html): along `dim` there is a norm
 * for each place; null: one for all. Returns the module.
 */
export function weightNorm<M extends Module>(module: M, options?: WeightNormOptions): Parametrized<M>;
export function weightNorm<M extends Module>(
  module: M,
  name: string,
  dim?: number | null | WeightNormOptions,
): Parametrized<M>;
export function weightNorm<M extends Module>(module: M, ...given: readonly unknown[]): Parametrized<M> {
  const op = 'weightNorm';
  const [name = 'weight', along = 0] = bindArguments(op, ['name', 'dim'], given);
  const weight = tensorOf(op, module, name);
  const dim = along === null ? -1 : integerArgument(op, 'dim', along);
  const parametrization = new _WeightNorm(dim === -1 ? null : wrapDim(op, dim, weight.shape.length));
  return registerParametrization(module, name as string, parametrization, { unsafe: true });
}

class _SpectralNorm extends Module {
  readonly nPowerIterations: number;
  readonly dim: number;
  readonly eps: number;
  declare _u: Tensor;
  declare _v: Tensor;

  constructor(weight: Tensor, nPowerIterations: number, dim: number, eps: number) {
    super();
    this.nPowerIterations = nPowerIterations;
    this.dim = dim;
    this.eps = eps;
    // Of a vector, the norm is known.
    if (weight.shape.length < 2) return;
    noGrad(() => {
      const matrix = matrixOf(weight.detach(), dim);
      const randomLike = (t: Tensor): Tensor => Buffer(normalize(t.clone().normal_(), { dim: 0, eps }));
      this._u = randomLike(matrix.select(1, 0));
      this._v = randomLike(matrix.select(0, 0));
      this.improve(matrix, 15);
    });
  }

  private improve(matrix: Tensor, iterations: number): void {
    const { eps } = this;
    noGrad(() => {
      for (let i = 0; i < iterations; i++) {
        this._u.copy_(normalize(matrix.mv(this._v), { dim: 0, eps }));
        this._v.copy_(normalize(matrix.t().mv(this._u), { dim: 0, eps }));
      }
    });
  }

  override forward(weight: Tensor): Tensor {
    if (weight.shape.length < 2) return normalize(weight, { dim: 0, eps: this.eps });
    const matrix = matrixOf(weight, this.dim);
    if (this.training) this.improve(matrix, this.nPowerIterations);
    // The next call changes them, perhaps before this one's gradients are computed.
    const [u, v] = [this._u.clone(), this._v.clone()];
    return weight.div(u.dot(matrix.mv(v)));
  }

  rightInverse(value: Tensor): Tensor {
    return value;
  }
}

/**
 * A tensor divided by its largest singular value
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.spectral_norm.html): the singular vectors are
 * buffers, `_u` and `_v`, which improve each time that the tensor is read in training. Returns the module.
 */
export function spectralNorm<M extends Module>(module: M, options?: SpectralNormOptions): Parametrized<M>;
export function spectralNorm<M extends Module>(
  module: M,
  name: string,
  nPowerIterations?: number | SpectralNormOptions,
  eps?: number | SpectralNormOptions,
  dim?: number | null,
): Parametrized<M>;
export function spectralNorm<M extends Module>(module: M, ...given: readonly unknown[]): Parametrized<M> {
  const [weight, { name, iterations, eps, dim }] = spectralArguments(module, given, tensorOf);
  return registerParametrization(module, name, new _SpectralNorm(weight, iterations, dim, eps));
}
