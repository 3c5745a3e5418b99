import { inspect } from 'util';
import {
  ArgumentError,
  Tensor,
  autograd,
  cat,
  collect,
  full,
  linspace,
  memoryStats,
  nn,
  ones,
  optim,
  stack,
  tensor,
  where,
  zeros,
  type DType,
} from 'tenon';
import { CASES, makeTensor, run, title } from '../ops/table';
import { errorOf, expectError, wrong } from './table';

/** A message about a disposed tensor that says which operation met it. */
const DISPOSED = /^\w+: .*disposed/;

// Every case of the op suite, with one operand disposed at a time; each op once.
const OPS = [...new Map(CASES.filter((c) => c.inputs.length > 0).map((c) => [c.op, c])).values()];

describe.each(OPS.map((c, i) => [title(c, i), c] as const))('%s', (_, c) => {
  const [dtype] = Object.keys(c.results) as DType[];
  const used = JSON.stringify([c.args, c.options]);
  const operands = c.inputs.map((_input, i) => i).filter((i) => used.includes(`"$${i}"`));
  test.each(operands)('operand %i disposed', (i) => {
    const inputs = c.inputs.map((x, k) => (c.fixed.includes(k) ? makeTensor(x) : makeTensor(x).to(dtype!)));
    inputs[i]!.dispose();
    const error = errorOf(() => {
      // What gives the tensor back as it is fails when it is read.
      run(c, inputs).forEach((out) => out.toTypedArray());
    });
    expect(error).toBeInstanceOf(ArgumentError);
    expect((error as Error).message).toMatch(DISPOSED);
  });
});

/** A tensor of three elements that is gone. */
function gone(options: { requiresGrad?: boolean; dtype?: 'float32' | 'int64' } = {}): Tensor {
  const t = ones(3, options);
  t.dispose();
  return t;
}

test.each([
  ['item', () => tensor(gone())],
  ['a list', () => tensor([full([], 1), disposedScalar()])],
  ['cat', () => cat([ones(3), gone()])],
  ['stack', () => stack([gone(), ones(3)])],
  ['where', () => where(tensor([true, false, true]), gone(), 1)],
  ['to another dtype', () => gone().to('float64')],
  ['toTypedArray', () => gone().toTypedArray()],
  ['tolist', () => gone().tolist()],
  ['JSON', () => JSON.stringify({ t: gone() })],
  ['itemBigInt', () => disposedScalar('int64').itemBigInt()],
  ['iteration', () => [...gone()]],
  ['a mask', () => ones(3).index(gone({}).gt(0))],
  ['setIndex', () => ones(3).setIndex([0], disposedScalar())],
  ['setIndex into it', () => gone().setIndex([0], 1)],
  ['fill_', () => gone().fill_(1)],
  ['uniform_', () => gone().uniform_()],
  ['exp_', () => gone().exp_()],
  ['add_ from it', () => ones(3).add_(gone())],
  ['copy_ from it', () => ones(3).copy_(gone())],
  ['detach', () => gone().detach()],
  ['Parameter', () => new nn.Parameter(gone())],
  ['backward', () => gone({ requiresGrad: true }).sum().backward()],
  ['backward of it', () => autograd.backward(gone({ requiresGrad: true }), ones(3))],
  ['a gradient', () => ones(3, { requiresGrad: true }).mul(2).backward(gone())],
  ['linear', () => new nn.Linear(3, 2).forward(gone())],
] as const)('%s', (_, call) => {
  const error = errorOf(call);
  expect(error).toBeInstanceOf(ArgumentError);
  expect((error as Error).message).toMatch(DISPOSED);
});

function disposedScalar(dtype: 'float32' | 'int64' = 'float32'): Tensor {
  const t = zeros([], { dtype });
  t.dispose();
  return t;
}

test('is still described', () => {
  const t = gone();
  expect([t.shape, t.dtype, t.isDisposed, t.numel()]).toEqual([[3], 'float32', true, 3]);
  expect(inspect({ t })).toBe('{ t: [disposed Tensor] }');
  t.dispose();
  expect(t.isDisposed).toBe(true);
});

test('views live on', () => {
  const t = linspace(0, 1, 3);
  const view = t.at(2);
  t.dispose();
  expect(view.item()).toBe(1);
});

test('a saved tensor that is gone fails in backward', () => {
  const x = ones(3, { requiresGrad: true });
  const y = x.exp();
  const z = y.sum();
  y.dispose();
  expectError(() => z.backward(), ArgumentError, DISPOSED);
  expect(x.grad).toBeNull();
  x.sum().backward();
  expect(x.grad!.tolist()).toEqual([1, 1, 1]);
});

test('a gradient for a leaf that is gone can be read and is not lost', () => {
  const before = memoryStats().liveTensors;
  for (let i = 0; i < 50; i++) {
    const x = ones(1000, { requiresGrad: true });
    const y = x.mul(2).sum();
    x.dispose();
    y.backward();
    if (i === 0) expect(x.grad!.at(0).item()).toBe(2);
  }
  collect();
  collect();
  expect(memoryStats().liveTensors - before).toBeLessThan(10);
});

test('an optimizer step over a parameter that is gone', () => {
  const p = new nn.Parameter(ones(3));
  const sgd = new optim.SGD([p]);
  p.sum().backward();
  p.dispose();
  // Its gradient went with it.
  sgd.step();
  p.grad = ones(3);
  expectError(() => sgd.step(), ArgumentError, DISPOSED);
});

test('what never was a tensor counts as disposed', () => {
  const fake = Object.create(Tensor.prototype) as Tensor;
  expect(fake.isDisposed).toBe(true);
  expect(String(fake)).toBe('[disposed Tensor]');
  for (const call of [
    () => fake.add(1),
    () => ones(2).mul(fake),
    () => fake.item(),
    () => fake.reshape(1),
    () => fake.sum(),
    () => cat([ones(2), fake.reshape(1)]),
    () => new nn.Parameter(fake),
    () => fake.backward(),
  ])
    expect(errorOf(call)).toHaveProperty('code', expect.stringMatching(/^ERR_TENON_(ARGUMENT|AUTOGRAD)$/));
  fake.dispose();
  expectError(
    () => ones(2).add(wrong({ shape: [2], id: 1, code: 0 })),
    ArgumentError,
    /^add: .*got an object/,
  );
});
