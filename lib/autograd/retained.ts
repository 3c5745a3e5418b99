/** Tensors that keep their gradients although they are no leaves: the hook that does it follows them to new nodes. */
import type { Tensor } from '../tensor';

/** For each, what hangs its hook on the node that it has now. */
const hangings = new WeakMap<Tensor, () => void>();
/** Whether there was ever one: whoever changes a tensor's node asks. */
let any = false;

export function retain(t: Tensor, hang: () => void): void {
  any = true;
  hangings.set(t, hang);
}

export function isRetained(t: Tensor): boolean {
  return any && hangings.has(t);
}

/** To be called when t has another node than before. */
export function moveRetained(t: Tensor): void {
  if (any) hangings.get(t)?.();
}
