/** Tenon's side of the suite overhead. Each call has a loop of its own, so that nothing else is measured. */
import { tensor, type Tensor } from 'tenon';
import { serve, type Job } from './serve';

const a = tensor([1.5]);
const b = tensor([2.5]);
const parameter = tensor([3.5], { requiresGrad: true });
const p = tensor([[1, 2], [3, 4]]); // prettier-ignore
const q = tensor([[5, 6], [7, 8]]); // prettier-ignore
let result: Tensor = a;
let value = 0;

const JOBS = {
  add: {
    batch(calls) {
      for (let i = 0; i < calls; i++) result = a.add(b);
    },
    check: () => [result.item()],
  },
  addRecorded: {
    batch(calls) {
      for (let i = 0; i < calls; i++) result = parameter.add(b);
    },
    check: () => [result.item()],
  },
  addBackward: {
    batch(calls) {
      for (let i = 0; i < calls; i++) {
        parameter.grad = null;
        parameter.add(b).backward();
      }
    },
    check: () => [parameter.grad!.item()],
  },
  sigmoid: {
    batch(calls) {
      for (let i = 0; i < calls; i++) result = a.sigmoid();
    },
    check: () => [result.item()],
  },
  matmul: {
    batch(calls) {
      for (let i = 0; i < calls; i++) result = p.matmul(q);
    },
    check: () => [...result.toTypedArray()].map(Number),
  },
  tensor: {
    batch(calls) {
      for (let i = 0; i < calls; i++) result = tensor([1, 2, 3, 4]);
    },
    check: () => [...result.toTypedArray()].map(Number),
  },
  item: {
    batch(calls) {
      for (let i = 0; i < calls; i++) value = a.item();
    },
    check: () => [value],
  },
} satisfies Record<string, Job>;

void serve(({ op }: { op: keyof typeof JOBS }) => JOBS[op]);
