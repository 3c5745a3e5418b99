/** The elements that are not zero: where they are and how many. */
import { Op } from '../backend/ops.generated';
import { COMPUTE, Code } from '../dtype';
import { type Tensor, checkTensor } from '../tensor';
import { wrapDims } from '../shape';
import { laned } from './along';
import { bindArguments, booleanArgument } from './arguments';
import { ne } from './compare';
import { item } from './convert';
import { launch } from './kernel';
import { sum, type Dims } from './reduce';
import { unbind } from './view';

/** @internal Their indices, a row each. Waits for their number. */
export function positions(x: Tensor): Tensor {
  const count = item(sum(x.code === Code.bool ? x : ne(x, 0)));
  return launch(Op.nonzero, COMPUTE[x.code]!, [count, x.shape.length], Code.int64, [x], []);
}

export interface NonzeroFunction {
  (x: Tensor): Tensor;
  (x: Tensor, options: { asTuple: true }): Tensor[];
  (x: Tensor, options: { asTuple?: boolean }): Tensor | Tensor[];
}

/**
 * The indices of the elements that are not zero, a row each; `asTuple`: a tensor for each dimension
 * (https://pytorch.org/docs/stable/generated/torch.nonzero.html). Waits for their number to be computed.
 */
export const nonzero = ((x: Tensor, ...given: readonly unknown[]) => {
  checkTensor('nonzero', x);
  const [asTuple] = bindArguments('nonzero', ['asTuple'], given);
  return booleanArgument('nonzero', 'asTuple', asTuple, false)
    ? unbind(positions(laned(x)), 1)
    : positions(x);
}) as NonzeroFunction;

/** `nonzero`, by NumPy's name. */
export function argwhere(x: Tensor): Tensor {
  checkTensor('argwhere', x);
  return positions(x);
}

export interface CountFunction {
  (x: Tensor, dim?: Dims): Tensor;
  (x: Tensor, options: { dim?: Dims }): Tensor;
}

/** The number of elements that are not zero, of all or along dimensions. */
export const countNonzero = ((x: Tensor, ...given: readonly unknown[]) => {
  checkTensor('countNonzero', x);
  const [dim] = bindArguments('countNonzero', ['dim'], given);
  return sum(ne(x, 0), wrapDims('countNonzero', dim, x.shape.length));
}) as CountFunction;
