/** Tenon's side of the suite saving. */
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { load, save, tensor, type Tensor } from 'tenon';
import { digest, sequence } from './data';
import { serve, type Job } from './serve';

const folder = mkdtempSync(join(tmpdir(), 'tenon-saving-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

interface Work {
  format: 'safetensors' | 'pt';
  direction: 'save' | 'load';
  tensors: number;
}

/** What is loaded is read once: a mapped file has to come from somewhere, too. */
function summed(weights: Record<string, Tensor>): number {
  return Object.values(weights).reduce((sum, t) => sum + t.sum().item(), 0);
}

function prepare({ format, direction, tensors }: Work): Job {
  const path = join(folder, `weights.${format}`);
  const weights = Object.fromEntries(
    Array.from({ length: tensors }, (_, i) => [
      `layers.${i}.weight`,
      tensor(sequence(1 << 20, 37 + i, 1009)).view(1024, 1024),
    ]),
  );
  save(weights, path);
  return {
    batch(calls) {
      for (let i = 0; i < calls; i++)
        if (direction === 'save') save(weights, path);
        else summed(load<typeof weights>(path));
    },
    check: () => digest(load<typeof weights>(path)[`layers.${tensors - 1}.weight`]!),
  };
}

void serve(prepare);
