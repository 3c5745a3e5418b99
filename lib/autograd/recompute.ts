/** Functions whose intermediate results are computed again in the backward pass instead of being kept. */
import { AutogradError } from '../errors';
import { Tensor, alias } from '../tensor';
import { sameShape, showShape, type Shape } from '../shape';
import { outside } from './engine';
import { currentModes, withModes } from './mode';
import type { KeptElsewhere, Node } from './node';

type Saved = readonly (Tensor | null)[];

/** One saved tensor: itself if it is a leaf that requires a gradient, else what tells it from others. */
interface Trace {
  readonly leaf: Tensor | null;
  readonly shape: Shape;
  readonly code: number;
  readonly node: Node | null;
  readonly nodeIndex: number;
}

function traceOf(t: Tensor | null): Trace | null {
  if (t === null) return null;
  const { shape, code, node, nodeIndex } = t;
  return { leaf: t.needsGrad && node === null ? t : null, shape, code, node, nodeIndex };
}

/** A recomputed tensor in the place of the one that was saved, with that one's history. */
function restored(trace: Trace | null, t: Tensor | null): Tensor | null {
  if (trace === null || t === null) return null;
  if (trace.leaf !== null) return trace.leaf;
  if (trace.node === null) return t;
  const out = alias(t, t.shape, t.layout, t.offset);
  out.node = trace.node;
  out.nodeIndex = trace.nodeIndex;
  out.needsGrad = true;
  return out;
}

/** One run of a function, and the lists of tensors that its operations saved, in order. */
class Frame {
  private readonly traces: (readonly (Trace | null)[])[] = [];
  /** The lists again, from the second run; null before that. */
  private again: (Saved | null)[] | null = null;

  constructor(
    private readonly op: string,
    private readonly rerun: (keep: (saved: Saved) => null) => void,
    private readonly strict: boolean,
  ) {}

  readonly keep = (saved: Saved): KeptElsewhere => {
    const index = this.traces.length;
    this.traces.push(saved.map(traceOf));
    const found = new Map<number, Tensor | null>();
    return {
      get: (i) => {
        if (!found.has(i)) found.set(i, outside(() => this.tensor(index, i)));
        return found.get(i)!;
      },
      free: () => {
        found.clear();
        if (this.again !== null) this.again[index] = null;
      },
    };
  };

  private tensor(index: number, i: number): Tensor | null {
    const trace = this.traces[index]![i]!;
    if (trace === null || trace.leaf !== null) return trace?.leaf ?? null;
    if (this.again === null || this.again[index] === null) this.recompute();
    return restored(trace, this.again![index]![i]!);
  }

  private recompute(): void {
    const lists: Saved[] = [];
    this.rerun((saved) => {
      lists.push(saved);
      return null;
    });
    if (lists.length !== this.traces.length)
      throw new AutogradError(
        `${this.op}: another number of tensors was saved when the function was run again: ${lists.length}, expected ${this.traces.length}`,
      );
    if (this.strict) this.traces.forEach((traces, k) => this.compare(traces, lists[k]!));
    this.again = lists;
  }

  private compare(traces: readonly (Trace | null)[], list: Saved): void {
    traces.forEach((trace, i) => {
      const t = list[i] ?? null;
      if (trace === null || t === null ? trace !== t : trace.code === t.code && sameShape(trace.shape, t.shape))
        return;
      if (trace === null && t === null) return;
      throw new AutogradError(
        `${this.op}: a tensor of shape ${t === null ? 'none' : showShape(t.shape)} was saved when the function was run again, expected ${trace === null ? 'none' : showShape(trace.shape)}`,
      );
    });
  }
}

/**
 * Runs `f` on `args`, and again in the backward pass: what its operations save is not kept between. `around` runs each
 * second run. `strict`: the second run must save tensors of the same shapes and dtypes.
 */
export function recomputed<Args extends readonly unknown[], Result>(
  op: string,
  f: (...args: Args) => Result,
  args: Args,
  strict: boolean,
  around: (run: () => void) => void,
): Result {
  // Inside of another such function the arguments are among what that one computes again.
  const outer = currentModes().keep;
  const tensors = args.map((x) => (x instanceof Tensor ? x : null));
  const elsewhere = outer === null ? null : outer(tensors);
  const given = elsewhere === null ? args : args.map((x) => (x instanceof Tensor ? null : x));
  const frame = new Frame(
    op,
    (keep) => {
      const own =
        elsewhere === null ? args : given.map((x, i) => (tensorAt[i] === true ? elsewhere.get(i) : x));
      around(() => {
        withModes(op, { grad: true, inference: false, keep }, () => void f(...(own as unknown as Args)));
      });
    },
    strict,
  );
  const tensorAt = tensors.map((t) => t !== null);
  return withModes(op, { keep: frame.keep }, () => f(...args));
}
