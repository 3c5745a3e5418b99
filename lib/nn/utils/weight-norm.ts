/** Weights as a length and a direction. */
import { noGrad } from '../../autograd';
import { bindArguments, integerArgument } from '../../functional/arguments';
import { wrapDim } from '../../shape';
import type { Tensor } from '../../tensor';
import type { Module } from '../module';
import { Parameter } from '../parameter';
import { computeBefore, dropFields, fieldsOf, parameterOf, stopComputing } from './reparametrize';

export interface WeightNormOptions {
  /** Which parameter ('weight'). */
  name?: string;
  /** The dimension along which there is a norm for each place (0); null: one for all. */
  dim?: number | null;
}

/** @internal The norms of v over all dimensions but one, which are kept; of all, if that is null. */
export function norms(v: Tensor, dim: number | null): Tensor {
  if (dim === null) return v.norm();
  const others = v.shape.map((_, i) => i).filter((i) => i !== dim);
  return others.length === 0 ? v.abs() : v.square().sum(others, { keepdim: true }).sqrt();
}

function compute(module: Module, name: string, dim: number | null): Tensor {
  const fields = fieldsOf(module);
  const v = fields[`${name}_v`] as Tensor;
  return v.mul((fields[`${name}_g`] as Tensor).div(norms(v, dim)));
}

/**
 * Puts two parameters in the place of one: `weight_g`, its norm, and `weight_v`, its direction, from which the weight is
 * computed before each call (https://pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html; Salimans and
 * Kingma, "Weight normalization", 2016). Returns the module.
 */
export function weightNorm<M extends Module>(module: M, options?: WeightNormOptions): M;
export function weightNorm<M extends Module>(
  module: M,
  name: string,
  dim?: number | null | WeightNormOptions,
): M;
export function weightNorm<M extends Module>(module: M, ...given: readonly unknown[]): M {
  const op = 'weightNorm';
  const [wanted, along = 0] = bindArguments(op, ['name', 'dim'], given);
  const name = wanted ?? 'weight';
  const weight = parameterOf(op, module, name);
  const key = name as string;
  const given_ = along === null ? -1 : integerArgument(op, 'dim', along);
  const dim = given_ === -1 ? null : wrapDim(op, given_, weight.shape.length);
  const g = noGrad(() => norms(weight, dim));
  dropFields(module, key);
  module.registerParameter(`${key}_g`, new Parameter(g));
  module.registerParameter(`${key}_v`, new Parameter(weight.detach()));
  const update = (called: Module): void => {
    fieldsOf(called)[key] = compute(called, key, dim);
  };
  update(module);
  dims.set(module, new Map(dims.get(module)).set(key, dim));
  computeBefore(op, module, key, update);
  return module;
}

/** Along which dimension each weight is normalized. */
const dims = new WeakMap<Module, ReadonlyMap<string, number | null>>();

/** Makes one parameter of `weight_g` and `weight_v` again. Returns the module. */
export function removeWeightNorm<M extends Module>(module: M, name = 'weight'): M {
  stopComputing('removeWeightNorm', 'weightNorm', module, name);
  const dim = dims.get(module)!.get(name)!;
  const weight = noGrad(() => compute(module, name, dim));
  dropFields(module, name, `${name}_g`, `${name}_v`);
  fieldsOf(module)[name] = new Parameter(weight);
  return module;
}
