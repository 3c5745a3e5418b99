/** Gradients of all parameters, kept within bounds. */
import { noGrad } from '../../autograd';
import { Op } from '../../backend/ops.generated';
import { CPU } from '../../device';
import { COMPUTE, Code, isFloatingCode, promoteCodes } from '../../dtype';
import { ArgumentError, DTypeError } from '../../errors';
import { bindArguments, booleanArgument, numberArgument } from '../../functional/arguments';
import { cast } from '../../functional/cast';
import { clamp_ } from '../../functional/clamp';
import { stack } from '../../functional/join';
import { NONE, fullOf, launch, launchInto } from '../../functional/kernel';
import { vectorNorm } from '../../functional/vector-norm';
import { SCALAR_SHAPE } from '../../shape';
import { bumpVersion, checkTensor, type Tensor } from '../../tensor';
import { inLaunches } from './launches';
import { listOf, type Tensors } from './tensors';

export interface TotalNormOptions {
  /** The order of the norm (2); may be Infinity. */
  normType?: number;
  /** Throw when the norm is infinite or NaN. */
  errorIfNonfinite?: boolean;
  /** How PyTorch is to do it; changes nothing. */
  foreach?: boolean | null;
}

const NAMES = ['normType', 'errorIfNonfinite', 'foreach'] as const;

/** The norms of tensors of one dtype on one device: one of all together, or one of each. */
function normsOf(op: string, tensors: readonly Tensor[], p: number): Tensor[] {
  const { code } = tensors[0]!;
  if (p === 2) return [launch(Op.totalNorm, COMPUTE[code]!, SCALAR_SHAPE, code, tensors, NONE)];
  return tensors.map((t) => vectorNorm(op, t, p, [...t.shape.keys()], false, null));
}

function totalNorm(op: string, tensors: readonly Tensor[], p: number, mustBeFinite: boolean): Tensor {
  if (tensors.length === 0) return fullOf(SCALAR_SHAPE, Code.float32, CPU, 0);
  for (const t of tensors)
    if (!isFloatingCode(t.code)) throw new DTypeError(`${op}: expected floating point, got ${t.dtype}`);
  const { place } = tensors[0]!;
  const norms = inLaunches(tensors).flatMap((list) => normsOf(op, list, p));
  const code = norms.reduce((all, t) => promoteCodes(all, t.code), norms[0]!.code);
  const parts = norms.map((t) => cast(t, code, place));
  const total = parts.length === 1 && p === 2 ? parts[0]! : normsOf(op, [stack(parts)], p)[0]!;
  if (mustBeFinite && !Number.isFinite(total.item()))
    throw new ArgumentError(
      `${op}: the total norm of order ${p} is ${total.item()}; to clip all the same, set errorIfNonfinite to false`,
    );
  return total;
}

function clipToNorm(gradients: readonly Tensor[], maxNorm: number, norm: Tensor): void {
  for (const list of inLaunches(gradients)) {
    const { code, place } = list[0]!;
    launchInto(Op.clipToNorm, COMPUTE[code]!, list, [cast(norm, norm.code, place)], [maxNorm]);
    for (const g of list) bumpVersion(g);
  }
}

/** The gradients that there are. */
function gradientsOf(parameters: readonly Tensor[]): Tensor[] {
  return parameters.map((p) => p.gradient).filter((g) => g !== null);
}

function normArguments(
  op: string,
  [normType, errorIfNonfinite, foreach]: readonly unknown[],
): [number, boolean] {
  if (foreach !== null) booleanArgument(op, 'foreach', foreach, false);
  return [
    normType === undefined ? 2 : numberArgument(op, 'normType', normType),
    booleanArgument(op, 'errorIfNonfinite', errorIfNonfinite, false),
  ];
}

/**
 * The norm of all elements of some tensors (https://pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html).
 * Of order 2 it is one native call.
 */
export function getTotalNorm(tensors: Tensors, options?: TotalNormOptions): Tensor;
export function getTotalNorm(tensors: Tensors, normType: number, options?: TotalNormOptions): Tensor;
export function getTotalNorm(tensors: Tensors, normType: number, errorIfNonfinite: boolean): Tensor;
export function getTotalNorm(tensors: Tensors, ...given: readonly unknown[]): Tensor {
  const op = 'getTotalNorm';
  const [p, mustBeFinite] = normArguments(op, bindArguments(op, NAMES, given));
  return noGrad(() => totalNorm(op, listOf(op, tensors), p, mustBeFinite));
}

/**
 * Scales the gradients of parameters by maxNorm over totalNorm, if that is less than 1
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grads_with_norm_.html). The norm is not read.
 */
export function clipGradsWithNorm_(
  parameters: Tensors,
  maxNorm: number,
  totalNorm: Tensor,
  foreach?: boolean | null | { foreach?: boolean | null },
): void;
export function clipGradsWithNorm_(
  parameters: Tensors,
  options: { maxNorm: number; totalNorm: Tensor; foreach?: boolean | null },
): void;
export function clipGradsWithNorm_(parameters: Tensors, ...given: readonly unknown[]): void {
  const op = 'clipGradsWithNorm_';
  const [maxNorm, norm] = bindArguments(op, ['maxNorm', 'totalNorm', 'foreach'], given);
  const most = numberArgument(op, 'maxNorm', maxNorm);
  checkTensor(op, norm, 'totalNorm');
  const gradients = gradientsOf(listOf(op, parameters));
  noGrad(() => clipToNorm(gradients, most, norm));
}

/**
 * Scales the gradients of parameters so that their norm, as of one vector, is at most maxNorm; gives the norm that they had
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html). Of order 2 it takes two native calls.
 */
export function clipGradNorm_(parameters: Tensors, maxNorm: number, options?: TotalNormOptions): Tensor;
export function clipGradNorm_(
  parameters: Tensors,
  maxNorm: number,
  normType: number,
  options?: TotalNormOptions,
): Tensor;
export function clipGradNorm_(
  parameters: Tensors,
  maxNorm: number,
  normType: number,
  errorIfNonfinite: boolean,
): Tensor;
export function clipGradNorm_(parameters: Tensors, options: TotalNormOptions & { maxNorm: number }): Tensor;
export function clipGradNorm_(parameters: Tensors, ...given: readonly unknown[]): Tensor {
  const op = 'clipGradNorm_';
  const [maxNorm, ...rest] = bindArguments(op, ['maxNorm', ...NAMES], given);
  const most = numberArgument(op, 'maxNorm', maxNorm);
  const [p, mustBeFinite] = normArguments(op, rest);
  const gradients = gradientsOf(listOf(op, parameters));
  return noGrad(() => {
    const norm = totalNorm(op, gradients, p, mustBeFinite);
    clipToNorm(gradients, most, norm);
    return norm;
  });
}

/**
 * Clips each element of the gradients to [-clipValue, clipValue]
 * (https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html).
 */
export function clipGradValue_(
  parameters: Tensors,
  clipValue: number,
  foreach?: boolean | null | { foreach?: boolean | null },
): void;
export function clipGradValue_(
  parameters: Tensors,
  options: { clipValue: number; foreach?: boolean | null },
): void;
export function clipGradValue_(parameters: Tensors, ...given: readonly unknown[]): void {
  const op = 'clipGradValue_';
  const [value] = bindArguments(op, ['clipValue', 'foreach'], given);
  const most = numberArgument(op, 'clipValue', value);
  const gradients = gradientsOf(listOf(op, parameters));
  noGrad(() => {
    for (const g of gradients) clamp_(g, -most, most);
  });
}
