/** Jest without the equality tester: what it does with tensors must at least come to an end. */
import { nn, ones, tensor, type Tensor } from 'tenon';

test('different tensors are not equal', () => {
  expect(tensor(1)).not.toEqual(tensor(2));
  expect(ones(2)).not.toEqual(ones(2, 1));
  expect({ a: ones(3) }).not.toEqual({ a: ones(3).mul(2) });
});

test('a long graph is not looked through to tell two tensors apart', () => {
  const chain = (): Tensor => {
    let y = ones(2, { requiresGrad: true });
    for (let i = 0; i < 20_000; i++) y = y.add(1);
    return y;
  };
  expect(chain()).not.toEqual(chain());
  expect([chain()]).not.toStrictEqual([chain().sum()]);
  expect(chain()).not.toEqual(1);
  // A failure shows both sides, for which Jest copies all that hangs on them: deep, but finite.
  expect(() => expect(chain()).toEqual(chain())).toThrow();
});

test('a failed comparison shows the elements', () => {
  expect(() => expect(tensor([1, 2])).toEqual([3, 4])).toThrow(/3/);
  expect(() => expect(new nn.Linear(1, 1)).toBe(1)).toThrow();
});
