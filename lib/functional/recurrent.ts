/** A direction of a layer of RNN, LSTM or GRU over all steps: a kernel for it, and one for its derivative. */
import { Op } from '../backend/ops.generated';
import { grad } from '../autograd/backward';
import { outside } from '../autograd/engine';
import { autocastUsed, gradEnabled } from '../autograd/mode';
import type { Node } from '../autograd/node';
import { sameView } from '../autograd/passage';
import { defineGradients, recordSeveral } from '../autograd/several';
import { CPU } from '../device';
import { COMPUTE } from '../dtype';
import type { Shape } from '../shape';
import { gradNode, type Tensor } from '../tensor';
import { isCast, lowered } from './autocast';
import { contiguous } from './copy';
import { fullOf, launchMany } from './kernel';
import { stepByStep, type CellKind, type LayerInputs } from './recurrent-steps';

export type { CellKind, LayerInputs };

const KINDS: readonly CellKind[] = ['tanh', 'relu', 'lstm', 'gru'];

/** How many rows each step has; `tensor`, on the CPU, holds the same numbers where they are not all the batch's. */
export interface StepSizes {
  readonly sizes: readonly number[];
  readonly tensor: Tensor | null;
  /** Whether the step is a cell's: the one there is. */
  readonly isCell?: boolean;
}

interface Context {
  readonly kind: CellKind;
  readonly reverse: boolean;
  readonly steps: StepSizes;
}

/** Where things are among what is saved: the inputs come first. */
const [X, WEIGHT_IH, WEIGHT_HH, H, C, BIAS_IH, BIAS_HH, WEIGHT_HR] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const [SIZES, OUTPUT, GATES, CELLS, PART, RAW] = [8, 9, 10, 11, 12, 13];

const present = (list: readonly (Tensor | null)[]): Tensor[] => list.filter((t): t is Tensor => t !== null);

function scalars(
  { kind, reverse }: Context,
  inputs: readonly (Tensor | null)[],
  sizes: Tensor | null,
): number[] {
  return [
    KINDS.indexOf(kind),
    Number(reverse),
    Number(inputs[BIAS_IH] !== null),
    Number(inputs[WEIGHT_HR] !== null),
    Number(sizes !== null),
  ];
}

/** The derivative, of operations that can be differentiated again: that of the layer step by step. */
function differentiableGrads(
  grads: readonly (Tensor | null)[],
  node: Node,
  { kind, reverse, steps }: Context,
): (Tensor | null)[] {
  return outside(() => {
    // Views of their own: two inputs may be one tensor.
    const inputs = Array.from({ length: 8 }, (_, i) => {
      const t = node.optional(i);
      return t === null || !node.needs(i) ? t : sameView(t);
    });
    const outs = stepByStep(kind, inputs as unknown as LayerInputs, steps.sizes, reverse);
    const wanted = inputs.map((t, i) => (t !== null && node.needs(i) ? t : null));
    const roots = outs.filter((out, i) => grads[i] !== null && gradNode(out) !== null);
    const seeds = grads.filter((g, i): g is Tensor => g !== null && gradNode(outs[i]!) !== null);
    const found = grad(roots, present(wanted), seeds, { createGraph: true, allowUnused: true });
    return wanted.map((t) => (t === null ? null : found.shift()!));
  });
}

const Recurrent = defineGradients<Context>('Recurrent', (grads, node, context) => {
  if (gradEnabled()) return differentiableGrads(grads, node, context);
  const { kind } = context;
  const saved = Array.from({ length: 14 }, (_, i) => node.optional(i));
  const [x, weightIh, weightHh, h] = saved as [Tensor, Tensor, Tensor, Tensor];
  const [c, biasIh, weightHr] = [saved[C]!, saved[BIAS_IH], saved[WEIGHT_HR]];
  const given = [saved[OUTPUT]!, h, ...(kind === 'lstm' ? [c] : [])].map((like, i) => {
    const g = grads[i] ?? null;
    return g === null ? fullOf(like.shape, like.code, like.place, 0) : contiguous(g);
  });
  const ofInput = node.needs(X);
  const ofWeights = [WEIGHT_IH, WEIGHT_HH, BIAS_IH, BIAS_HH, WEIGHT_HR].some((i) => node.needs(i));
  const projected = weightHr ? [WEIGHT_HR] : [];
  const weights = [WEIGHT_IH, WEIGHT_HH, ...(biasIh ? [BIAS_IH, BIAS_HH] : []), ...projected];
  // In the order of the kernel's outputs.
  const made = [H, ...(kind === 'lstm' ? [C] : []), ...(ofInput ? [X] : []), ...(ofWeights ? weights : [])];
  const kept = present([saved[OUTPUT]!, saved[GATES]!, saved[CELLS]!, saved[PART]!, saved[RAW]!]);
  const results = launchMany(
    Op.recurrentBackward,
    COMPUTE[x.code]!,
    made.map((i) => saved[i]!.shape),
    made.map(() => x.code),
    [...given, x, weightIh, weightHh, h, ...present([c, weightHr!, saved[SIZES]!]), ...kept],
    [...scalars(context, saved, saved[SIZES]!), Number(ofInput), Number(ofWeights)],
  );
  const out = new Array<Tensor | null>(8).fill(null);
  made.forEach((i, k) => (out[i] = results[k]!));
  return out;
});

/**
 * Whether autocast casts the states, too. Where it does not, as on the CPU in gated layers but the plain LSTM, products are
 * cast one by one, and states stay what they are.
 */
function isLowered(kind: CellKind, inputs: LayerInputs, steps: StepSizes): boolean {
  if (kind === 'tanh' || kind === 'relu' || inputs[X].place !== CPU) return true;
  return kind === 'lstm' && inputs[WEIGHT_HR] === null && steps.tensor === null && steps.isCell !== true;
}

/**
 * The outputs of all steps [rows, state], the last hidden state [batch, state] and, of an LSTM, the last cell state
 * [batch, hidden]. Rows lie step by step. Operands were checked.
 */
export function recurrentLayer(
  kind: CellKind,
  given: LayerInputs,
  steps: StepSizes,
  reverse: boolean,
): Tensor[] {
  if (autocastUsed && isCast(given[0])) {
    if (!isLowered(kind, given, steps)) return stepByStep(kind, given, steps.sizes, reverse);
    given = lowered(given);
  }
  const inputs = given.map((t) => (t === null ? null : contiguous(t)));
  const [x, weightIh, weightHh, h, c, biasIh, biasHh, weightHr] = inputs as unknown as LayerInputs;
  const sizes = steps.tensor === null ? null : contiguous(steps.tensor);
  const context: Context = { kind, reverse, steps };
  const [rows, batch] = [x.shape[0]!, h.shape[0]!];
  const [wide, state] = weightHh.shape as [number, number];
  const hidden = kind === 'lstm' ? wide / 4 : kind === 'gru' ? wide / 3 : wide;
  // Without units there is nothing for a kernel to do.
  if (hidden === 0) return stepByStep(kind, inputs as unknown as LayerInputs, steps.sizes, reverse);
  const ofRows: Shape = [rows, hidden];
  const code = x.code;
  const compute = COMPUTE[code]!;
  // The kernel's outputs, those that there are.
  const plan: readonly (readonly [boolean, Shape, number])[] = [
    [true, [rows, state], code],
    [true, [batch, state], code],
    [kind === 'lstm', [batch, hidden], code],
    [true, [rows, wide], compute],
    [kind === 'lstm', ofRows, compute],
    [kind === 'gru', ofRows, compute],
    [weightHr !== null, ofRows, compute],
  ];
  const there = plan.filter(([is]) => is);
  const results = launchMany(
    Op.recurrent,
    compute,
    there.map(([, shape]) => shape),
    there.map(([, , dtype]) => dtype),
    present([x, weightIh, weightHh, h, c, biasIh, biasHh, weightHr, sizes]),
    scalars(context, inputs, sizes),
  );
  const [y, hn, cn, ...kept] = plan.map(([is]) => (is ? results.shift()! : null)) as [
    Tensor,
    Tensor,
    Tensor | null,
  ];
  const outs = present([y, hn, cn]);
  recordSeveral(outs, Recurrent, inputs, [...inputs, sizes, y, ...kept], context);
  const node = gradNode(y);
  if (node !== null) node.privates = present(kept);
  return outs;
}
