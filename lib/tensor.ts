/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The Tensor: a handle on native storage, with its place in the autograd graph. This file holds the class, its
 * properties and how it is made; the operations are methods that lib/functional attaches.
 */
import { free, giveAway, makeNew, makeView, receive, takeId, setCompanion } from './backend/commands';
import { beforeBirth } from './backend/memory';
import { tracking, noteBirth } from './backend/tracking';
import { currentScope, release, expose } from './backend/scope';
import { DTYPES, ELEMENT_SIZE, type DType } from './dtype';
import { ArgumentError, AutogradError, DeviceError, describe, onBehalfOf } from './errors';
import { CPU, deviceName, type Device } from './device';
import { SCALAR_SHAPE, numelOf, rowMajorStrides, isRowMajor, type Shape } from './shape';
import { currentModes, unusualModes, withModes } from './autograd/mode';
import type { Node } from './autograd/node';
import { moveRetained } from './autograd/retained';
import { viewAgain, type Form } from './autograd/turned';

/** @internal How a view came about: enough to find its gradient function again after its base was changed in place. */
export interface ViewInfo {
  /** The tensor this is a view of. */
  readonly of: Tensor;
  /** The tensor that all views of one chain are views of. */
  readonly root: Tensor;
  /** Makes the same view of another tensor of the same shape. */
  readonly replay: (of: Tensor) => Tensor;
  /** What `of` was when this view was made of it, should it have become another view of itself. */
  readonly form: Form;
  /** The root's graph version that `node` belongs to. */
  graphVersion: number;
  /** The op that made this view and others at once; null: it was made alone. */
  readonly siblings: string | null;
  /** Whether it was made while operations were recorded, in which its changes in place can't be recorded otherwise. */
  readonly recorded: boolean;
}

/**
 * A multi-dimensional array of one dtype, as PyTorch's: https://pytorch.org/docs/stable/tensors.html.
 * Made by `tensor`, `zeros`, `randn`… or by an operation; never by `new Tensor`.
 */
export class Tensor {
  /** Nothing else passes for a Tensor, and structuredClone refuses it, being a symbol. */
  declare private readonly brand: symbol;

  /** The sizes of the dimensions. */
  declare readonly shape: Shape;
  /** @internal The dtype's code. */
  declare readonly code: number;
  /** @internal */
  declare readonly count: number;
  /** @internal Where the elements are: 0 on the CPU, k on cuda:(k - 1). */
  declare readonly place: number;
  /** @internal Strides in elements; null: row major. */
  declare layout: readonly number[] | null;
  /** @internal In elements, from the storage's start. */
  declare offset: number;
  /** @internal Released at a known moment, so without a weak reference. */
  declare owned: boolean;
  /** @internal */
  declare needsGrad: boolean;
  /** @internal The function that made this tensor, if autograd recorded it. */
  declare node: Node | null;
  /** @internal Which of the node's outputs this is. */
  declare nodeIndex: number;
  /** @internal A leaf's node: it accumulates into `grad`. */
  declare accumulator: Node | null;
  /** @internal */
  declare gradient: Tensor | null;
  /** @internal The tensor whose storage this shares, which keeps the version for all that share it; null: its own. */
  declare base: Tensor | null;
  /** @internal */
  declare viewInfo: ViewInfo | null;
  /** @internal Its dimensions of a size other than 1 in the order they were made; null: that is how they are. */
  declare order: readonly number[] | null;
  /** @internal Whether other tensors share this one's storage. */
  declare shared: boolean;
  /** @internal Raised when views of this tensor must find their gradient function anew. */
  declare graphVersion: number;
  /** @internal How many places of a running backward pass wait for this gradient. */
  declare holds: number;
  /** @internal Raised by every change in place; see `base`. -1: an inference tensor, whose changes nobody counts. */
  declare changes: number;
  /** @internal The native slot; 0 when disposed. The last field: who compares two tensors field by field starts here. */
  declare id: number;

  /** @internal */
  constructor(secret: typeof SECRET, shape: Shape, code: number, count: number, place: number) {
    if (secret !== SECRET)
      throw new ArgumentError('Tensor: made with tensor(), zeros(), randn() and the like, not with new');
    this.brand = BRAND;
    this.shape = shape;
    this.code = code;
    this.count = count;
    this.place = place;
    this.layout = null;
    this.offset = 0;
    this.owned = false;
    this.needsGrad = false;
    this.node = null;
    this.nodeIndex = 0;
    this.accumulator = null;
    this.gradient = null;
    this.base = null;
    this.viewInfo = null;
    this.order = null;
    this.shared = false;
    this.graphVersion = 0;
    this.holds = 0;
    this.changes = 0;
    this.id = 0;
  }

  get dtype(): DType {
    return DTYPES[this.code]!;
  }
  /** Where the elements are: 'cpu', 'cuda:0'…. */
  get device(): Device {
    return deviceName(this.place);
  }
  /** The number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }
  /** The number of dimensions. */
  dim(): number {
    return this.shape.length;
  }
  /** The number of elements. */
  numel(): number {
    return this.count;
  }
  /** Bytes per element. */
  elementSize(): number {
    return ELEMENT_SIZE[this.code]!;
  }
  isFloatingPoint(): boolean {
    return this.code <= 3;
  }
  isContiguous(): boolean {
    return this.layout === null;
  }
  /** In elements. */
  storageOffset(): number {
    return this.offset;
  }
  get isCuda(): boolean {
    return this.place !== CPU;
  }

  /** Whether this tensor was made by the user rather than by a recorded operation. */
  get isLeaf(): boolean {
    return gradNode(this) === null;
  }

  /** The gradient of what `backward()` was called on, or null. Assignable. */
  get grad(): Tensor | null {
    const g = this.gradient;
    if (g !== null && g.owned) {
      setCompanion(this.id, 0);
      expose(g);
    }
    return g;
  }
  set grad(value: Tensor | null) {
    if (value !== null) {
      if (!(value instanceof Tensor))
        throw new ArgumentError(`grad: expected a Tensor or null, got ${describe(value)}`);
      if (value === this) throw new ArgumentError("grad: a tensor can't be its own gradient");
      if (
        value.code !== this.code ||
        value.shape.length !== this.shape.length ||
        value.shape.some((n, i) => n !== this.shape[i])
      )
        throw new ArgumentError(
          `grad: expected a ${this.dtype} tensor of shape [${this.shape.join(', ')}], got ${value.dtype} of shape [${value.shape.join(', ')}]`,
        );
      if (value.place !== this.place)
        throw new DeviceError(`grad: expected a tensor on ${this.device}, got one on ${value.device}`);
    }
    setGradient(this, value);
  }

  /** @internal Counts changes of the storage in place. */
  get version(): number {
    return this.base === null ? this.changes : this.base.changes;
  }

  /**
   * Frees the memory now instead of when the collector notices: never a duty. The tensor can't be used afterwards;
   * views of it keep their storage.
   */
  dispose(): void {
    if (this.gradient !== null && this.gradient.owned) setGradient(this, null);
    release(this);
  }

  [Symbol.dispose ?? Symbol.for('nodejs.dispose')](): void {
    this.dispose();
  }

  /** Whether this tensor was made in inference mode (as a view: of such a tensor). */
  isInference(): boolean {
    return this.version < 0;
  }

  get isDisposed(): boolean {
    return this.id === 0;
  }
}

const SECRET = Symbol('tensor');
const BRAND = Symbol('Tensor: copy it with clone(), or its elements with toTypedArray()');

// What was not constructed and yet inherits from Tensor (Object.create(Tensor.prototype)) counts as disposed.
for (const [field, value] of Object.entries({ ...new Tensor(SECRET, SCALAR_SHAPE, 0, 1, CPU) }))
  Object.defineProperty(Tensor.prototype, field, { value, writable: true, configurable: true });

/** @internal Subclasses (Parameter) construct through this. */
export const CONSTRUCTOR_SECRET: typeof SECRET = SECRET;

/** Before a tensor is made: a collection that it sees already brings it nearer to being old. */
function makeRoom(): void {
  if (currentScope === null) beforeBirth();
}

function adopt(t: Tensor): Tensor {
  if (currentScope !== null) {
    t.owned = true;
    currentScope.add(t);
  }
  t.id = takeId();
  if (tracking) noteBirth(t.id);
  return t;
}

/** @internal Whether a tensor was ever made on a CUDA device: until then nobody need look where operands are. */
export let cudaInUse = false;

/** @internal A tensor that an op is about to make: it has an id, but nothing behind it until the op is submitted. */
export function allocate(shape: Shape, code: number, place: number): Tensor {
  makeRoom();
  const t = new Tensor(SECRET, shape, code, numelOf(shape), place);
  if (place !== CPU) cudaInUse = true;
  if (unusualModes && currentModes().inference) t.changes = -1;
  return adopt(t);
}

/** @internal A tensor of uninitialised elements; errors name `op`. */
export function uninitialised(shape: Shape, code: number, place: number, op: string): Tensor {
  const t = allocate(shape, code, place);
  try {
    makeNew(t);
  } catch (error) {
    throw onBehalfOf(op, error);
  }
  return t;
}

/** @internal Shares `of`'s storage and version; no autograd. `strides` null: row major. */
export function alias(of: Tensor, shape: Shape, strides: readonly number[] | null, offset: number): Tensor {
  makeRoom();
  return share(new Tensor(SECRET, shape, of.code, numelOf(shape), of.place), of, strides, offset);
}

/** @internal Makes a constructed, still empty tensor share `of`'s storage. */
export function aliasInto<T extends Tensor>(
  t: T,
  of: Tensor,
  strides: readonly number[] | null,
  offset: number,
): T {
  makeRoom();
  return share(t, of, strides, offset);
}

function share<T extends Tensor>(t: T, of: Tensor, strides: readonly number[] | null, offset: number): T {
  const layout = strides === null || t.count === 0 || isRowMajor(t.shape, strides) ? null : strides;
  t.layout = layout;
  t.offset = t.count === 0 ? 0 : offset;
  t.base = of.base ?? of;
  t.base.shared = true;
  adopt(t);
  makeView(t, of, t.offset, layout);
  return t;
}

/** @internal A tensor over the memory that a thread offers under a key. */
export function received(
  key: string,
  code: number,
  shape: Shape,
  strides: readonly number[],
  offset: number,
): Tensor {
  makeRoom();
  const t = new Tensor(SECRET, shape, code, numelOf(shape), CPU);
  t.layout = t.count === 0 || isRowMajor(shape, strides) ? null : strides;
  t.offset = offset;
  t.shared = true; // others write to it
  adopt(t);
  receive(t, key, offset, strides);
  return t;
}

/**
 * @internal Makes t, whoever holds it, the tensor that `made` is: its elements, dtype and device. `made` is owned, nobody
 * else knows it, and it is gone afterwards.
 */
export function become(t: Tensor, made: Tensor): void {
  if (t.id !== 0) free(t.id);
  const changes = t.version;
  const { code, place, layout, offset, id } = made;
  Object.assign(t, { code, place, layout, offset, id, base: null, shared: false, viewInfo: null });
  t.changes = changes < 0 ? changes : changes + 1;
  made.id = 0;
  giveAway(t);
}

/**
 * @internal Makes t, whoever holds it, what `view` is: a view of t's memory that nobody else knows. The places of its
 * elements change, not its storage.
 */
export function takeView(t: Tensor, view: Tensor): void {
  const { shape, count, layout, offset, node, nodeIndex } = view;
  void t.grad; // an owned one would go with the old slot: reading it gives it one of its own
  const { id } = t;
  Object.assign(t, { shape, count, layout, offset });
  if (node !== null) Object.assign(t, { node, nodeIndex, needsGrad: true });
  t.id = takeId();
  if (tracking) noteBirth(t.id);
  makeView(t, view, offset, layout);
  free(id);
}

/** @internal */
export function stridesOf(t: Tensor): readonly number[] {
  return t.layout ?? rowMajorStrides(t.shape);
}

/** @internal Notes a change of t's elements in place. */
export function bumpVersion(t: Tensor): void {
  const owner = t.base ?? t;
  if (owner.changes >= 0) owner.changes++;
}

/** @internal The current gradient function: a view whose root was changed in place finds its own anew. */
export function gradNode(t: Tensor): Node | null {
  const view = t.viewInfo;
  if (view !== null && view.graphVersion !== view.root.graphVersion) {
    view.graphVersion = view.root.graphVersion;
    gradNode(view.of);
    if (view.of.needsGrad) {
      const again = withModes('view', { grad: true, inference: false }, () => viewAgain(t, view));
      // PyTorch finds such views again by their strides.
      if (again.node !== null) again.node.rule = { ...again.node.rule, name: 'AsStridedBackward' };
      t.node = again.node;
      t.nodeIndex = again.nodeIndex;
      t.needsGrad = again.needsGrad;
      release(again);
      moveRetained(t);
    }
  }
  return t.node;
}

/** @internal Sets or drops a leaf's gradient; an owned one that is dropped is freed at once. */
export function setGradient(t: Tensor, value: Tensor | null): void {
  const old = t.gradient;
  if (old === value) return;
  if (old !== null && old.owned) {
    setCompanion(t.id, 0);
    release(old);
  }
  t.gradient = value;
  if (value === null || !value.owned) return;
  // A disposed tensor has no slot to be swept with.
  if (t.id === 0) expose(value);
  else setCompanion(t.id, value.id);
}

/** @internal Throws unless `value` is a tensor. */
export function checkTensor(op: string, value: unknown, name = 'input'): asserts value is Tensor {
  if (!(value instanceof Tensor))
    throw new ArgumentError(`${op}: expected ${name} to be a Tensor, got ${describe(value)}`);
}

/** @internal Throws when a floating-point tensor is called for. */
export function checkDifferentiable(op: string, t: Tensor): void {
  if (t.code > 3)
    throw new AutogradError(`${op}: only floating-point tensors can require gradients, got ${t.dtype}`);
}
