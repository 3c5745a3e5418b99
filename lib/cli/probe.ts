/**
 * Loads the library as a program does and prints, as JSON, what it found. Doctor runs it in a process of its own:
 * a binary that crashes when it is loaded is a finding, too.
 */
import { cudaStatus, type CudaStatus } from '../backend/cuda';
import { addon, binding } from '../backend/load';
import { getMemoryLimit, tensor } from '../index';

/** What a loaded library says of itself. */
export interface Probe {
  compiler: string;
  isa: string;
  isas: readonly string[];
  threads: number;
  /** How many processors' time the container may use; 0: no limit. */
  cpuQuota: number;
  /** `getMemoryLimit()`. */
  memoryLimit: number | null;
  cuda: CudaStatus;
}

if (tensor([1, 2]).add(1).sum().item() !== 5) throw new Error('tenon: [1, 2] + 1 does not sum up to 5');
const probe: Probe = {
  compiler: addon.compiler,
  isa: binding.isa,
  isas: addon.isas,
  threads: binding.getNumThreads(),
  cpuQuota: addon.cpuQuota(),
  memoryLimit: getMemoryLimit(),
  cuda: cudaStatus(),
};
process.stdout.write(JSON.stringify(probe));
