import type { Tensor } from '../tensor';

/** What changes parameters by their gradients, many in one native call. */
export interface Launcher<Group, State> {
  /** What is known of a parameter. */
  stateOf(group: Group, p: Tensor): State;
  /** Whether parameters of these states can be in one launch. */
  alike(a: State, b: State): boolean;
  launch(group: Group, params: readonly Tensor[], grads: readonly Tensor[], states: readonly State[]): void;
}

/**
 * Launches the parameters of a group that have a gradient: at most `most` at a time, of one dtype and device, and whose
 * states are alike.
 */
export function eachLaunch<State, Group extends { params: readonly Tensor[] }>(
  launcher: Launcher<Group, State>,
  group: Group,
  most: number,
): void {
  const { params } = group;
  let pending: Tensor[] = [];
  let grads: Tensor[] = [];
  let states: State[] = [];
  for (let i = 0; i < params.length; i++) {
    const p = params[i]!;
    const grad = p.gradient;
    if (grad === null) continue;
    const state = launcher.stateOf(group, p);
    if (
      pending.length > 0 &&
      (p.code !== pending[0]!.code ||
        p.place !== pending[0]!.place ||
        pending.length === most ||
        !launcher.alike(state, states[0]!))
    ) {
      launcher.launch(group, pending, grads, states);
      pending = [];
      grads = [];
      states = [];
    }
    pending.push(p);
    grads.push(grad);
    states.push(state);
  }
  if (pending.length > 0) launcher.launch(group, pending, grads, states);
}
