/** Operations of several outputs. */
import type { Tensor } from '../tensor';
import { gradEnabled } from './mode';
import { attach, requiresGrad, type GradRule, type InputGrads, type Node } from './node';

/** `defineGradient`, for an op of several outputs: a gradient is null where none came. */
export function defineGradients<C = null>(
  name: string,
  backwardAll: (grads: readonly (Tensor | null)[], node: Node, context: C) => InputGrads,
): GradRule<C> {
  return {
    name: `${name}Backward`,
    backward: (grad, node, context) => backwardAll([grad], node, context),
    backwardAll,
  };
}

/** `record`, for an op of several outputs: one node for all of them. */
export function recordSeveral<C>(
  outs: readonly Tensor[],
  rule: GradRule<C>,
  inputs: readonly (Tensor | null)[],
  saved: readonly (Tensor | null)[],
  context: C,
): void {
  for (const out of outs) out.viewInfo = null;
  if (!gradEnabled() || !inputs.some((t) => t !== null && requiresGrad(t))) return;
  const node = attach(outs[0]!, rule, inputs, saved, context);
  if (outs.length === 1) return;
  node.further = outs.slice(1).map(({ shape, code, place }) => ({ shape, code, place, grad: null }));
  outs.forEach((out, i) => {
    out.node = node;
    out.nodeIndex = i;
    out.needsGrad = true;
  });
}
