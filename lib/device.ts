import { DeviceError, describe } from './errors';

/** Where a tensor lives. `'auto'` is the GPU if there is one, else the CPU. */
export type Device = 'cpu' | 'cuda' | `cuda:${number}`;
export type DeviceLike = Device | 'auto';

/** @internal The device that a name means; throws a DeviceError that names `op`. */
export function resolveDevice(op: string, device: unknown): Device {
  if (device === undefined || device === 'cpu' || device === 'auto') return 'cpu';
  if (typeof device === 'string' && /^cuda(:\d+)?$/.test(device))
    throw new DeviceError(`${op}: no CUDA device is available for ${describe(device)}`);
  throw new DeviceError(
    `${op}: expected a device ('cpu', 'cuda', 'cuda:1', 'auto'), got ${describe(device)}`,
  );
}
