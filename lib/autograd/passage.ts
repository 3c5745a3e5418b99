/** Tensors that are passed on as they are, but whose gradients meet at one place on their way back. */
import { expose } from '../backend/scope';
import { alias, type Tensor } from '../tensor';
import { arithmetic } from './arithmetic';
import { outside } from './engine';
import { attach, defineGradient, type GradRule } from './node';
import { formOf } from './turned';
import { recordView } from './view';

/** Sees all the gradients, in the tensors' order (null: none came), and says which ones go on. */
export type GradientStop = (grads: readonly (Tensor | null)[]) => readonly (Tensor | null)[];

const Alias = defineGradient('Alias', (grad) => [grad]);

export function sameView(of: Tensor): Tensor {
  return recordView(of, of.shape, of.layout, of.offset, Alias, null, sameView);
}

/** User code sees a gradient: the collector decides about it. A 0-d one may be the engine's own, for all passes. */
export function handOver(grad: Tensor | null): Tensor | null {
  if (grad === null) return null;
  if (grad.shape.length === 0) return arithmetic.clone(grad);
  expose(grad);
  return grad;
}

/** Views of all of `tensors`, which require gradients; a backward pass through any of them calls `stop`, once. */
export function passThrough(tensors: readonly Tensor[], stop: GradientStop): Tensor[] {
  const call = (grads: readonly (Tensor | null)[]): readonly (Tensor | null)[] =>
    outside(() => stop(grads.map(handOver)));
  const rule: GradRule<null> = {
    name: 'BackwardHookFunctionBackward',
    backward: (grad) => call([grad]),
    backwardAll: call,
  };
  const outs = tensors.map((t) => alias(t, t.shape, t.layout, t.offset));
  const node = attach(outs[0]!, rule, tensors, [], null);
  if (outs.length > 1)
    node.further = outs.slice(1).map(({ shape, code, place }) => ({ shape, code, place, grad: null }));
  outs.forEach((out, i) => {
    const of = tensors[i]!;
    const root = of.viewInfo?.root ?? of;
    const { graphVersion } = root;
    out.viewInfo = {
      of,
      root,
      replay: sameView,
      form: formOf(of),
      graphVersion,
      siblings: rule.name,
      recorded: true,
    };
    out.node = node;
    out.nodeIndex = i;
    out.needsGrad = true;
  });
  return outs;
}
