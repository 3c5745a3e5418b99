/** Where a tensor is wanted, null is told by a typed error, whichever argument it is. */
import { nn, ones, TenonError } from 'tenon';

const x = ones(3, 3);
const CALLS = [[null], [null, x], [x, null], [null, x, x], [x, null, x], [x, x, null]];

test.each(Object.entries(nn.functional).filter(([, f]) => typeof f === 'function'))('%s', (_, f) => {
  const call = f as (...args: unknown[]) => unknown;
  const errors = CALLS.map((args) => {
    try {
      call(...args);
      return null;
    } catch (error) {
      return error;
    }
  });
  expect(errors.filter((error) => error !== null && !(error instanceof TenonError))).toEqual([]);
  expect(errors[0]).toBeInstanceOf(TenonError);
});
