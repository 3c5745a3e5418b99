/** Where tensors live: names of devices, and the numbers that the native side knows them by. */
import { cudaDeviceCount, cudaStatus } from './backend/cuda';
import { ArgumentError, DeviceError, describe } from './errors';

/** Where a tensor lives. `'cuda'` is the current CUDA device (`cuda.setDevice`). */
export type Device = 'cpu' | 'cuda' | `cuda:${number}`;
/** `'auto'` is the GPU if there is one, else the CPU. */
export type DeviceLike = Device | 'auto';

/** @internal The place of what is on the CPU; cuda:k is the place k + 1. */
export const CPU = 0;

const names: Device[] = ['cpu'];

/** @internal The name of a place, with its index. */
export function deviceName(place: number): Device {
  return (names[place] ??= `cuda:${place - 1}`);
}

/** The place of the device that 'cuda' means. */
let current = 1;

/** @internal The index of the current CUDA device. */
export function currentCudaIndex(): number {
  return current - 1;
}

/** @internal */
export function setCurrentCudaIndex(index: number): void {
  current = index + 1;
}

/** Where tensors are made unless a device is named; -1: on the current CUDA device. */
let defaultPlace = CPU;

function missing(op: string, device: string): DeviceError {
  const count = cudaDeviceCount();
  if (count === 0)
    return new DeviceError(
      `${op}: no CUDA device is available for ${describe(device)}: ${cudaStatus().reason ?? 'there is none'}`,
    );
  const range =
    count === 1 ? 'is 1 CUDA device, cuda:0' : `are ${count} CUDA devices, cuda:0 to cuda:${count - 1}`;
  return new DeviceError(`${op}: there is no device ${describe(device)}: there ${range}`);
}

/** The place of cuda:index; throws where there is no such device. */
function cudaPlace(op: string, index: number, device: string): number {
  if (index >= cudaDeviceCount()) throw missing(op, device);
  return index + 1;
}

/** The place of a CUDA device's name, -1 for 'cuda'; null: it is no such name. */
function parseCuda(op: string, device: unknown): number | null {
  if (typeof device !== 'string') return null;
  if (device === 'cuda') {
    cudaPlace(op, current - 1, device);
    return -1;
  }
  const index = /^cuda:(\d{1,3})$/.exec(device)?.[1];
  return index === undefined ? null : cudaPlace(op, Number(index), device);
}

function parse(op: string, device: unknown): number {
  if (device === 'cpu') return CPU;
  if (device === 'auto') return cudaDeviceCount() > 0 ? -1 : CPU;
  const place = parseCuda(op, device);
  if (place !== null) return place;
  throw new DeviceError(
    `${op}: expected a device ('cpu', 'cuda', 'cuda:1', 'auto'), got ${describe(device)}`,
  );
}

/** @internal The place that a name means, `otherwise` if there is none; throws a DeviceError that names `op`. */
export function resolveDevice(op: string, device: unknown, otherwise: number = defaultPlace): number {
  const place = device === undefined ? otherwise : parse(op, device);
  return place < 0 ? current : place;
}

/** @internal The index of a CUDA device given by name or by index, the current one if none is given. */
export function cudaIndex(op: string, device: unknown): number {
  if (device === undefined || device === null) {
    cudaPlace(op, current - 1, 'cuda');
    return current - 1;
  }
  if (typeof device === 'number' && Number.isInteger(device) && device >= 0)
    return cudaPlace(op, device, `cuda:${device}`) - 1;
  const place = parseCuda(op, device === 'auto' ? 'cuda' : device);
  if (place === null)
    throw new DeviceError(`${op}: expected a CUDA device ('cuda', 'cuda:1', or 1), got ${describe(device)}`);
  return (place < 0 ? current : place) - 1;
}

/**
 * Where tensors are made from here on, unless a device is named
 * (https://pytorch.org/docs/stable/generated/torch.set_default_device.html): by `tensor`, `zeros`, `randn`… and by the layers
 * of `nn`. `'cuda'` follows `cuda.setDevice`.
 */
export function setDefaultDevice(device: DeviceLike): void {
  defaultPlace = parse('setDefaultDevice', device);
}

/** Where tensors are made unless a device is named. */
export function getDefaultDevice(): Device {
  return deviceName(resolveDevice('getDefaultDevice', undefined));
}

/** @internal Whether operands on several devices are brought together rather than refused. */
export let autoTransfer = false;

/**
 * Lets operations take tensors on several devices: the smaller ones are moved to the device of the larger ones, or in place
 * to that of what is changed, and gradients back. Off at the start, as each such move costs time: without it, operands on
 * several devices are a DeviceError.
 */
export function setAutoTransfer(on: boolean): void {
  if (typeof on !== 'boolean')
    throw new ArgumentError(`setAutoTransfer: expected a boolean, got ${describe(on)}`);
  autoTransfer = on;
}

/** Whether operands on several devices are brought together. */
export function isAutoTransfer(): boolean {
  return autoTransfer;
}
