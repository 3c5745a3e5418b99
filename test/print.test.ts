import { readFileSync } from 'fs';
import { join } from 'path';
import { inspect } from 'util';
import {
  arange,
  getPrintoptions,
  nn,
  ones,
  setPrintoptions,
  sigmoid,
  tensor,
  zeros,
  ArgumentError,
} from 'tenon';
import { makeTensor, type EncodedTensor } from './ops/table';

interface PrintCase extends EncodedTensor {
  options: Record<string, unknown>;
  kind: 'plain' | 'leaf' | 'sigmoid' | 'parameter';
  text: string;
}

const CASES = JSON.parse(readFileSync(join(__dirname, 'fixtures/print.json'), 'utf8')) as PrintCase[];

afterEach(() => setPrintoptions({ profile: 'default' }));

test.each(
  CASES.map(
    (c, i) => [`${i} ${c.dtype} [${c.shape.join(', ')}] ${c.kind} ${JSON.stringify(c.options)}`, c] as const,
  ),
)('%s', (_, c) => {
  const t = makeTensor(c);
  setPrintoptions(c.options);
  const shown =
    c.kind === 'parameter'
      ? new nn.Parameter(t)
      : c.kind === 'leaf'
        ? t.requiresGrad_()
        : c.kind === 'sigmoid'
          ? sigmoid(t.requiresGrad_())
          : t;
  expect(String(shown)).toBe(c.text);
  expect(inspect(shown)).toBe(c.text);
});

test('strided tensors print their elements in order', () => {
  expect(String(arange(6).reshape(2, 3).t())).toBe('tensor([[0, 3],\n        [1, 4],\n        [2, 5]])');
  expect(String(tensor([1, 2]).unsqueeze(1).expand(2, 2))).toBe('tensor([[1., 1.],\n        [2., 2.]])');
});

test('a large tensor is not gathered whole', () => {
  const start = process.hrtime.bigint();
  expect(String(zeros(3000, 3000)).length).toBeLessThan(1000);
  expect(Number(process.hrtime.bigint() - start) / 1e9).toBeLessThan(5);
});

test('a disposed tensor says so', () => {
  const t = ones(2);
  t.dispose();
  expect(String(t)).toBe('[disposed Tensor]');
});

test('print options are checked and returned', () => {
  setPrintoptions({ precision: 6 });
  expect(getPrintoptions().precision).toBe(6);
  expect(() => setPrintoptions({ precision: -1 })).toThrow(ArgumentError);
  expect(() => setPrintoptions({ profile: 'wide' as 'full' })).toThrow(ArgumentError);
});
