/** Sum and mean of what is not NaN. */
import { DTypeError } from '../errors';
import { defineGradient, record } from '../autograd/node';
import { withGradMode } from '../autograd/mode';
import { DTYPES, dtypeCode, isFloatingCode, type DType } from '../dtype';
import { type Tensor, checkTensor } from '../tensor';
import { bindArguments } from './arguments';
import { div, mul } from './arithmetic';
import { isnan, logicalNot } from './compare';
import {
  kept,
  reduction,
  sum,
  typedArguments,
  wide,
  type Dims,
  type Reduction,
  type TypedReduceOptions,
} from './reduce';
import { where } from './where';

export interface TypedReduceFunction {
  (x: Tensor, dim?: Dims, keepdim?: boolean, options?: { dtype?: DType }): Tensor;
  (x: Tensor, dim: Dims, options: TypedReduceOptions): Tensor;
  (x: Tensor, options: TypedReduceOptions): Tensor;
}

const Nansum = defineGradient<Reduction>('Nansum', (grad, node, r) => [
  mul(kept(grad, r), logicalNot(isnan(node.input(0)))),
]);

/** The sum, with NaN as 0; of integers and booleans as int64. */
export const nansum: TypedReduceFunction = (x: Tensor, ...given: readonly unknown[]) => {
  const [y, dims, keepdim, code] = typedArguments('nansum', x, given, wide);
  const options = { dim: dims.slice(), keepdim, dtype: DTYPES[code] };
  const out = withGradMode('nansum', false, () =>
    sum(isFloatingCode(y.code) ? where(isnan(y), 0, y) : y, options),
  );
  return record(out, Nansum, [y], [y], reduction(y, dims));
};

/** The mean of what is not NaN: NaN if there is nothing else. */
export const nanmean: TypedReduceFunction = (x: Tensor, ...given: readonly unknown[]) => {
  checkTensor('nanmean', x);
  if (!isFloatingCode(x.code)) throw new DTypeError(`nanmean: expected floating point, got ${x.dtype}`);
  const [dim, keepdim, dtype] = bindArguments('nanmean', ['dim', 'keepdim', 'dtype'], given) as [
    Dims,
    boolean,
    DType | null | undefined,
  ];
  if (dtype !== undefined && dtype !== null && !isFloatingCode(dtypeCode('nanmean', dtype)))
    throw new DTypeError(`nanmean: expected dtype to be floating point, got ${dtype}`);
  const total = nansum(x, { dim, keepdim, dtype: dtype ?? undefined });
  return div(total, sum(logicalNot(isnan(x)), { dim, keepdim }));
};
