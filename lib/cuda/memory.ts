/** Memory of CUDA devices: what tensors occupy, and what is kept for the next ones. In bytes. */
import { flush } from '../backend/commands';
import { RULE, reportLine, showBytes } from '../backend/report';
import { binding } from '../backend/load';
import { cudaIndex, deviceName } from '../device';
import type { CudaDeviceLike } from './devices';

export interface CudaMemoryStats {
  /** What tensors occupy, in this thread. */
  readonly allocatedBytes: number;
  readonly peakAllocatedBytes: number;
  /** What was taken from the device: for tensors, and kept for the next ones. */
  readonly reservedBytes: number;
  readonly peakReservedBytes: number;
  /** What the device has left, for all programs. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Blocks asked of the device since the start. */
  readonly deviceAllocations: number;
  /** Blocks that tensors occupy. */
  readonly liveBlocks: number;
}

function read(op: string, device: CudaDeviceLike | undefined): CudaMemoryStats {
  const index = cudaIndex(op, device);
  flush();
  const [allocated, reserved, peakAllocated, peakReserved, free, total, allocations, blocks] =
    binding.cudaMemory(index) as unknown as [number, number, number, number, number, number, number, number];
  return {
    allocatedBytes: allocated,
    peakAllocatedBytes: peakAllocated,
    reservedBytes: reserved,
    peakReservedBytes: peakReserved,
    freeBytes: free,
    totalBytes: total,
    deviceAllocations: allocations,
    liveBlocks: blocks,
  };
}

/** All figures at once. */
export function memoryStats(device?: CudaDeviceLike): CudaMemoryStats {
  return read('memoryStats', device);
}

/** What tensors of this thread occupy on a device. */
export function memoryAllocated(device?: CudaDeviceLike): number {
  return read('memoryAllocated', device).allocatedBytes;
}

/** The most that tensors occupied since the start, or since `resetPeakMemoryStats`. */
export function maxMemoryAllocated(device?: CudaDeviceLike): number {
  return read('maxMemoryAllocated', device).peakAllocatedBytes;
}

/** What was taken from the device, in use or kept for the next tensors. */
export function memoryReserved(device?: CudaDeviceLike): number {
  return read('memoryReserved', device).reservedBytes;
}

/** The most that was taken since the start, or since `resetPeakMemoryStats`. */
export function maxMemoryReserved(device?: CudaDeviceLike): number {
  return read('maxMemoryReserved', device).peakReservedBytes;
}

/** What the device has left, for all programs, and what it has in all. */
export function memGetInfo(device?: CudaDeviceLike): readonly [free: number, total: number] {
  const { freeBytes, totalBytes } = read('memGetInfo', device);
  return [freeBytes, totalBytes];
}

/** Starts new measurements of the peaks. */
export function resetPeakMemoryStats(device?: CudaDeviceLike): void {
  const index = cudaIndex('resetPeakMemoryStats', device);
  flush();
  binding.cudaResetPeak(index);
}

/** Returns what is kept for the next tensors to the device. */
export function emptyCache(device?: CudaDeviceLike): void {
  const index = cudaIndex('emptyCache', device);
  flush();
  binding.cudaEmptyCache(index);
}

/** The figures as a table. */
export function memorySummary(device?: CudaDeviceLike): string {
  const stats = read('memorySummary', device);
  return [
    RULE,
    `Memory of tensors (${deviceName(cudaIndex('memorySummary', device) + 1)}), this thread`,
    RULE,
    reportLine('allocated', showBytes(stats.allocatedBytes)),
    reportLine('peak of allocated', showBytes(stats.peakAllocatedBytes)),
    reportLine('reserved', showBytes(stats.reservedBytes)),
    reportLine('peak of reserved', showBytes(stats.peakReservedBytes)),
    reportLine('cached, free for reuse', showBytes(stats.reservedBytes - stats.allocatedBytes)),
    reportLine('free on the device', showBytes(stats.freeBytes)),
    reportLine('device in all', showBytes(stats.totalBytes)),
    reportLine('live blocks', String(stats.liveBlocks)),
    reportLine('blocks asked of the device', String(stats.deviceAllocations)),
    RULE,
  ].join('\n');
}
