/** Tensors in several threads at once: `shareTensor` in one, `fromShared` in the others. */
import { randomUUID } from 'crypto';
import { share } from './backend/commands';
import { binding } from './backend/load';
import { DTYPES, isFloatingCode, type DType } from './dtype';
import { ArgumentError, AutogradError, describe } from './errors';
import { MAX_RANK, type Shape } from './shape';
import { Tensor, checkTensor, gradNode, received, stridesOf } from './tensor';

/**
 * What stands for a tensor in a message to another thread: a plain object that can be sent, cloned and sent on. It holds
 * no elements; to change any of it makes it invalid.
 */
export interface SharedTensor {
  readonly key: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly storageOffset: number;
  readonly requiresGrad: boolean;
}

/** Tells native code when nobody here holds a handle any more. */
const held = new FinalizationRegistry<string>((key) => binding.letGoShared(key));

/**
 * Makes a handle with which other threads of this process get a tensor over the same memory (`fromShared`): nothing is
 * copied, and what one thread writes, all see. The memory stays for as long as any thread has a tensor on it; a handle is
 * good while this thread holds it and for at least a minute longer (or after this thread's end), or until
 * `releaseShared`.
 *
 * Of a leaf that requires a gradient the elements are shared, the gradient is not.
 *
 * @throws AutogradError for the result of a recorded operation: share `t.detach()`.
 */
export function shareTensor(t: Tensor): SharedTensor {
  checkTensor('shareTensor', t);
  const node = gradNode(t);
  if (node !== null)
    throw new AutogradError(
      `shareTensor: expected a leaf or a tensor that requires no gradient, got the result of ${node.rule.name}: share its detach()`,
    );
  const key = randomUUID();
  share(t, key);
  (t.base ?? t).shared = true;
  const handle: SharedTensor = Object.freeze({
    key,
    dtype: t.dtype,
    shape: Object.freeze([...t.shape]),
    strides: Object.freeze([...stridesOf(t)]),
    storageOffset: t.offset,
    requiresGrad: t.needsGrad,
  });
  held.register(handle, key);
  return handle;
}

/**
 * A tensor over the memory that `shareTensor` made the handle for: in any thread, any number of times. It requires a
 * gradient if the tensor there did; gradients and version counts are its own.
 *
 * @throws ArgumentError for a handle that was released, changed or made up, or whose tensor is gone.
 */
export function fromShared(handle: SharedTensor): Tensor {
  const key = keyOf('fromShared', handle);
  const { dtype, shape, strides, storageOffset, requiresGrad } = handle;
  const code = DTYPES.indexOf(dtype);
  if (code < 0)
    throw new ArgumentError(
      `fromShared: expected dtype to be one of ${DTYPES.join(', ')}, got ${describe(dtype)}`,
    );
  const sizes = integers('shape', shape);
  const steps = integers('strides', strides);
  if (sizes.length !== steps.length || sizes.some((n) => n < 0))
    throw new ArgumentError(
      `fromShared: expected as many strides as sizes, none of which is negative, got [${sizes.join(', ')}] and [${steps.join(', ')}]`,
    );
  if (!Number.isSafeInteger(storageOffset))
    throw new ArgumentError(
      `fromShared: expected storageOffset to be an integer, got ${describe(storageOffset)}`,
    );
  if (typeof requiresGrad !== 'boolean' || (requiresGrad && !isFloatingCode(code)))
    throw new ArgumentError(
      `fromShared: expected requiresGrad to be a boolean, true for floating-point tensors only, got ${describe(requiresGrad)} for ${DTYPES[code]}`,
    );
  const t = received(key, code, sizes, steps, storageOffset);
  t.needsGrad = requiresGrad;
  return t;
}

/**
 * Makes a handle invalid, in any thread: what keeps the memory from now on is the tensors that threads have on it. Says
 * whether the handle was valid.
 */
export function releaseShared(handle: SharedTensor): boolean {
  return binding.releaseShared(keyOf('releaseShared', handle));
}

function keyOf(op: string, handle: SharedTensor): string {
  if (typeof handle !== 'object' || handle === null || handle instanceof Tensor)
    throw new ArgumentError(`${op}: expected a handle that shareTensor made, got ${describe(handle)}`);
  const key: unknown = handle.key;
  if (typeof key !== 'string')
    throw new ArgumentError(
      `${op}: expected a handle that shareTensor made, got an object whose key is ${describe(key)}`,
    );
  return key;
}

/** A list of integers as an array of our own. */
function integers(name: string, list: unknown): number[] {
  if (!Array.isArray(list) || list.length > MAX_RANK)
    throw new ArgumentError(
      `fromShared: expected ${name} to be an array of at most ${MAX_RANK} integers, got ${describe(list)}`,
    );
  return Array.from(list as unknown[], (n) => {
    if (typeof n !== 'number' || !Number.isSafeInteger(n))
      throw new ArgumentError(`fromShared: expected ${name} to hold integers, got ${describe(n)}`);
    return n + 0; // -0 is 0
  });
}
