/** Functions whose intermediate results are computed again in the backward pass instead of being kept. */
import { DTYPES } from '../dtype';
import { AutogradError } from '../errors';
import { Tensor, alias } from '../tensor';
import { sameShape, showShape, type Shape } from '../shape';
import { outside } from './engine';
import { currentModes, withModes, type Autocast } from './mode';
import type { Keep, KeptElsewhere, Node } from './node';

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
  /** The lists again, from the second run; null before that, or when they are not needed any more. */
  private again: (KeptElsewhere | null)[] | null = null;

  constructor(
    private readonly op: string,
    private readonly rerun: (keep: Keep) => void,
    private readonly strict: boolean,
  ) {}

  readonly keep = (saved: Saved): KeptElsewhere => {
    const index = this.traces.length;
    this.traces.push(saved.map(traceOf));
    const found = new Map<number, Tensor | null>();
    return {
      get: (i) => {
        if (!found.has(i))
          found.set(
            i,
            outside(() => this.tensor(index, i)),
          );
        return found.get(i)!;
      },
      free: () => {
        found.clear();
        if (this.again === null) return;
        this.again[index]?.free();
        this.again[index] = null;
      },
    };
  };

  private tensor(index: number, i: number): Tensor | null {
    const trace = this.traces[index]![i]!;
    if (trace === null || trace.leaf !== null) return trace?.leaf ?? null;
    if (this.again === null || this.again[index] === null) this.recompute();
    return restored(trace, this.again![index]!.get(i));
  }

  private recompute(): void {
    const lists: KeptElsewhere[] = [];
    this.rerun((saved, node) => {
      if (this.strict) this.compare(this.traces[lists.length] ?? [], saved);
      // A node knows whether what it saved was changed since.
      lists.push(
        node === null
          ? { get: (i) => saved[i] ?? null, free: () => undefined }
          : { get: (i) => node.optional(i), free: () => node.free() },
      );
      return null;
    });
    if (lists.length !== this.traces.length)
      throw new AutogradError(
        `${this.op}: another number of operations saved tensors when the function was run again: ${lists.length}, expected ${this.traces.length}`,
      );
    this.again = lists;
  }

  private compare(traces: readonly (Trace | null)[], list: Saved): void {
    traces.forEach((trace, i) => {
      const t = list[i] ?? null;
      if (
        trace === null ? t === null : t !== null && trace.code === t.code && sameShape(trace.shape, t.shape)
      )
        return;
      throw new AutogradError(
        `${this.op}: ${shown(t)} was saved when the function was run again, expected ${shown(trace)}`,
      );
    });
  }
}

function shown(t: { readonly shape: Shape; readonly code: number } | null): string {
  return t === null ? 'no tensor' : `a ${DTYPES[t.code]} tensor of shape ${showShape(t.shape)}`;
}

/** The arguments themselves, as long as nobody has changed them: the function would compute something else of them. */
function unchanged(op: string, args: readonly unknown[]): () => readonly unknown[] {
  const versions = args.map((x) => (x instanceof Tensor ? x.version : 0));
  return () => {
    args.forEach((x, i) => {
      if (x instanceof Tensor && x.version !== versions[i])
        throw new AutogradError(
          `${op}: argument ${i}, ${shown(x)}, was changed in place: it is at version ${x.version}, expected ${versions[i]}`,
        );
    });
    return args;
  };
}

/**
 * The arguments of the second run. Inside of another such function their tensors are among what that one computes again:
 * they are not kept here.
 */
function argumentsLater(op: string, args: readonly unknown[]): () => readonly unknown[] {
  const keep = currentModes().keep;
  const elsewhere = keep?.(
    args.map((x) => (x instanceof Tensor ? x : null)),
    null,
  );
  if (elsewhere === undefined || elsewhere === null) return unchanged(op, args);
  const isTensor = args.map((x) => x instanceof Tensor);
  const others = args.map((x) => (x instanceof Tensor ? null : x));
  return () => others.map((x, i) => (isTensor[i] === true ? elsewhere.get(i) : x));
}

/**
 * Runs `f` on `args`, and again in the backward pass: what its operations save is not kept between. `around` runs each
 * second run. `strict`: the second run must save tensors of the same shapes and dtypes.
 */
export function recomputed(
  op: string,
  f: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
  strict: boolean,
  around: (run: () => void) => void,
): unknown {
  const frame = frameOf(op, f, argumentsLater(op, args), strict, around, castAgain(currentModes().autocast));
  return withModes(op, { keep: frame.keep }, () => f(...args));
}

/** Apart from `recomputed`, as closures keep what any other of their function refers to. */
function frameOf(
  op: string,
  f: (...args: readonly unknown[]) => unknown,
  later: () => readonly unknown[],
  strict: boolean,
  around: (run: () => void) => void,
  autocast: Autocast | null,
): Frame {
  const rerun = (keep: Keep): void =>
    around(() => {
      const modes = { grad: true, inference: false, autocast, keep };
      withModes(op, modes, () => void f(...later()));
    });
  return new Frame(op, rerun, strict);
}

/** The autocast of a first run for the second one, in which nothing is cast yet. */
function castAgain(autocast: Autocast | null): Autocast | null {
  return autocast === null ? null : { ...autocast, cache: autocast.cache && new Map() };
}
