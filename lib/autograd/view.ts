/** Views, and changes in place, of tensors that autograd follows. */
import { ArgumentError, AutogradError, describe } from '../errors';
import { Tensor, alias, bumpVersion, checkTensor, gradNode } from '../tensor';
import { sameShape, showShape, type Shape } from '../shape';
import { arithmetic } from './arithmetic';
import { currentModes, gradEnabled, withGradMode } from './mode';
import { moveRetained } from './retained';
import { formOf, regionOf } from './turned';
import { attach, record, requiresGrad, type GradRule, type InputGrads, type Node } from './node';

/** A view of x that gradients flow through. `replay` makes the same view of another tensor of x's shape. */
export function recordView<C>(
  x: Tensor,
  shape: Shape,
  strides: readonly number[] | null,
  offset: number,
  rule: GradRule<C>,
  context: C,
  replay: (of: Tensor) => Tensor,
): Tensor {
  const out = alias(x, shape, strides, offset);
  if (x.code <= 3) {
    record(out, rule, [x], [], context);
    const root = x.viewInfo === null ? x : x.viewInfo.root;
    const { graphVersion } = root;
    const form = formOf(x);
    out.viewInfo = { of: x, root, replay, form, graphVersion, siblings: null, recorded: gradEnabled() };
  }
  return out;
}

/** One of several views: `replay` makes it of another tensor. */
export interface ViewPart {
  readonly shape: Shape;
  readonly strides: readonly number[] | null;
  readonly offset: number;
  readonly replay: (of: Tensor) => Tensor;
}

/**
 * Several views of x made at once: one node, whose rule has a `backwardAll`. As in PyTorch they can't be changed in place
 * while that is recorded.
 */
export function recordViews<C>(
  x: Tensor,
  parts: readonly ViewPart[],
  rule: GradRule<C>,
  context: C,
): Tensor[] {
  const outs = parts.map((part) => alias(x, part.shape, part.strides, part.offset));
  if (x.code > 3) return outs;
  const root = x.viewInfo === null ? x : x.viewInfo.root;
  const node =
    gradEnabled() && outs.length > 0 && requiresGrad(x) ? attach(outs[0]!, rule, [x], [], context) : null;
  if (node !== null)
    node.further = outs.slice(1).map(({ shape, code, place }) => ({ shape, code, place, grad: null }));
  outs.forEach((out, i) => {
    const { graphVersion } = root;
    const { replay } = parts[i]!;
    const form = formOf(x);
    out.viewInfo = { of: x, root, replay, form, graphVersion, siblings: rule.name, recorded: true };
    out.node = node;
    out.nodeIndex = node === null ? 0 : i;
    out.needsGrad = node !== null;
  });
  return outs;
}

/** To be called before `op` changes t in place. */
export function checkInPlace(op: string, t: Tensor, inputs: readonly (Tensor | null)[]): void {
  checkOverlap(op, t);
  checkRecordable(op, t, inputs);
}

/** Throws when elements of t share one place of memory, as those of an expanded tensor do. */
export function checkOverlap(op: string, t: Tensor): void {
  const strides = t.layout;
  if (strides === null) return;
  for (let i = 0; i < strides.length; i++)
    if (strides[i] === 0 && t.shape[i]! > 1)
      throw new ArgumentError(
        `${op}: elements of an expanded tensor (shape ${showShape(t.shape)}) share one place of memory: clone() it first`,
      );
}

/** Throws when autograd can't follow a change of t in place by an op on `inputs`. */
export function checkRecordable(op: string, t: Tensor, inputs: readonly (Tensor | null)[]): void {
  if (t.version < 0 && !currentModes().inference)
    throw new AutogradError(
      `${op}: an inference tensor can't be changed in place outside of inference mode; change a clone() of it instead`,
    );
  if (!gradEnabled()) return;
  const view = t.viewInfo;
  const own = requiresGrad(t) || (view !== null && requiresGrad(view.root));
  if (!own && !inputs.some((x) => x !== null && requiresGrad(x))) return;
  if (own && view === null && gradNode(t) === null)
    throw new AutogradError(
      `${op}: a leaf that requires a gradient can't be changed in place, except within noGrad()`,
    );
  if (view !== null) {
    if (view.siblings !== null)
      throw new AutogradError(
        `${op}: one of several views made by ${view.siblings} can't be changed in place; change a clone() of it instead`,
      );
    if (!view.recorded)
      throw new AutogradError(
        `${op}: a view that was made in noGrad() can't be changed in place outside of it; change a clone() of it instead`,
      );
    if (own && gradNode(view.root) === null)
      throw new AutogradError(
        `${op}: a view of a leaf that requires a gradient can't be changed in place, except within noGrad()`,
      );
  }
  if (t.code > 3) throw new AutogradError(`${op}: ${t.dtype} can't hold what requires a gradient`);
}

/** What a change of a view does to the tensor it is a view of. */
interface Patch {
  readonly rule: GradRule<unknown>;
  readonly context: unknown;
  /** The view again, of any tensor of the root's shape. */
  readonly region: (root: Tensor) => Tensor;
}

const CopySlices: GradRule<Patch> = {
  name: 'CopySlices',
  backward(grad: Tensor, node: Node, patch: Patch): InputGrads {
    const whole = arithmetic.clone(grad);
    const region = patch.region(whole);
    const results = patch.rule.backward(arithmetic.clone(region), node, patch.context);
    if (!node.needs(0)) return [null, ...results.slice(1)];
    arithmetic.copyInto(region, results[0] ?? arithmetic.full([], grad.code, grad.place, 0));
    return [whole, ...results.slice(1)];
  },
};

/**
 * Notes that t was changed in place by an op on `inputs` (t first), and records it. `savedOutput` says which of the
 * saved tensors is t after the change; -1: none.
 */
export function recordInPlace<C>(
  t: Tensor,
  rule: GradRule<C>,
  inputs: readonly (Tensor | null)[],
  saved: readonly (Tensor | null)[],
  savedOutput: number,
  context: C,
): Tensor {
  let node: Node | null = null;
  if (gradEnabled() && inputs.some((x) => x !== null && requiresGrad(x))) {
    const view = t.viewInfo;
    if (view === null) {
      node = attach(t, rule, inputs, saved, context);
      t.graphVersion++;
      moveRetained(t);
    } else {
      const { root } = view;
      const patch: Patch = { rule: rule, context, region: regionOf(t) };
      node = attach(root, CopySlices, [root, ...inputs.slice(1)], saved, patch);
      root.graphVersion++;
      moveRetained(root);
    }
  }
  bumpVersion(t);
  if (node !== null && savedOutput >= 0) node.renew(savedOutput);
  return t;
}

declare module '../tensor' {
  interface Tensor {
    /** Whether operations on this tensor are recorded; can be set on leaves. */
    requiresGrad: boolean;
    /** The operation that made this tensor, or null: a node of the graph. */
    readonly gradFn: GradFn | null;
    /** How often the elements were changed in place, by whatever shares them. An inference tensor doesn't count. */
    readonly _version: number;
    /** Which output of `gradFn` this is. */
    readonly outputNr: number;
    /** Sets `requiresGrad` of a leaf. */
    requiresGrad_(value?: boolean): this;
    /** A tensor of the same storage that autograd knows nothing of; changes in place are still noticed. */
    detach(): Tensor;
    /** Cuts this tensor off from the graph that made it. */
    detach_(): this;
    /**
     * A tensor of the same storage whose changes in place autograd doesn't notice. Elements of another tensor of this shape
     * and dtype that is assigned are copied.
     */
    data: Tensor;
  }
}

/** A node of the graph, as user code sees it. */
export interface GradFn {
  /** PyTorch's name without its number: `AddBackward`. */
  readonly name: string;
  readonly nextFunctions: readonly (GradFn | null)[];
}

Object.defineProperty(Tensor.prototype, 'requiresGrad', {
  configurable: true,
  get(this: Tensor): boolean {
    return requiresGrad(this);
  },
  set(this: Tensor, value: boolean) {
    this.requiresGrad_(value);
  },
});

Object.defineProperty(Tensor.prototype, 'gradFn', {
  configurable: true,
  get(this: Tensor): GradFn | null {
    return gradNode(this);
  },
});

Object.defineProperty(Tensor.prototype, '_version', {
  configurable: true,
  get(this: Tensor): number {
    if (this.version < 0) throw new AutogradError('_version: inference tensors do not count their changes');
    return this.version;
  },
});

Object.defineProperty(Tensor.prototype, 'outputNr', {
  configurable: true,
  get(this: Tensor): number {
    return gradNode(this) === null ? 0 : this.nodeIndex;
  },
});

Tensor.prototype.requiresGrad_ = function (this: Tensor, value = true) {
  if (typeof value !== 'boolean')
    throw new ArgumentError(`requiresGrad_: expected a boolean, got ${describe(value)}`);
  if (gradNode(this) !== null) {
    if (value) return this;
    throw new AutogradError('requiresGrad_: only a leaf can be told not to require a gradient; use detach()');
  }
  if (value && this.code > 3)
    throw new AutogradError(
      `requiresGrad_: only floating-point tensors can require gradients, got ${this.dtype}`,
    );
  if (value && this.version < 0 && !currentModes().inference)
    throw new AutogradError(
      "requiresGrad_: an inference tensor can't require a gradient outside of inference mode; use a clone() of it",
    );
  this.needsGrad = value;
  return this;
};

Tensor.prototype.detach = function (this: Tensor) {
  return alias(this, this.shape, this.layout, this.offset);
};

Object.defineProperty(Tensor.prototype, 'data', {
  configurable: true,
  get(this: Tensor): Tensor {
    const t = this.detach();
    t.base = null;
    t.shared = true;
    if (this.version < 0) t.changes = -1;
    return t;
  },
  set(this: Tensor, value: Tensor) {
    checkTensor('data', value, 'the value');
    if (value.code !== this.code || !sameShape(value.shape, this.shape))
      throw new ArgumentError(
        `data: expected a ${this.dtype} tensor of shape ${showShape(this.shape)}, got ${value.dtype} of shape ${showShape(value.shape)}`,
      );
    withGradMode('data', false, () => arithmetic.copyInto(this.data, value));
  },
});

Tensor.prototype.detach_ = function (this: Tensor) {
  if (this.viewInfo !== null)
    throw new AutogradError("detach_: a view can't be detached in place; use detach()");
  this.node = null;
  this.nodeIndex = 0;
  this.needsGrad = false;
  return this;
};
