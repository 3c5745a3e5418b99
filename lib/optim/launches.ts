import type { Tensor } from '../tensor';

/**
 * Calls `launch` with the parameters that have a gradient and what `stateOf` knows of them: at most `most` at a time, of
 * one dtype and device, and whose states are `alike`.
 */
export function eachLaunch<State>(
  params: readonly Tensor[],
  most: number,
  stateOf: (p: Tensor) => State,
  alike: (a: State, b: State) => boolean,
  launch: (params: readonly Tensor[], states: readonly State[]) => void,
): void {
  let pending: Tensor[] = [];
  let states: State[] = [];
  for (let i = 0; i < params.length; i++) {
    const p = params[i]!;
    if (p.gradient === null) continue;
    const state = stateOf(p);
    if (
      pending.length > 0 &&
      (p.code !== pending[0]!.code ||
        p.place !== pending[0]!.place ||
        pending.length === most ||
        !alike(state, states[0]!))
    ) {
      launch(pending, states);
      pending = [];
      states = [];
    }
    pending.push(p);
    states.push(state);
  }
  if (pending.length > 0) launch(pending, states);
}
