/** A direction of a recurrent layer step by step, of ordinary operations: what the second derivative is taken of. */
import type { Tensor } from '../tensor';
import { add, mul, sub } from './arithmetic';
import { relu, sigmoid, tanh } from './elementary';
import { cat } from './join';
import { linear } from './matmul';
import { chunk, narrow } from './view';

/** How a unit comes to its next state. */
export type CellKind = 'tanh' | 'relu' | 'lstm' | 'gru';

/**
 * What a direction of a layer computes with, in this order: input [rows, in], `weight_ih`, `weight_hh`, initial hidden
 * state [batch, state], initial cell state [batch, hidden] (LSTM), `bias_ih`, `bias_hh`, `weight_hr` (LSTM with a
 * projection); null where there is none.
 */
export type LayerInputs = readonly [
  x: Tensor,
  weightIh: Tensor,
  weightHh: Tensor,
  h: Tensor,
  c: Tensor | null,
  biasIh: Tensor | null,
  biasHh: Tensor | null,
  weightHr: Tensor | null,
];

/** The hidden (before a projection) and the cell state after one step. */
function step(
  kind: CellKind,
  ofInput: Tensor,
  h: Tensor,
  c: Tensor | null,
  weight: Tensor,
  bias: Tensor | null,
): [Tensor, Tensor | null] {
  const ofState = linear(h, weight, bias);
  if (kind === 'gru') {
    const [ir, iz, fresh] = chunk(ofInput, 3, 1) as [Tensor, Tensor, Tensor];
    const [hr, hz, hn] = chunk(ofState, 3, 1) as [Tensor, Tensor, Tensor];
    const r = sigmoid(add(ir, hr));
    const n = tanh(add(fresh, mul(r, hn)));
    return [add(n, mul(sigmoid(add(iz, hz)), sub(h, n))), null];
  }
  const gates = add(ofInput, ofState);
  if (kind !== 'lstm') return [kind === 'relu' ? relu(gates) : tanh(gates), null];
  const [i, f, g, o] = chunk(gates, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
  const cell = add(mul(sigmoid(f), c!), mul(sigmoid(i), tanh(g)));
  return [mul(sigmoid(o), tanh(cell)), cell];
}

/** `now` in the place of the first rows of `states`. */
function replaced(states: Tensor, now: Tensor): Tensor {
  const [all, some] = [states.shape[0]!, now.shape[0]!];
  return some === all ? now : cat([now, narrow(states, 0, some, all - some)], 0);
}

/** Outputs of all steps and the last states, for steps of these numbers of rows. */
export function stepByStep(
  kind: CellKind,
  [x, weightIh, weightHh, h0, c0, biasIh, biasHh, weightHr]: LayerInputs,
  sizes: readonly number[],
  reverse: boolean,
): Tensor[] {
  const ofInput = linear(x, weightIh, biasIh);
  const starts: number[] = [];
  sizes.reduce((start, size) => (starts.push(start), start + size), 0);
  const outputs = new Array<Tensor>(sizes.length);
  let [h, c] = [h0, c0];
  for (let k = 0; k < sizes.length; k++) {
    const t = reverse ? sizes.length - 1 - k : k;
    const size = sizes[t]!;
    const of = narrow(ofInput, 0, starts[t]!, size);
    const before = c === null ? null : narrow(c, 0, 0, size);
    const [raw, cell] = step(kind, of, narrow(h, 0, 0, size), before, weightHh, biasHh);
    const out = weightHr === null ? raw : linear(raw, weightHr);
    outputs[t] = out;
    h = replaced(h, out);
    if (c !== null) c = replaced(c, cell!);
  }
  return c === null ? [cat(outputs, 0), h] : [cat(outputs, 0), h, c];
}
