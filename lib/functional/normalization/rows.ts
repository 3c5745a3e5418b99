/** Rows normalised by their own statistics, the step that layer, group and RMS norm are made of: one launch each way. */
import { Op } from '../../backend/ops.generated';
import { release } from '../../backend/scope';
import { gradEnabled } from '../../autograd/mode';
import {
  attach,
  defineGradient,
  requiresGrad,
  type GradRule,
  type InputGrads,
  type Node,
} from '../../autograd/node';
import { COMPUTE } from '../../dtype';
import type { Shape } from '../../shape';
import type { Tensor } from '../../tensor';
import { mul } from '../arithmetic';
import { cast, copied } from '../cast';
import { launchMany } from '../kernel';
import { sum } from '../reduce';
import { reshape } from '../view';
import { dense, denseOperands, differentiable, placed, wantedGradients } from './operands';

/** How rows lie in x, and which weights they have. */
export interface RowNorm {
  /** How many rows there are. */
  readonly rows: number;
  /** Rows r, r + groups, ... have the same weights. */
  readonly groups: number;
  /** Weights of a row, each for equally many neighbours. */
  readonly channels: number;
  readonly eps: number;
  /** By the variance, else by the mean square. */
  readonly centred: boolean;
  /** Of weight and bias. */
  readonly shape: Shape;
}

/** [samples, groups, channels, span] */
function fourDimensions(x: Tensor, r: RowNorm): Shape {
  return [r.rows / r.groups, r.groups, r.channels, x.count / (r.rows * r.channels)];
}

function recordedBackward(grad: Tensor, node: Node, r: RowNorm): InputGrads {
  const [x, weight] = [node.input(0), node.optional(1)];
  const code = COMPUTE[x.code]!;
  const shape = fourDimensions(x, r);
  const [all, g] = [x, grad].map((t) => reshape(cast(t, code), shape)) as [Tensor, Tensor];
  const scaled = weight === null ? g : mul(g, reshape(cast(weight, code), [1, r.groups, r.channels, 1]));
  const { normal, ofX } = differentiable(all, scaled, { dims: [2, 3], centred: r.centred, eps: r.eps });
  const total = (t: Tensor): Tensor => reshape(sum(t, [0, 3]), r.shape);
  return [
    node.needs(0) ? reshape(ofX, x.shape) : null,
    node.needs(1) ? total(mul(g, normal)) : null,
    node.needs(2) ? total(g) : null,
  ];
}

/** A rule under PyTorch's name for the function's last step. */
export function rowNormRule(name: string): GradRule<RowNorm> {
  return defineGradient<RowNorm>(name, (grad, node, r) => {
    if (gradEnabled()) return recordedBackward(grad, node, r);
    const x = node.input(0);
    const [weight, mean] = [node.optional(1), node.optional(3)];
    const code = COMPUTE[x.code]!;
    const wanted = wantedGradients(node, [x.shape, r.shape, r.shape], code);
    const operands = denseOperands(code, grad, x, node.input(2), mean, weight);
    const scalars = [r.groups, r.channels, r.centred ? 1 : 0, weight === null ? 0 : 1, ...wanted.flags];
    const made = launchMany(Op.rowNormBackward, code, wanted.shapes, wanted.codes, operands, scalars);
    return placed(made, wanted.flags);
  });
}

/** Normalises the rows of x, which is not empty; weight and bias have groups * channels elements. */
export function rowNorm(
  rule: GradRule<RowNorm>,
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  r: RowNorm,
): Tensor {
  const code = COMPUTE[x.code]!;
  const statistics = r.centred ? [[r.rows], [r.rows]] : [[r.rows]];
  const [made, rstd, mean = null] = launchMany(
    Op.rowNorm,
    code,
    [x.shape, ...statistics],
    [code, code, code],
    [dense(x, code), ...denseOperands(code, weight, bias)],
    [r.groups, r.channels, r.eps, r.centred ? 1 : 0, weight === null ? 0 : 1, bias === null ? 0 : 1],
  ) as [Tensor, Tensor, Tensor?];
  const out = x.code === code ? made : copied(made, x.code);
  const inputs = [x, weight, bias];
  const kept = mean === null ? [rstd] : [rstd, mean];
  if (gradEnabled() && inputs.some((t) => t !== null && requiresGrad(t)))
    attach(out, rule, inputs, [x, weight, rstd, mean], r).privates = kept;
  else kept.forEach(release);
  return out;
}
