/**
 * CUDA devices (https://pytorch.org/docs/stable/cuda.html). The driver is looked for when it is first needed; nothing here
 * but what names a device throws where there is none.
 */
export {
  isAvailable,
  deviceCount,
  currentDevice,
  setDevice,
  getDeviceName,
  getDeviceCapability,
  getDeviceProperties,
  status,
  synchronize,
  synchronizeAsync,
  type CudaDeviceLike,
  type CudaDeviceProperties,
  type CudaStatus,
} from './devices';
export {
  emptyCache,
  maxMemoryAllocated,
  maxMemoryReserved,
  memGetInfo,
  memoryAllocated,
  memoryReserved,
  memoryStats,
  memorySummary,
  resetPeakMemoryStats,
  type CudaMemoryStats,
} from './memory';
export { manualSeed, manualSeedAll } from './random';
export {
  Event,
  Stream,
  currentStream,
  defaultStream,
  setStream,
  stream,
  type EventOptions,
  type StreamOptions,
} from './stream';
