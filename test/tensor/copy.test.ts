/** Bytes from anywhere to anywhere, in every length around that of vectors. */
import { arange, zeros } from 'tenon';

const from = arange(2000).remainder(251).to('uint8');

test.each([0, 1, 3, 31, 64])('copies %d bytes behind the start of a vector', (offset) => {
  const bytes = from.toTypedArray() as Uint8Array;
  const wrong: number[] = [];
  for (let n = 0; n < 600; n++) {
    const to = zeros(700, { dtype: 'uint8' });
    to.narrow(0, 7 + (n % 64), n).copy_(from.narrow(0, offset, n));
    const want = new Uint8Array(700);
    want.set(bytes.subarray(offset, offset + n), 7 + (n % 64));
    if (Buffer.compare(to.toTypedArray() as Uint8Array, want) !== 0) wrong.push(n);
  }
  expect(wrong).toEqual([]);
});

test('within one tensor, as if it had been read before', () => {
  const x = from.clone();
  x.narrow(0, 100, 1000).copy_(x.narrow(0, 90, 1000));
  const want = from.toTypedArray() as Uint8Array;
  want.copyWithin(100, 90, 1090);
  expect(x.toTypedArray()).toEqual(want);
});
