import {
  ArgumentError,
  OutOfMemoryError,
  ones,
  tensor,
  zeros,
  arange,
  full,
  cat,
  stack,
  memoryStats,
} from 'tenon';

/** What the native checks turn away, and what they must not stumble over. */

test('an expanded tensor is not written to in place', () => {
  const x = zeros(1, 3).expand(4, 3);
  expect(() => x.add_(1)).toThrow(ArgumentError);
  expect(() => x.add_(1)).toThrow(/share one place of memory/);
  expect(() => x.copy_(ones(4, 3))).toThrow(ArgumentError);
  expect(() => x.uniform_()).toThrow(ArgumentError);
  expect(() => x.sigmoid_()).toThrow(ArgumentError);
  expect(x.tolist()).toEqual(zeros(4, 3).tolist());
  expect(x.clone().add_(1).tolist()).toEqual(ones(4, 3).tolist());
});

test('an expanded tensor can be filled, since all elements get one value', () => {
  const x = zeros(1, 3).expand(4, 3);
  x.fill_(2);
  expect(x.tolist()).toEqual(full([4, 3], 2).tolist());
});

test('indexAdd_ does not read what it writes', () => {
  const x = ones(3, 2);
  expect(() => x.indexAdd_(0, tensor([0n, 1n, 2n]), x)).toThrow(ArgumentError);
  expect(x.tolist()).toEqual(ones(3, 2).tolist());
});

test('uniform_ wants a range that the dtype holds', () => {
  expect(() => zeros(3).uniform_(0, Infinity)).toThrow(ArgumentError);
  expect(() => zeros(3).uniform_(-3e38, 3e38)).toThrow(ArgumentError);
  expect(() => zeros(3, { dtype: 'float16' }).uniform_(0, 1e5)).toThrow(ArgumentError);
  const x = zeros(1000, { dtype: 'float16' }).uniform_(0, 1e-5);
  expect(x.lt(1e-5).all().item()).toBe(1);
});

test('empty tensors may have sizes beyond memory', () => {
  const x = zeros(0, 2 ** 20, 2 ** 20, 3);
  expect(x.sum().item()).toBe(0);
  expect(x.sum([0, 1, 2]).tolist()).toEqual([0, 0, 0]);
  expect(x.prod().item()).toBe(1);
  expect(x.add(1).shape).toEqual(x.shape);
});

test('a sum over more elements than memory could hold partial sums of is refused', () => {
  expect(() =>
    zeros(1)
      .expand(2 ** 50)
      .sum()
      .item(),
  ).toThrow(OutOfMemoryError);
});

test('batches of half-precision products do not spoil a matrix that all of them share', () => {
  const a = arange(40 * 40)
    .remainder(5)
    .reshape(40, 40)
    .to('float16');
  const b = arange(64 * 40 * 40)
    .remainder(3)
    .reshape(64, 40, 40)
    .to('float16');
  const product = a.matmul(b).to('float32');
  const expected = a.to('float32').matmul(b.to('float32'));
  expect(product.sub(expected).abs().amax().item()).toBe(0);
});

test.each([0, 1])('more tensors than a launch takes are joined along dimension %i', (dim) => {
  const whole = arange(2 * 150 * 3).reshape(dim === 0 ? [450, 2] : [2, 450]);
  const parts = Array.from({ length: 150 }, (_, i) => whole.narrow(dim, 3 * i, 3));
  const before = memoryStats().liveTensors;
  const joined = cat(parts, dim);
  expect(memoryStats().liveTensors).toBe(before + 1);
  expect(joined.tolist()).toEqual(whole.tolist());
  const single = parts.map((part) => part.select(dim, 1));
  expect(stack(single, dim).tolist()).toEqual(
    cat(
      parts.map((part) => part.narrow(dim, 1, 1)),
      dim,
    ).tolist(),
  );
});
