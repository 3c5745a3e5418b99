import { type DType } from 'tenon';
import { CASES, layoutsOf, TOLERANCE, expectTensor, laidOut, makeTensor, run, title } from './table';

/** With TENON_TEST_BRIEF each case is run in one way, the next ones in others: where all cases run in all ways elsewhere. */
const BRIEF = Boolean(process.env.TENON_TEST_BRIEF);

describe.each(CASES.map((c, i) => [title(c, i), c, i] as const))('%s', (_, c, number) => {
  const all = layoutsOf(c).flatMap((layout) =>
    (['method', 'function'] as const).map((form) => ({ layout, form })),
  );
  const dtypes = Object.keys(c.results) as DType[];
  test.each(dtypes)('%s', (dtype) => {
    const ways = BRIEF ? [all[(number + dtypes.indexOf(dtype)) % all.length]!] : all;
    for (const { layout, form } of ways) {
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
