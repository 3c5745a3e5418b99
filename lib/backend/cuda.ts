/** The CUDA devices there are, as the driver has them. */
import { binding } from './load';

export interface CudaDevice {
  readonly name: string;
  /** The compute capability. */
  readonly major: number;
  readonly minor: number;
  /** In bytes. */
  readonly totalMemory: number;
  readonly multiProcessorCount: number;
}

export interface CudaStatus {
  readonly available: boolean;
  /** Why none is available. */
  readonly reason: string | null;
  /** The CUDA version that the driver supports: '13.0'. */
  readonly driver: string | null;
  /** Whether a program stands in for the driver. */
  readonly emulated: boolean;
  readonly devices: readonly CudaDevice[];
}

let status: CudaStatus | null = null;

/** What there is; the first call initialises the driver. */
export function cudaStatus(): CudaStatus {
  return (status ??= JSON.parse(binding.cudaStatus()) as CudaStatus);
}

/** How many devices can be used. */
export function cudaDeviceCount(): number {
  const { available, devices } = cudaStatus();
  return available ? devices.length : 0;
}
