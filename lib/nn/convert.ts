/** A module's tensors in another dtype, or on another device. */
import { renewLeaf } from '../autograd/node';
import { Scope, enterScope, release } from '../backend/scope';
import { copied } from '../functional/cast';
import { become, type Tensor } from '../tensor';
import { Buffer, Parameter } from './parameter';

/** What tensors become. */
export interface Target {
  /** The dtype's code, of those that are floating-point; null: as they are. */
  readonly code: number | null;
  /** null: where they are. */
  readonly place: number | null;
}

function goalOf(t: Tensor, { code, place }: Target): [code: number, place: number] {
  return [code === null || t.code > 3 ? t.code : code, place ?? t.place];
}

/** Parameters stay the objects that optimizers and others know. */
function convertParameter(p: Parameter, code: number, place: number): void {
  const grad = p.grad;
  p.grad = null;
  const scope = new Scope();
  const outer = enterScope(scope);
  let made: Tensor;
  try {
    made = copied(p, code, place);
  } finally {
    enterScope(outer);
  }
  for (const t of scope.tensors) if (t !== made) release(t);
  become(p, made);
  renewLeaf(p);
  if (grad !== null) p.grad = copied(grad, code, place);
}

/**
 * A module's tensor, converted: the same one, if it is a parameter, else what takes its place. `replaced` remembers those,
 * for tensors that several modules share.
 */
export function convertTensor(t: Tensor, target: Target, replaced: Map<Tensor, Tensor>): Tensor {
  const [code, place] = goalOf(t, target);
  if (t.code === code && t.place === place) return t;
  if (t instanceof Parameter) {
    convertParameter(t, code, place);
    return t;
  }
  const made = replaced.get(t) ?? Buffer(copied(t, code, place));
  replaced.set(t, made);
  return made;
}
