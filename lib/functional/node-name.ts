/** The names of nodes of functions that are made of others. */
import { gradNode, type Tensor } from '../tensor';

/** `out`, a tensor just made, with its node called as PyTorch calls that of the whole function (without `Backward`). */
export function underName(name: string, out: Tensor): Tensor {
  const node = gradNode(out);
  if (node !== null) node.rule = { ...node.rule, name: `${name}Backward` };
  return out;
}
