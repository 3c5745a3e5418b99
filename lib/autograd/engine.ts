/**
 * The backward pass: from the newest node to the oldest, so that a node runs when all of its gradient has arrived.
 * Iterative; gradients and graph are released as it goes. Without `createGraph` what the pass makes for itself never
 * meets the garbage collector: every gradient counts the places that wait for it and is freed with the last.
 */
import { stepEnd } from '../backend/memory';
import { Scope, enterScope, expose, release } from '../backend/scope';
import { AutogradError, ShapeError, describe } from '../errors';
import { broadcastsTo, sameShape, showShape } from '../shape';
import { Tensor, setGradient } from '../tensor';
import { arithmetic } from './arithmetic';
import { gradEnabled, setGradEnabled } from './mode';
import { edgeOf, prunedMark, setPruned, type Node } from './node';

export interface PassOptions {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
  /** Only what leads to these runs; null: everything. */
  readonly inputs: readonly Tensor[] | null;
  /** Return the inputs' gradients instead of accumulating any. */
  readonly capture: boolean;
}

/** A heap of nodes, the newest on top. */
class Queue {
  readonly nodes: Node[] = [];

  get size(): number {
    return this.nodes.length;
  }

  push(node: Node): void {
    const nodes = this.nodes;
    let i = nodes.length;
    nodes.push(node);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (nodes[parent]!.sequence >= node.sequence) break;
      nodes[i] = nodes[parent]!;
      i = parent;
    }
    nodes[i] = node;
  }

  pop(): Node {
    const nodes = this.nodes;
    const top = nodes[0]!;
    const last = nodes.pop()!;
    const n = nodes.length;
    if (n === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && nodes[child + 1]!.sequence > nodes[child]!.sequence) child++;
      if (nodes[child]!.sequence <= last.sequence) break;
      nodes[i] = nodes[child]!;
      i = child;
    }
    nodes[i] = last;
    return top;
  }
}

/** What one pass has set a node up with, while another pass runs inside of it. */
interface Displaced {
  readonly node: Node;
  readonly grad: Tensor | null;
  readonly further: (Tensor | null)[] | null;
}

interface Capture {
  readonly index: number;
  readonly slot: number;
}

const NONE: (Tensor | null)[] = [];

let running: Pass | null = null;
let passes = 0;

class Pass {
  private readonly queue = new Queue();
  /** Leaves come last: then every contribution is in, and hooks see the sum. */
  private readonly leaves: Node[] = [];
  private leafCount = 0;
  /** Tensors made by the node that runs; null under createGraph, where they are the user's. */
  scope: Scope | null = null;
  private readonly ownScope = new Scope();
  private captures: Map<Node, Capture[]> | null = null;
  private captured: (Tensor | null)[] = NONE;
  private options!: PassOptions;

  prepare(options: PassOptions): void {
    this.options = options;
    this.scope = options.createGraph ? null : this.ownScope;
    this.captures = null;
    this.captured = options.inputs === null ? NONE : [];
  }

  run(roots: readonly Tensor[], seeds: readonly (Tensor | null)[]): (Tensor | null)[] {
    if (this.options.inputs !== null) setPruned(this.prune(roots, this.options.inputs));
    for (let i = 0; i < roots.length; i++) {
      const root = roots[i]!;
      const node = edgeOf(root);
      if (prunedMark() !== 0 && node.mark !== prunedMark()) continue;
      this.deliver(node, root.nodeIndex, seeds[i] ?? arithmetic.full(root.shape, root.code, 1));
    }
    this.releaseScope();
    while (this.queue.size > 0) this.visit(this.queue.pop());
    for (let i = 0; i < this.leafCount; i++) this.visit(this.leaves[i]!);
    this.leafCount = 0;
    return this.captured;
  }

  /** Marks the nodes through which gradients reach `inputs`; returns the mark. */
  private prune(roots: readonly Tensor[], inputs: readonly Tensor[]): number {
    const seen = 2 * ++passes;
    const needed = seen + 1;
    const targets = new Set<Node>();
    this.captures = new Map();
    inputs.forEach((t, slot) => {
      const node = edgeOf(t);
      targets.add(node);
      this.captured.push(null);
      if (!this.options.capture) return;
      const list = this.captures!.get(node);
      const capture = { index: t.nodeIndex, slot };
      if (list) list.push(capture);
      else this.captures!.set(node, [capture]);
    });
    // Depth first without recursion: a node is decided when all behind it are.
    const stack: { node: Node; at: number }[] = [];
    for (const root of roots) {
      const start = edgeOf(root);
      if (start.mark >= seen) continue;
      start.mark = seen;
      stack.push({ node: start, at: 0 });
      while (stack.length > 0) {
        const top = stack[stack.length - 1]!;
        if (top.at < top.node.next.length) {
          const next = top.node.next[top.at++];
          if (next && next.mark < seen) {
            next.mark = seen;
            stack.push({ node: next, at: 0 });
          }
          continue;
        }
        stack.pop();
        if (targets.has(top.node) || top.node.next.some((n) => n !== null && n.mark === needed))
          top.node.mark = needed;
      }
    }
    return needed;
  }

  /** Adds a contribution to the gradient of a node's output. */
  private deliver(node: Node, index: number, grad: Tensor): void {
    const output = index === 0 ? node : node.further![index - 1]!;
    let g = grad;
    if (!sameShape(g.shape, output.shape)) {
      if (!broadcastsTo(output.shape, g.shape))
        throw new ShapeError(
          `backward: ${node.name} expected a gradient of shape ${showShape(output.shape)}, got ${showShape(g.shape)}`,
        );
      g = arithmetic.sumTo(g, output.shape);
    }
    if (g.code !== output.code) g = arithmetic.cast(g, output.code);
    const old = output.grad;
    if (old === null) {
      output.grad = g;
      g.holds++;
    } else if (this.exclusive(old)) {
      arithmetic.accumulate(old, g);
    } else {
      const sum = arithmetic.add(old, g);
      sum.holds++;
      output.grad = sum;
      this.drop(old);
    }
    if (!node.queued) {
      node.queued = true;
      if (node.leaf !== null) this.leaves[this.leafCount++] = node;
      else this.queue.push(node);
    }
  }

  /** Whether one place alone waits for g, on storage that nothing else looks at. */
  private exclusive(g: Tensor): boolean {
    return (
      this.scope !== null && g.owned && g.holds === 1 && g.base === null && !g.shared && g.layout === null
    );
  }

  /** One place fewer waits for g. */
  private drop(g: Tensor): void {
    if (--g.holds === 0 && g.owned) release(g);
  }

  /** Frees what the last node made and nobody waits for. */
  private releaseScope(): void {
    const scope = this.scope;
    if (scope === null) return;
    const tensors = scope.tensors as Tensor[];
    for (let i = 0; i < scope.count; i++) {
      const t = tensors[i]!;
      if (t.holds === 0 && t.owned) release(t);
    }
    scope.count = 0;
  }

  private visit(node: Node): void {
    let grad = node.grad;
    node.grad = null;
    node.queued = false;
    if (node.hooks !== null && grad !== null) grad = this.callHooks(node, 0, grad);
    if (node.further === null) {
      this.evaluate(node, grad, null);
      this.drop(grad!);
    } else {
      const grads: (Tensor | null)[] = [grad];
      node.further.forEach((output, i) => {
        const g = output.grad;
        output.grad = null;
        grads.push(g !== null && node.hooks !== null ? this.callHooks(node, i + 1, g) : g);
      });
      this.evaluate(node, grad, grads);
      for (const g of grads) if (g !== null) this.drop(g);
    }
    this.releaseScope();
  }

  private evaluate(node: Node, grad: Tensor | null, grads: (Tensor | null)[] | null): void {
    const captures = this.captures?.get(node);
    if (captures !== undefined)
      for (const { index, slot } of captures) {
        const g = grads === null ? grad : grads[index]!;
        if (g === null) continue;
        g.holds++;
        this.captured[slot] = g;
      }
    if (node.leaf !== null) {
      if (!this.options.capture) this.accumulate(node.leaf, grad!);
      return;
    }
    const next = node.next;
    if (prunedMark() !== 0 && !next.some((_, i) => node.needs(i))) return;
    const rule = node.rule;
    const results =
      grads === null
        ? rule.backward(grad!, node, node.context)
        : rule.backwardAll!(grads, node, node.context);
    for (let i = 0; i < next.length; i++) {
      const g = results[i];
      if (g && node.needs(i)) this.deliver(next[i]!, node.nextIndex[i]!, g);
    }
    if (!this.options.retainGraph) node.free();
  }

  /** Into `leaf.grad`: taken over when it is ours alone, else copied or added. */
  private accumulate(leaf: Tensor, g: Tensor): void {
    const old = leaf.gradient;
    if (old !== null) {
      if (this.scope === null) {
        setGradient(leaf, arithmetic.add(old, g));
      } else {
        arithmetic.accumulate(old, g);
      }
      return;
    }
    const own = this.exclusive(g) ? g : arithmetic.clone(g);
    if (own.owned) own.holds++;
    setGradient(leaf, own);
  }

  /** Hooks are user code: what they see and make belongs to the collector. */
  private callHooks(node: Node, index: number, grad: Tensor): Tensor {
    let g = grad;
    for (const hook of node.hooks!.slice()) {
      if (hook.index !== index) continue;
      const result = outside(() => {
        expose(g);
        return hook.call(g);
      });
      if (result === undefined || result === null) continue;
      if (!(result instanceof Tensor) || !sameShape(result.shape, g.shape) || result.code !== g.code)
        throw new AutogradError(
          `hook: expected a ${g.dtype} tensor of shape ${showShape(g.shape)} in place of the gradient (or nothing), got ${describe(result)}`,
        );
      this.drop(g);
      g = result;
      g.holds++;
    }
    return g;
  }

  /** Puts what waits in queued nodes aside, for a pass inside of this one. */
  displace(): Displaced[] {
    const leaves = this.leaves.slice(0, this.leafCount).filter((n) => n.queued);
    return [...this.queue.nodes, ...leaves].map((node) => {
      const further = node.further?.map((o) => o.grad) ?? null;
      const displaced = { node, grad: node.grad, further };
      node.grad = null;
      node.further?.forEach((o) => (o.grad = null));
      node.queued = false;
      return displaced;
    });
  }

  restore(displaced: readonly Displaced[]): void {
    for (const { node, grad, further } of displaced) {
      node.grad = grad;
      node.further?.forEach((o, i) => (o.grad = further![i]!));
      node.queued = true;
    }
  }

  /** Leaves no gradient behind in the graph, whatever happened. */
  cleanUp(): void {
    for (const { grad, further } of this.displace()) {
      if (grad !== null) this.drop(grad);
      further?.forEach((g) => g !== null && this.drop(g));
    }
    this.queue.nodes.length = 0;
    this.leafCount = 0;
    this.releaseScope();
  }

  /** The captured gradients, given to the user. */
  surrender(): void {
    for (const g of this.captured) {
      if (g === null) continue;
      g.holds = 0;
      expose(g);
    }
  }
}

/** Passes outside of any other, one at a time, share their lists. */
const outermost = new Pass();

/** Runs user code from inside of a pass: tensors made there are the user's, as is the grad mode. */
export function outside<T>(f: () => T): T {
  const scope = enterScope(null);
  try {
    return f();
  } finally {
    enterScope(scope);
  }
}

/** Differentiates `roots` (weighted with `seeds`; null: ones). Returns the captured gradients, in the inputs' order. */
export function runBackward(
  roots: readonly Tensor[],
  seeds: readonly (Tensor | null)[],
  options: PassOptions,
): (Tensor | null)[] {
  const outer = running;
  const displaced = outer === null ? null : outer.displace();
  const pass = outer === null ? outermost : new Pass();
  pass.prepare(options);
  const mode = gradEnabled;
  const mark = setPruned(0);
  running = pass;
  const scope = enterScope(pass.scope);
  setGradEnabled(options.createGraph);
  let done = false;
  try {
    const captured = pass.run(roots, seeds);
    done = true;
    return captured;
  } finally {
    if (!done) pass.cleanUp();
    setGradEnabled(mode);
    enterScope(scope);
    setPruned(mark);
    running = outer;
    if (displaced !== null) outer!.restore(displaced);
    pass.surrender();
    if (outer === null) stepEnd();
  }
}
