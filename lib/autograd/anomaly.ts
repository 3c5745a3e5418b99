/**
 * Anomaly mode: recorded operations remember where they were called, and the backward pass says so of the one that fails
 * or from which a NaN comes.
 */
import { captureStack, userFrames } from '../backend/user-frames';
import { ArgumentError, AutogradError, describe } from '../errors';
import type { Tensor } from '../tensor';
import { arithmetic } from './arithmetic';
import { changeModes, currentModes, withModes, withModesAsync, type ModeChange } from './mode';
import type { InputGrads, Node } from './node';

/** The options of `detectAnomaly`. */
export interface AnomalyOptions {
  /** Whether to look for NaN in what each backward function returns (true): every gradient is read for it. */
  checkNan?: boolean;
}

interface Origin {
  /** The call that recorded the node; its text is made when it is asked for. */
  readonly trace: { stack?: string };
  /** The node whose rule recorded this one, in a pass that is recorded itself. */
  readonly within: Node | null;
}

const origins = new WeakMap<Node, Origin>();
/** The node whose rule is running. */
let running: Node | null = null;

const SHOWN = 8;

/** To be called for each new node while anomaly mode is on. */
export function rememberOrigin(node: Node): void {
  origins.set(node, { trace: captureStack(rememberOrigin), within: running });
}

/** Where the operation of a node was called, in words. */
function callSite(node: Node): string {
  const origin = origins.get(node);
  if (origin === undefined)
    return `\n${node.name} was recorded outside of anomaly mode: turn it on around the forward pass, too, to learn where`;
  const frames = userFrames(origin.trace).slice(0, SHOWN);
  const site = `\n${node.name} was recorded at\n${frames.length > 0 ? frames.join('\n') : '    (no frame of user code)'}`;
  return origin.within === null
    ? site
    : `${site}\nin the backward pass through ${origin.within.name}:${callSite(origin.within)}`;
}

/** Runs a node's rule, on `grads`, and looks at what comes of it. */
export function runChecked(
  node: Node,
  grads: readonly (Tensor | null)[],
  rule: () => InputGrads,
): InputGrads {
  const outer = running;
  running = node;
  let results: InputGrads;
  try {
    results = rule();
  } catch (error) {
    const reason = error instanceof Error ? error.message : describe(error);
    throw new AutogradError(`backward: ${node.name} failed: ${reason}${callSite(node)}`, { cause: error });
  } finally {
    running = outer;
  }
  if (!currentModes().checkNan) return results;
  const bad = results.findIndex((g, i) => g !== null && node.needs(i) && arithmetic.hasNan(g));
  if (bad >= 0) {
    const given = grads.some((g) => g !== null && arithmetic.hasNan(g)) ? ' (as was given to it)' : '';
    throw new AutogradError(
      `backward: ${node.name} returned NaN in the gradient of its input ${bad}${given}${callSite(node)}`,
    );
  }
  return results;
}

function modeChange(op: string, mode: unknown, options: unknown): ModeChange {
  if (typeof mode !== 'boolean') throw new ArgumentError(`${op}: expected a boolean, got ${describe(mode)}`);
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new ArgumentError(`${op}: expected an object of options, got ${describe(options)}`);
  for (const key of Object.keys(options))
    if (key !== 'checkNan')
      throw new ArgumentError(`${op}: unknown option ${describe(key)}; expected checkNan`);
  const { checkNan = true } = options as { checkNan?: unknown };
  if (typeof checkNan !== 'boolean')
    throw new ArgumentError(`${op}: expected checkNan to be a boolean, got ${describe(checkNan)}`);
  return { anomaly: mode, checkNan };
}

/**
 * Switches anomaly mode on or off (https://pytorch.org/docs/stable/autograd.html#anomaly-detection). While it is on, an
 * error in a backward function, or a NaN in what one returns, gives an AutogradError that names the operation and the
 * place of its call. Slow: for finding errors only.
 */
export function setDetectAnomaly(mode: boolean, options: AnomalyOptions = {}): void {
  changeModes(currentModes(), modeChange('setDetectAnomaly', mode, options));
}

/**
 * Runs `f` in anomaly mode: forward and backward pass belong inside.
 * @throws AutogradError that says where the operation was called whose backward function fails or returns NaN.
 * @throws ArgumentError when `f` returns a promise: `detectAnomalyAsync` is for that.
 */
export function detectAnomaly<T>(f: () => T, options: AnomalyOptions = {}): T {
  return withModes('detectAnomaly', modeChange('detectAnomaly', true, options), f);
}

/** `detectAnomaly` for asynchronous functions. */
export async function detectAnomalyAsync<T>(
  f: () => T | PromiseLike<T>,
  options: AnomalyOptions = {},
): Promise<T> {
  return withModesAsync('detectAnomalyAsync', modeChange('detectAnomalyAsync', true, options), f);
}

/** Whether anomaly mode is on. */
export function isAnomalyEnabled(): boolean {
  return currentModes().anomaly;
}

/** Whether anomaly mode, when it is on, looks for NaN. */
export function isAnomalyCheckNanEnabled(): boolean {
  return currentModes().checkNan;
}
