/** Which CUDA devices there are, which one is current, and waiting for one. */
import { flush } from '../backend/commands';
import { cudaDeviceCount, cudaStatus, type CudaDevice, type CudaStatus } from '../backend/cuda';
import { binding } from '../backend/load';
import { whenCompleted } from '../backend/waiting';
import { cudaIndex, currentCudaIndex, setCurrentCudaIndex, type DeviceLike } from '../device';

/** A CUDA device by its name or its index. */
export type CudaDeviceLike = DeviceLike | number;

/** What a device is; memory in bytes. */
export type CudaDeviceProperties = CudaDevice;

export type { CudaStatus };

/** What there is, or the reason why there is nothing. */
export function status(): CudaStatus {
  return cudaStatus();
}

/** Whether there is a CUDA device that can be used; `status().reason` says why not. */
export function isAvailable(): boolean {
  return cudaDeviceCount() > 0;
}

/** How many CUDA devices can be used. */
export function deviceCount(): number {
  return cudaDeviceCount();
}

/** The index of the device that `'cuda'` means. */
export function currentDevice(): number {
  return cudaIndex('currentDevice', currentCudaIndex());
}

/** Makes `'cuda'` mean this device. */
export function setDevice(device: CudaDeviceLike): void {
  setCurrentCudaIndex(cudaIndex('setDevice', device));
}

export function getDeviceProperties(device?: CudaDeviceLike): CudaDeviceProperties {
  return { ...cudaStatus().devices[cudaIndex('getDeviceProperties', device)]! };
}

export function getDeviceName(device?: CudaDeviceLike): string {
  return cudaStatus().devices[cudaIndex('getDeviceName', device)]!.name;
}

/** The compute capability: `[9, 0]`. */
export function getDeviceCapability(device?: CudaDeviceLike): readonly [major: number, minor: number] {
  const { major, minor } = cudaStatus().devices[cudaIndex('getDeviceCapability', device)]!;
  return [major, minor];
}

/**
 * Waits for all work on a device. Throws the first error that one of its launches met and that no reader has thrown.
 */
export function synchronize(device?: CudaDeviceLike): void {
  const index = cudaIndex('synchronize', device);
  flush();
  binding.cudaSynchronize(index);
}

/** `synchronize()` that leaves the event loop free. */
export async function synchronizeAsync(device?: CudaDeviceLike): Promise<void> {
  const index = cudaIndex('synchronizeAsync', device);
  flush();
  const ticket = binding.cudaSynchronizeLater(index);
  await whenCompleted(ticket);
  if (ticket > 0) binding.checkRead(ticket);
}
