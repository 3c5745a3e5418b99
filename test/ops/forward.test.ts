import { type DType } from 'tenon';
import { CASES, layoutsOf, TOLERANCE, expectTensor, laidOut, makeTensor, run, title } from './table';

describe.each(CASES.map((c, i) => [title(c, i), c] as const))('%s', (_, c) => {
  test.each(Object.keys(c.results) as DType[])('%s', (dtype) => {
    for (const layout of layoutsOf(c))
      for (const form of ['method', 'function'] as const) {
        const inputs = c.inputs.map((t, i) => {
          const x = makeTensor(t);
          return laidOut(c.fixed.includes(i) ? x : x.to(dtype), layout);
        });
        const outs = run(c, inputs, form);
        const expected = c.results[dtype]!;
        if (outs.length !== expected.length) expect(outs).toHaveLength(expected.length);
        expected.forEach((want, i) => expectTensor(outs[i]!, want, TOLERANCE[want.dtype] ?? [0, 0]));
      }
  });
});
