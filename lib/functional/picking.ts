/** Elements that tensors of indices or a mask name: read and written, for `x.index(…)` and `x.setIndex(…)`. */
import { binding } from '../backend/load';
import { Op } from '../backend/ops.generated';
import { withGradMode } from '../autograd/mode';
import { checkInPlace, recordInPlace } from '../autograd/view';
import { defineGradient, record } from '../autograd/node';
import { COMPUTE, Code } from '../dtype';
import { CPU, autoTransfer } from '../device';
import { DTypeError, DeviceError, IndexError, ShapeError } from '../errors';
import { hostArray } from './convert';
import {
  SCALAR_SHAPE,
  broadcastShapes,
  broadcastsTo,
  numelOf,
  sameShape,
  showShape,
  type Shape,
} from '../shape';
import { type Tensor, alias, uninitialised } from '../tensor';
import { cast, copied } from './cast';
import { brought } from './devices';
import { clone, contiguous } from './copy';
import { indexAdd_, indexSelect } from './index-select';
import { NONE, fullOf, launch, launchInto } from './kernel';
import { separate } from './kinds';
import { positions } from './nonzero';
import { expand, permute, reshape, viewStrides } from './view';
import { converted } from './where';

/** A tensor of indices, or a mask, and the first dimension that it is for. */
export interface Picker {
  readonly dim: number;
  readonly tensor: Tensor;
}

/**
 * How pickers find their elements: dimensions in `order` (null: as they are), those from `at` on that the pickers are for
 * taken as one of `size`, and in that the places `linear`, which together have the shape `picked`.
 */
interface Plan {
  readonly shape: Shape;
  readonly order: readonly number[] | null;
  readonly before: Shape;
  readonly after: Shape;
  readonly size: number;
  readonly picked: Shape;
}

/** Fewer elements are looked at here: sooner than several kernels are launched. */
const MANY_ELEMENTS = 4096;

/** The positions of the true elements, row major, on the device of a place. */
export function truePositions(mask: Tensor, place: number): Tensor {
  const source = contiguous(mask);
  if (mask.place === CPU && place === CPU && mask.count >= MANY_ELEMENTS) {
    const found = positions(alias(source, [source.count], null, source.offset));
    return alias(found, [found.count], null, found.offset);
  }
  const bytes = hostArray('index', Uint8Array, mask.count);
  binding.download(source.id, bytes);
  let n = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) n++;
  const list = hostArray('index', BigInt64Array, n);
  // Their lower and upper halves, without a BigInt each.
  const halves = new Uint32Array(list.buffer);
  for (let i = 0, k = 0; k < n; i++)
    if (bytes[i] !== 0) {
      halves[2 * k] = i;
      if (i > 0xffffffff) halves[2 * k + 1] = i / 2 ** 32;
      k++;
    }
  const out = uninitialised([n], Code.int64, place, 'index');
  binding.upload(out.id, list);
  return out;
}

/** Indices as int64, the number of dimensions they are for and the number of places in those. */
function indicesOf(
  op: string,
  x: Tensor,
  { dim, tensor: t }: Picker,
): [indices: Tensor, dims: number, size: number] {
  if (t.place !== CPU && t.place !== x.place && !autoTransfer)
    throw new DeviceError(
      `${op}: expected indices on ${x.device} or the CPU, got ${t.device}: move them with .to('${x.device}')`,
    );
  if (t.code === Code.bool || t.code === Code.uint8) {
    const covered = x.shape.slice(dim, dim + t.shape.length);
    if (!sameShape(covered, t.shape))
      throw new IndexError(
        `${op}: a mask of shape ${showShape(t.shape)} does not fit dimension ${dim} of shape ${showShape(x.shape)}`,
      );
    return [truePositions(converted(t, Code.bool), x.place), t.shape.length, t.count];
  }
  if (t.code !== Code.int64 && t.code !== Code.int32)
    throw new IndexError(`${op}: expected indices of dtype int64, int32 or bool, got ${t.dtype}`);
  return [t.place === x.place ? converted(t, Code.int64) : copied(t, Code.int64, x.place), 1, x.shape[dim]!];
}

/** Resolves pickers for x: the plan, and the places as one 1-d tensor. */
function planFor(op: string, x: Tensor, pickers: readonly Picker[]): [Plan, Tensor] {
  const found = pickers.map((picker) => indicesOf(op, x, picker));
  let picked: Shape = [];
  for (const [indices] of found)
    try {
      picked = broadcastShapes(op, picked, indices.shape);
    } catch {
      const shapes = found.map(([i]) => showShape(i.shape)).join(', ');
      throw new IndexError(`${op}: tensors of indices of shapes ${shapes} do not broadcast`);
    }
  const dims = pickers.flatMap(({ dim }, i) => Array.from({ length: found[i]![1] }, (_, k) => dim + k));
  const at = dims[0]!;
  const adjacent = dims.every((d, i) => d === at + i);
  const rest = x.shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const sizes = found.map(([, , size]) => size);
  const plan: Plan = {
    shape: x.shape,
    order: adjacent ? null : [...dims, ...rest],
    before: adjacent ? x.shape.slice(0, at) : [],
    after: adjacent ? x.shape.slice(at + dims.length) : rest.map((d) => x.shape[d]!),
    size: numelOf(sizes),
    picked,
  };
  const inputs = found.map(([indices]) => indices);
  const places = linearPlaces(op, picked, inputs, sizes);
  return [plan, picked.length === 1 ? places : alias(places, [places.count], null, 0)];
}

/** The places, with errors in the name of `op`: the kernel knows the one that reads only. */
function linearPlaces(
  op: string,
  picked: Shape,
  inputs: readonly Tensor[],
  sizes: readonly number[],
): Tensor {
  try {
    return launch(Op.linearIndex, COMPUTE[Code.int64]!, picked, Code.int64, inputs, sizes);
  } catch (error) {
    if (!(error instanceof IndexError)) throw error;
    throw new IndexError(error.message.replace(/^index:/, `${op}:`));
  }
}

function resultShape({ before, picked, after }: Plan): Shape {
  return [...before, ...picked, ...after];
}

/** The picked dimensions as one. */
function flat(x: Tensor, { order, before, size, after }: Plan): Tensor {
  return reshape(order === null ? x : permute(x, order), [...before, size, ...after]);
}

const Index = defineGradient<Plan>('Index', (grad, node, plan) => {
  const places = node.input(0);
  const { order, before, size, after, shape } = plan;
  const whole = fullOf([...before, size, ...after], grad.code, grad.place, 0);
  indexAdd_(whole, before.length, places, reshape(grad, [...before, places.count, ...after]));
  if (order === null) return [reshape(whole, shape)];
  const inverse = new Array<number>(order.length);
  order.forEach((d, i) => (inverse[d] = i));
  return [
    permute(
      reshape(
        whole,
        order.map((d) => shape[d]!),
      ),
      inverse,
    ),
  ];
});

function taken(x: Tensor, plan: Plan, places: Tensor): Tensor {
  const out = withGradMode('index', false, () =>
    reshape(indexSelect(flat(x, plan), plan.before.length, places), resultShape(plan)),
  );
  return record(out, Index, [x], [places], plan);
}

/** The elements of x that the pickers name. */
export function pick(x: Tensor, pickers: readonly Picker[]): Tensor {
  const [plan, places] = planFor('index', x, pickers);
  return taken(x, plan, places);
}

interface Putting {
  readonly plan: Plan;
  /** Whether values are added to what is there. */
  readonly accumulate: boolean;
}

const IndexPut = defineGradient<Putting>('IndexPut', (grad, node, { plan, accumulate }) => {
  const places = node.input(0);
  const without = (): Tensor => {
    const zero = fullOf(SCALAR_SHAPE, grad.code, grad.place, 0);
    return written('indexPut', clone(grad), { plan, accumulate: false }, places, zero);
  };
  return [
    !node.needs(0) ? null : accumulate ? grad : without(),
    node.needs(1) ? taken(grad, plan, places) : null,
  ];
});

/** Writes `value`, which broadcasts, to places of x. */
function written(op: string, x: Tensor, putting: Putting, places: Tensor, value: Tensor): Tensor {
  const { plan, accumulate } = putting;
  checkInPlace(op, x, [x, value]);
  withGradMode(op, false, () => {
    const source = reshape(expand(separate(x, value) as Tensor, resultShape(plan)), [
      ...plan.before,
      places.count,
      ...plan.after,
    ]);
    const { order, before, size, after } = plan;
    const arranged = order === null ? x : permute(x, order);
    const shape = [...before, size, ...after];
    const strides = viewStrides(arranged, shape);
    const rows = strides === null ? flat(x, plan) : alias(arranged, shape, strides, arranged.offset);
    const kernel = accumulate ? Op.indexAdd : Op.indexCopy;
    launchInto(kernel, COMPUTE[x.code]!, [rows], [source, places], [before.length]);
    // Where these dimensions can't be seen as one, a copy of x was written to.
    if (strides === null)
      launchInto(Op.copy, COMPUTE[x.code]!, [arranged], [reshape(rows, arranged.shape)], NONE);
  });
  return recordInPlace(x, IndexPut, [x, value], [places], -1, putting);
}

/** Writes `value` to the elements of x that the pickers name; it broadcasts to what `pick` gives. */
export function put(
  x: Tensor,
  pickers: readonly Picker[],
  given: Tensor,
  op = 'setIndex',
  accumulate = false,
): Tensor {
  // One mask with one value is a fill, which converts.
  const fills = pickers.length === 1 && pickers[0]!.tensor.code === Code.bool && given.count === 1;
  const there = given.place === x.place ? given : cast(brought(op, x, given), given.code, x.place);
  const value = fills ? cast(there, x.code) : there;
  if (value.code !== x.code)
    throw new DTypeError(`${op}: expected a value of dtype ${x.dtype}, got ${value.dtype}`);
  const [plan, places] = planFor(op, x, pickers);
  const shape = resultShape(plan);
  if (!broadcastsTo(value.shape, shape))
    throw new ShapeError(
      `${op}: a value of shape ${showShape(value.shape)} does not broadcast to ${showShape(shape)}`,
    );
  return written(op, x, { plan, accumulate }, places, value);
}
