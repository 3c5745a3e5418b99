/** nn.utils and amp.GradScaler against PyTorch's numbers (scripts/fixtures/gradients.py). */
import { readFileSync } from 'fs';
import { join } from 'path';
import { ShapeError, amp, isnan, nn, ones, optim, tensor, zeros, type DType, type Tensor } from 'tenon';

type Json = number | string | Json[];

interface Case {
  call: 'clip_grad_norm_' | 'clip_grad_value_';
  dtypes: DType[];
  arguments: (number | string)[];
  before: (Json | null)[];
  after: (Json | null)[];
  norm?: number | string;
  normDtype?: DType;
}

const { cases, scaler: scalerRows } = JSON.parse(
  readFileSync(join(__dirname, '../fixtures/gradients.json'), 'utf8'),
) as { cases: Case[]; scaler: { p: number[]; state: amp.GradScalerState }[] };

const NUMBERS: Record<string, number> = { inf: Infinity, '-inf': -Infinity, nan: NaN };

/** JSON's numbers, and those that it lacks. */
function parsed(x: Json): Json {
  return Array.isArray(x) ? x.map(parsed) : typeof x === 'string' ? NUMBERS[x]! : x;
}

const SLACK: Partial<Record<DType, number>> = {
  float64: 1e-14,
  float32: 1e-6,
  float16: 2e-3,
  bfloat16: 1.6e-2,
};

function expectClose(got: Tensor, want: Json, dtype: DType, slack: number): void {
  expect(got.dtype).toBe(dtype);
  const expected = tensor(parsed(want) as number[], { dtype: 'float64' });
  const wide = got.to('float64');
  expect(wide.shape).toEqual(expected.shape);
  const equal = wide.eq(expected).logicalOr(isnan(wide).logicalAnd(isnan(expected)));
  const near = wide.sub(expected).abs().le(expected.abs().mul(slack));
  expect(equal.logicalOr(near).all().item()).toBe(1);
}

function parametersOf({ dtypes, before }: Case): nn.Parameter[] {
  return before.map((grad, i) => {
    const value =
      grad === null
        ? zeros(5, { dtype: dtypes[i]! })
        : tensor(parsed(grad) as number[], { dtype: dtypes[i]! });
    const p = new nn.Parameter(zeros(value.shape, { dtype: dtypes[i]! }));
    if (grad !== null) p.grad = value;
    return p;
  });
}

test.each(
  cases.map(
    (c) => [`${c.call}(${c.arguments.join(', ')}) of ${[...new Set(c.dtypes)].join(' and ')}`, c] as const,
  ),
)('%s', (_, c) => {
  const params = parametersOf(c);
  const slack = Math.max(...c.dtypes.map((dtype) => SLACK[dtype]!));
  const [a, b] = c.arguments.map((x) => parsed(x) as number) as [number, number];
  if (c.call === 'clip_grad_value_') nn.utils.clipGradValue_(params, a);
  else expectClose(nn.utils.clipGradNorm_(params, a, { normType: b }), c.norm!, c.normDtype!, slack);
  params.forEach((p, i) => {
    if (c.after[i] === null) expect(p.grad).toBeNull();
    else expectClose(p.grad!, c.after[i]!, c.dtypes[i]!, slack);
  });
});

test('clipping takes one tensor, iterables, no gradients, and says when a norm is not finite', () => {
  const p = new nn.Parameter(ones(4));
  expect(nn.utils.clipGradNorm_([p], 1).item()).toBe(0);
  p.grad = ones(4).mul(2);
  expect(nn.utils.getTotalNorm(p.grad).item()).toBe(4);
  expect(nn.utils.getTotalNorm([p.grad, p.grad], 1).item()).toBe(16);
  nn.utils.clipGradsWithNorm_(p, 1, tensor(4));
  expect(p.grad.tolist<number[]>()[0]).toBeCloseTo(0.5, 6);
  expect(nn.utils.clipGradNorm_(new Set([p]), { maxNorm: 0.5 }).item()).toBeCloseTo(1, 6);
  expect(p.grad.tolist<number[]>()[3]).toBeCloseTo(0.25, 6);
  const version = p.grad.version;
  nn.utils.clipGradValue_(p, { clipValue: 0.125 });
  expect(p.grad.tolist()).toEqual([0.125, 0.125, 0.125, 0.125]);
  expect(p.grad.version).toBeGreaterThan(version);
  p.grad.fill_(Infinity);
  expect(() => nn.utils.clipGradNorm_(p, 1, 2, true)).toThrow(
    /^clipGradNorm_: the total norm of order 2 is Infinity/,
  );
  expect(p.grad.tolist<number[]>()[0]).toBe(Infinity);
});

test('the norm of very many, large and strided gradients is that of one vector', () => {
  const params = Array.from({ length: 700 }, (_, i) => {
    const p = new nn.Parameter(zeros(i === 3 ? [300, 201] : [3, 2]));
    p.grad = i === 3 ? ones(201, 300).t().mul(0.5) : i === 4 ? ones(2, 3).t() : ones(3, 2);
    return p;
  });
  const want = Math.sqrt(699 * 6 + 300 * 201 * 0.25);
  expect(nn.utils.clipGradNorm_(params, 1).item() / want).toBeCloseTo(1, 6);
  expect(nn.utils.getTotalNorm(params.map((p) => p.grad!)).item()).toBeCloseTo(1, 5);
});

test('parameters are one vector and back', () => {
  const net = new nn.Linear(2, 3);
  const vector = nn.utils.parametersToVector(net.parameters());
  expect(vector.shape).toEqual([9]);
  expect(vector.requiresGrad).toBe(true);
  nn.utils.vectorToParameters(tensor([0, 1, 2, 3, 4, 5, 6, 7, 8]), net.parameters());
  expect(net.weight.tolist()).toEqual([
    [0, 1],
    [2, 3],
    [4, 5],
  ]);
  expect(net.bias!.tolist()).toEqual([6, 7, 8]);
  expect(() => nn.utils.vectorToParameters(ones(8), net.parameters())).toThrow(ShapeError);
  expect(net.bias!.tolist()).toEqual([6, 7, 8]);
});

describe('GradScaler', () => {
  test('scales, skips and grows as PyTorch does', () => {
    const p = new nn.Parameter(tensor([1, -2]));
    const optimizer = new optim.SGD([p], 0.1, { momentum: 0.5 });
    const scaler = new amp.GradScaler('cpu', {
      initScale: 1024,
      growthFactor: 3,
      backoffFactor: 0.25,
      growthInterval: 3,
    });
    scalerRows.forEach((row, step) => {
      optimizer.zeroGrad();
      const loss = p.mul(p).sum();
      scaler.scale(loss.mul(step === 4 || step === 9 ? 1e38 : 0.1)).backward();
      if (step % 2) scaler.unscale_(optimizer);
      scaler.step(optimizer);
      scaler.update();
      row.p.forEach((want, i) => expect(p.tolist<number[]>()[i]).toBeCloseTo(want, 5));
      expect(scaler.stateDict()).toEqual(row.state);
    });
    const other = new amp.GradScaler({ device: 'cpu' });
    other.loadStateDict(scaler.stateDict());
    expect(other.stateDict()).toEqual(scaler.stateDict());
    expect(other.getScale()).toBe(scalerRows[scalerRows.length - 1]!.state.scale);
  });

  test('finds what is not finite wherever it is', () => {
    for (const shape of [[5], [3, 7], [40000]])
      for (const dtype of ['float32', 'float64', 'bfloat16'] as const) {
        const p = new nn.Parameter(zeros(shape, { dtype }));
        const optimizer = new optim.SGD([p], 1);
        const scaler = new amp.GradScaler('cpu', { initScale: 2 });
        scaler.scale(ones(1));
        p.grad = ones(shape, { dtype });
        expect(scaler.step(optimizer)).toBeUndefined();
        expect(p.min().item()).toBe(-0.5);
        scaler.update();
        p.grad.fill_(1);
        p.grad
          .reshape(-1)
          .narrow(0, p.numel() - 1, 1)
          .fill_(NaN);
        scaler.step(optimizer);
        expect(p.min().item()).toBe(-0.5);
        scaler.update();
        expect(scaler.getScale()).toBe(1);
      }
  });

  test('scales arrays, keeps wide what is of no dimensions, and does nothing if not enabled', () => {
    const scaler = new amp.GradScaler('cpu');
    const [a, [b]] = scaler.scale([ones(2), [ones([], { dtype: 'float16' })]] as const);
    expect(a.tolist()).toEqual([65536, 65536]);
    expect([b.dtype, b.item()]).toEqual(['float32', 65536]);
    const off = new amp.GradScaler('cpu', { enabled: false });
    const loss = ones(2);
    expect(off.scale(loss)).toBe(loss);
    expect([off.getScale(), off.isEnabled(), off.stateDict()]).toEqual([1, false, {}]);
    off.update();
  });
});
