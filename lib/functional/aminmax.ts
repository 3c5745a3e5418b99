/** The smallest and the largest at once. */
import { wrapDim } from '../shape';
import { type Tensor, checkTensor } from '../tensor';
import { booleanArgument, checkOptions } from './arguments';
import { underName } from './node-name';
import { amax, amin, checkNotEmpty } from './reduce';

/** Two tensors by position and by name. */
export type MinAndMax = readonly [Tensor, Tensor] & { readonly min: Tensor; readonly max: Tensor };

/**
 * The smallest and the largest, of all or along `dim`; equal ones share the gradient
 * (https://pytorch.org/docs/stable/generated/torch.aminmax.html).
 */
export function aminmax(x: Tensor, options?: { dim?: number | null; keepdim?: boolean }): MinAndMax {
  checkTensor('aminmax', x);
  checkOptions('aminmax', ['dim', 'keepdim'], options);
  const { dim = null } = options ?? {};
  const keepdim = booleanArgument('aminmax', 'keepdim', options?.keepdim, false);
  const rank = x.shape.length;
  const dims = dim === null ? x.shape.map((_, i) => i) : [wrapDim('aminmax', dim, rank)];
  if (rank > 0) checkNotEmpty('aminmax', x, dims);
  const min = underName('Aminmax', amin(x, dims, keepdim));
  const max = underName('Aminmax', amax(x, dims, keepdim));
  return Object.assign([min, max] as const, { min, max });
}
