/** Seeds of draws on CUDA devices. Where there is none, they wait for one. */
import { currentCudaIndex } from '../device';
import { generatorOn, seedCuda } from '../functional/random';

/** Seeds draws on the current device: the same seed gives the same numbers on all devices, the CPU among them. */
export function manualSeed(seed: number | bigint): void {
  generatorOn(currentCudaIndex() + 1).manualSeed(seed);
}

/** Seeds draws on all CUDA devices. */
export function manualSeedAll(seed: number | bigint): void {
  seedCuda(seed);
}
