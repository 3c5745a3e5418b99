/** Memory and threads of the process. */
import { binding } from './backend/load';
import { collect, memoryStats, type MemoryStats } from './backend/memory';
import { ArgumentError, describe } from './errors';

export { collect, memoryStats, type MemoryStats };
export { getMemoryLimit, setMemoryLimit } from './backend/limit';
export { memorySummary, liveTensorReport, type LiveTensorSite } from './backend/report';
export { isTensorTracking, setTensorTracking } from './backend/tracking';

/** Returns cached blocks to the system. */
export function emptyCache(): void {
  binding.emptyCache();
}

/** Starts a new measurement of `memoryStats().peakBytes`. */
export function resetPeakMemory(): void {
  binding.resetPeakMemory();
}

/** How many threads a kernel may use. */
export function getNumThreads(): number {
  return binding.getNumThreads();
}

/** Sets how many threads a kernel may use; results don't depend on it. */
export function setNumThreads(n: number): void {
  if (typeof n !== 'number' || !Number.isInteger(n) || n < 1 || n > 1024)
    throw new ArgumentError(`setNumThreads: expected an integer from 1 to 1024, got ${describe(n)}`);
  binding.setNumThreads(n);
}

/** The instruction set that kernels run with: 'avx512', 'avx2', 'sse2' or 'neon'; TENON_CPU_ISA chooses. */
export function cpuCapability(): string {
  return binding.isa;
}
