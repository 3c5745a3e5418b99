/** Views that take the place of the tensor they are made of: it gets other sizes and strides on the same memory. */
import { gradEnabled } from '../autograd/mode';
import { renewLeaf, requiresGrad } from '../autograd/node';
import { noteTurn } from '../autograd/turned';
import { checkRecordable } from '../autograd/view';
import { release } from '../backend/scope';
import type { Shape } from '../shape';
import { alias, bumpVersion, checkTensor, takeView, type Tensor } from '../tensor';
import { named } from './arguments';
import { inTheNameOf } from './change';
import { squeeze, t, transpose, unsqueeze, view } from './view';

type Look = (x: Tensor) => Tensor;

/** Makes x the view of itself that `look` gives, from which `back` leads back. */
function become(op: string, x: Tensor, look: Look, back: (before: Shape) => Look): Tensor {
  checkTensor(op, x);
  checkRecordable(op, x, [x]);
  requiresGrad(x); // a view of what was changed finds its function
  const before = alias(x, x.shape, x.layout, x.offset);
  const { viewInfo, node, nodeIndex, needsGrad } = x;
  Object.assign(before, { viewInfo, node, nodeIndex, needsGrad });
  const made = inTheNameOf(op, () => look(before));
  noteTurn(x, back(x.shape));
  takeView(x, made);
  if (viewInfo !== null && x.viewInfo !== null) {
    // Still a view that was made when it was. If nothing was recorded, its function is found anew.
    const { recorded, siblings } = viewInfo;
    const graphVersion = gradEnabled() ? x.viewInfo.graphVersion : -1;
    x.viewInfo = { ...x.viewInfo, recorded, siblings, graphVersion };
  } else if (gradEnabled() && x.node !== null) x.graphVersion++;
  if (x.node === null) renewLeaf(x);
  bumpVersion(x);
  release(made);
  if (viewInfo === null) release(before);
  return x;
}

/** The way back to a shape from it without some dimensions of size 1. */
const unsqueezed =
  (before: Shape): Look =>
  (x) =>
    view(x, before);

/** `squeeze`, in place. */
export const squeeze_ = named<
  [dim?: number | readonly number[]],
  { dim?: number | readonly number[] },
  Tensor
>('squeeze_', ['dim'], (x, dim) => become('squeeze_', x, (before) => squeeze(before, dim), unsqueezed));

/** `unsqueeze`, in place. */
export const unsqueeze_ = named<[dim: number], { dim: number }, Tensor>('unsqueeze_', ['dim'], (x, dim) =>
  become(
    'unsqueeze_',
    x,
    (before) => unsqueeze(before, dim),
    () => (x) => squeeze(x, dim),
  ),
);

/** `transpose`, in place. */
export const transpose_ = named<[dim0: number, dim1: number], { dim0: number; dim1: number }, Tensor>(
  'transpose_',
  ['dim0', 'dim1'],
  (x, dim0, dim1) =>
    become(
      'transpose_',
      x,
      (before) => transpose(before, dim0, dim1),
      () => (x) => transpose(x, dim0, dim1),
    ),
);

/** `t`, in place. */
export function t_(x: Tensor): Tensor {
  return become('t_', x, t, () => t);
}
