/** Views that take the place of the tensor they are made of: it gets other sizes and strides on the same memory. */
import { gradEnabled } from '../autograd/mode';
import { renewLeaf, requiresGrad } from '../autograd/node';
import { exchanged } from '../autograd/turned';
import { checkRecordable } from '../autograd/view';
import { release } from '../backend/scope';
import { wrapDim } from '../shape';
import { alias, bumpVersion, checkTensor, takeView, type Tensor } from '../tensor';
import { named } from './arguments';
import { inTheNameOf } from './change';
import { squeeze, t, transpose, unsqueeze } from './view';

/** Makes x the view of itself that `look` gives, in which its dimensions are in the order `order`. */
function become(op: string, x: Tensor, look: (x: Tensor) => Tensor, order = x.order): Tensor {
  checkRecordable(op, x, [x]);
  requiresGrad(x); // a view of what was changed finds its function
  const before = alias(x, x.shape, x.layout, x.offset);
  const { viewInfo, node, nodeIndex, needsGrad } = x;
  Object.assign(before, { viewInfo, node, nodeIndex, needsGrad });
  const made = inTheNameOf(op, () => look(before));
  takeView(x, made);
  x.order = order;
  // Still the view that it was made as, in another form. If nothing was recorded, its function is found anew.
  if (viewInfo !== null) x.viewInfo = gradEnabled() ? viewInfo : { ...viewInfo, graphVersion: -1 };
  else if (gradEnabled() && x.node !== null) x.graphVersion++;
  if (x.node === null) renewLeaf(x);
  bumpVersion(x);
  release(made);
  release(before);
  return x;
}

/** `squeeze`, in place. */
export const squeeze_ = named<
  [dim?: number | readonly number[]],
  { dim?: number | readonly number[] },
  Tensor
>('squeeze_', ['dim'], (x, dim) => {
  checkTensor('squeeze_', x);
  return become('squeeze_', x, (before) => squeeze(before, dim));
});

/** `unsqueeze`, in place. */
export const unsqueeze_ = named<[dim: number], { dim: number }, Tensor>('unsqueeze_', ['dim'], (x, dim) => {
  checkTensor('unsqueeze_', x);
  return become('unsqueeze_', x, (before) => unsqueeze(before, dim));
});

/** `transpose`, in place. */
export const transpose_ = named<[dim0: number, dim1: number], { dim0: number; dim1: number }, Tensor>(
  'transpose_',
  ['dim0', 'dim1'],
  (x, dim0, dim1) => {
    checkTensor('transpose_', x);
    const [a, b] = [dim0, dim1].map((dim) => wrapDim('transpose_', dim, x.shape.length));
    return become('transpose_', x, (before) => transpose(before, a!, b!), exchanged(x, a!, b!));
  },
);

/** `t`, in place. */
export function t_(x: Tensor): Tensor {
  checkTensor('t_', x);
  return become('t_', x, t, x.shape.length === 2 ? exchanged(x, 0, 1) : x.order);
}
