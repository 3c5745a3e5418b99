/** Mixed precision (https://pytorch.org/docs/stable/amp.html). */
import { currentModes, withModes, withModesAsync, type Autocast } from '../autograd/mode';
import { Code, dtypeCode, type DType } from '../dtype';
import { ArgumentError, DTypeError, describe } from '../errors';
import { booleanArgument, checkOptions, isOptions } from '../functional/arguments';

export interface AutocastOptions {
  /** Whose operations are cast ('cpu'). */
  deviceType?: 'cpu' | 'cuda';
  /** The lower precision: bfloat16 on the CPU, float16 on CUDA unless said otherwise. */
  dtype?: DType;
  enabled?: boolean;
  /** Keep what leaves were cast to until the outermost scope ends (true). */
  cacheEnabled?: boolean;
}

const NAMES = ['deviceType', 'dtype', 'enabled', 'cacheEnabled'] as const;

function settings(op: string, given: unknown): Autocast | null {
  const options: AutocastOptions = isOptions(given) ? given : { deviceType: given as 'cpu' };
  checkOptions(op, NAMES, options);
  const { deviceType = 'cpu' } = options;
  if (deviceType !== 'cpu' && deviceType !== 'cuda')
    throw new ArgumentError(`${op}: expected deviceType to be 'cpu' or 'cuda', got ${describe(deviceType)}`);
  const isCuda = deviceType === 'cuda';
  const code = dtypeCode(op, options.dtype ?? (isCuda ? 'float16' : 'bfloat16'));
  if (code !== Code.float16 && code !== Code.bfloat16)
    throw new DTypeError(`${op}: expected float16 or bfloat16, got ${describe(options.dtype)}`);
  if (!booleanArgument(op, 'enabled', options.enabled, true)) return null;
  const cached = booleanArgument(op, 'cacheEnabled', options.cacheEnabled, true);
  const outer = currentModes().autocast;
  // What was cast in a scope around this one is known here, if it was cast to the same.
  const shared = outer !== null && outer.code === code && outer.isCuda === isCuda ? outer.cache : null;
  return { code, isCuda, cache: cached ? (shared ?? new Map()) : null };
}

/**
 * Runs `f` with products (`linear`, `matmul`, convolutions, attention and their kin) in a lower precision, and with losses and
 * what needs its digits in float32, whatever their operands are (https://pytorch.org/docs/stable/amp.html#torch.autocast).
 * Gradients have the dtype of what they are for. `amp.autocast('cpu', () => net.forward(x))`
 * @throws ArgumentError when `f` returns a promise: `autocastAsync` is for that.
 */
export function autocast<T>(options: AutocastOptions | 'cpu' | 'cuda', f: () => T): T {
  return withModes('autocast', { autocast: settings('autocast', options) }, f);
}

/** `autocast` for asynchronous functions: it holds in what `f` calls and after its awaits, and for nobody else. */
export async function autocastAsync<T>(
  options: AutocastOptions | 'cpu' | 'cuda',
  f: () => T | PromiseLike<T>,
): Promise<T> {
  return withModesAsync('autocastAsync', { autocast: settings('autocastAsync', options) }, f);
}

/** Whether operations on a device are cast here. */
export function isAutocastEnabled(deviceType: 'cpu' | 'cuda' = 'cpu'): boolean {
  const mode = currentModes().autocast;
  return mode !== null && mode.isCuda === (deviceType === 'cuda');
}
