/** Weights whose largest singular value is one. */
import { noGrad } from '../../autograd';
import { bindArguments, integerArgument, numberArgument } from '../../functional/arguments';
import { ArgumentError } from '../../errors';
import { normalize } from '../../functional/similarity';
import { wrapDim } from '../../shape';
import type { Tensor } from '../../tensor';
import type { Module } from '../module';
import { Parameter } from '../parameter';
import { computeBefore, dropFields, fieldsOf, parameterOf, stopComputing } from './reparametrize';

export interface SpectralNormOptions {
  /** Which parameter ('weight'). */
  name?: string;
  /** How often the singular vectors are improved in each call while training (1). */
  nPowerIterations?: number;
  /** What a norm is at least (1e-12). */
  eps?: number;
  /** The dimension of the outputs (0, of transposed convolutions 1). */
  dim?: number | null;
}

/** What the weight is computed with. */
interface Spectral {
  readonly name: string;
  readonly iterations: number;
  readonly eps: number;
  readonly dim: number;
}

/** @internal The arguments of `spectralNorm`; `find` gives the module's tensor of a name. */
export function spectralArguments<T extends Tensor>(
  module: Module,
  given: readonly unknown[],
  find: (op: string, module: Module, name: unknown) => T,
): [weight: T, spectral: Spectral] {
  const op = 'spectralNorm';
  const bound = bindArguments(op, ['name', 'nPowerIterations', 'eps', 'dim'], given);
  const name = (bound[0] ?? 'weight') as string;
  const weight = find(op, module, name);
  const iterations = integerArgument(op, 'nPowerIterations', bound[1] ?? 1);
  if (iterations < 1)
    throw new ArgumentError(`${op}: expected nPowerIterations to be at least 1, got ${iterations}`);
  const eps = numberArgument(op, 'eps', bound[2] ?? 1e-12);
  const along = integerArgument(op, 'dim', bound[3] ?? (isTransposed(module) ? 1 : 0));
  return [weight, { name, iterations, eps, dim: wrapDim(op, along, weight.shape.length) }];
}

/** @internal A matrix with a row for each output. */
export function matrixOf(weight: Tensor, dim: number): Tensor {
  return weight.movedim(dim, 0).flatten(1);
}

function compute(module: Module, { name, iterations, eps, dim }: Spectral, improve: boolean): Tensor {
  const fields = fieldsOf(module);
  const weight = fields[`${name}_orig`] as Tensor;
  const matrix = matrixOf(weight, dim);
  let u = fields[`${name}_u`] as Tensor;
  let v = fields[`${name}_v`] as Tensor;
  if (improve)
    noGrad(() => {
      for (let i = 0; i < iterations; i++) {
        v.copy_(normalize(matrix.t().mv(u), { dim: 0, eps }));
        u.copy_(normalize(matrix.mv(v), { dim: 0, eps }));
      }
      // The next call changes them, perhaps before this one's gradients are computed.
      u = u.clone();
      v = v.clone();
    });
  return weight.div(u.dot(matrix.mv(v)));
}

/** Whether a module is a transposed convolution. */
function isTransposed(module: Module): boolean {
  for (let c: unknown = module.constructor; typeof c === 'function'; c = Object.getPrototypeOf(c))
    if (/^ConvTranspose[123]d$/.test(c.name)) return true;
  return false;
}

/**
 * Divides a parameter by its largest singular value before each call
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.spectral_norm.html; Miyato et al., "Spectral normalization for
 * generative adversarial networks", 2018): the parameter is `weight_orig`, and `weight_u` and `weight_v`, buffers, come
 * near the singular vectors from call to call. Returns the module.
 */
export function spectralNorm<M extends Module>(module: M, options?: SpectralNormOptions): M;
export function spectralNorm<M extends Module>(
  module: M,
  name: string,
  nPowerIterations?: number | SpectralNormOptions,
  eps?: number | SpectralNormOptions,
  dim?: number | null,
): M;
export function spectralNorm<M extends Module>(module: M, ...given: readonly unknown[]): M {
  const [weight, spectral] = spectralArguments(module, given, parameterOf);
  const { name, eps } = spectral;
  const [u, v] = noGrad(() => {
    const matrix = matrixOf(weight, spectral.dim);
    const randomLike = (t: Tensor): Tensor => normalize(t.clone().normal_(), { dim: 0, eps });
    return [randomLike(matrix.select(1, 0)), randomLike(matrix.select(0, 0))] as const;
  });
  dropFields(module, name);
  module.registerParameter(`${name}_orig`, weight);
  fieldsOf(module)[name] = weight.detach();
  module.registerBuffer(`${name}_u`, u);
  module.registerBuffer(`${name}_v`, v);
  computeBefore('spectralNorm', module, name, (called) => {
    fieldsOf(called)[name] = compute(called, spectral, called.training);
  });
  spectrals.set(module, new Map(spectrals.get(module)).set(name, spectral));
  return module;
}

const spectrals = new WeakMap<Module, ReadonlyMap<string, Spectral>>();

/** Makes a parameter of the normalized weight. Returns the module. */
export function removeSpectralNorm<M extends Module>(module: M, name = 'weight'): M {
  stopComputing('removeSpectralNorm', 'spectralNorm', module, name);
  const spectral = spectrals.get(module)!.get(name)!;
  const weight = noGrad(() => compute(module, spectral, false));
  dropFields(module, name, `${name}_u`, `${name}_v`, `${name}_orig`);
  fieldsOf(module)[name] = new Parameter(weight);
  return module;
}
