/** Views that take the place of the tensor they are made of: it gets other sizes and strides on the same memory. */
import { renewLeaf, requiresGrad } from '../autograd/node';
import { checkRecordable } from '../autograd/view';
import { release } from '../backend/scope';
import { alias, bumpVersion, checkTensor, takeView, type Tensor } from '../tensor';
import { named } from './arguments';
import { inTheNameOf } from './change';
import { squeeze, t, transpose, unsqueeze } from './view';

/** Makes x the view of itself that `look` gives. */
function become(op: string, x: Tensor, look: (x: Tensor) => Tensor): Tensor {
  checkTensor(op, x);
  checkRecordable(op, x, [x]);
  requiresGrad(x); // a view of what was changed finds its function
  const before = alias(x, x.shape, x.layout, x.offset);
  const { viewInfo, node, nodeIndex, needsGrad } = x;
  Object.assign(before, { viewInfo, node, nodeIndex, needsGrad });
  const view = inTheNameOf(op, () => look(before));
  takeView(x, view);
  if (x.node === null) renewLeaf(x);
  bumpVersion(x);
  release(view);
  if (viewInfo === null) release(before);
  return x;
}

/** `squeeze`, in place. */
export const squeeze_ = named<
  [dim?: number | readonly number[]],
  { dim?: number | readonly number[] },
  Tensor
>('squeeze_', ['dim'], (x, dim) => become('squeeze_', x, (before) => squeeze(before, dim)));

/** `unsqueeze`, in place. */
export const unsqueeze_ = named<[dim: number], { dim: number }, Tensor>('unsqueeze_', ['dim'], (x, dim) =>
  become('unsqueeze_', x, (before) => unsqueeze(before, dim)),
);

/** `transpose`, in place. */
export const transpose_ = named<[dim0: number, dim1: number], { dim0: number; dim1: number }, Tensor>(
  'transpose_',
  ['dim0', 'dim1'],
  (x, dim0, dim1) => become('transpose_', x, (before) => transpose(before, dim0, dim1)),
);

/** `t`, in place. */
export function t_(x: Tensor): Tensor {
  return become('t_', x, t);
}
