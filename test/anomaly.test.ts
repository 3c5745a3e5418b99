import { readFileSync } from 'fs';
import {
  ArgumentError,
  AutogradError,
  autograd,
  enableGrad,
  nn,
  ones,
  tensor,
  zeros,
  type Tensor,
} from 'tenon';
import { errorOf, expectError, wrong } from './errors/table';

const { detectAnomaly, detectAnomalyAsync, isAnomalyCheckNanEnabled, isAnomalyEnabled, setDetectAnomaly } =
  autograd;
const leaf = (...values: number[]) => tensor(values, { requiresGrad: true });

const LINES = readFileSync(__filename, 'utf8').split('\n');
const lineOf = (text: string): number => LINES.findIndex((line) => line.includes(text)) + 1;

/** The AutogradError that `f` throws. */
function failureOf(f: () => unknown): AutogradError {
  const error = errorOf(f);
  if (!(error instanceof AutogradError)) throw error;
  return error;
}

afterEach(() => setDetectAnomaly(false));

/** A function of the user's whose derivative at 0 is NaN: 0 · ∞. */
function spoiled(x: Tensor): Tensor {
  return x.sqrt().mul(0);
}

test('a NaN is traced to the call whose derivative it is', () => {
  const x = leaf(0, 1);
  spoiled(x).sum().backward();
  expect(x.grad!.isnan().any().item()).toBe(1);
  const error = failureOf(() => detectAnomaly(() => spoiled(x).sum().backward()));
  const [first, second, frame] = error.message.split('\n');
  expect(first).toBe('backward: SqrtBackward returned NaN in the gradient of its input 0');
  expect(second).toBe('SqrtBackward was recorded at');
  // The innermost frame is the user's, not the library's.
  expect(frame).toContain(`anomaly.test.ts:${lineOf('return x.sqrt().mul(0)')}:`);
});

test('nothing is left behind by a pass that fails', () => {
  const x = leaf(0);
  const y = detectAnomaly(() => spoiled(x).sum());
  expectError(() => detectAnomaly(() => y.backward()), AutogradError, /SqrtBackward returned NaN/);
  expect(x.grad).toBe(null);
  expect(isAnomalyEnabled()).toBe(false);
});

test('an error in a backward function says where it was called', () => {
  const w = leaf(1, 2);
  setDetectAnomaly(true);
  const e = w.exp();
  e.mul_(2);
  const error = failureOf(() => e.sum().backward());
  expect(error.message).toMatch(/^backward: ExpBackward failed: backward: a tensor .* was changed in place/);
  expect(error.message).toMatch(/ExpBackward was recorded at\n\s+at .*anomaly\.test\.ts/);
  expect(error.cause).toBeInstanceOf(AutogradError);
});

test('layers are named by the frame that called them', () => {
  const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Sigmoid());
  const x = ones(1, 2);
  function predict(): Tensor {
    return net.forward(x);
  }
  const error = failureOf(() => detectAnomaly(() => predict().backward(tensor([[NaN, 1]]))));
  expect(error.message).toMatch(/^backward: SigmoidBackward returned NaN .* \(as was given to it\)\n/);
  expect(error.message.split('\n')[2]).toContain(`anomaly.test.ts:${lineOf('return net.forward(x)')}:`);
});

test('second derivatives name the pass that recorded them', () => {
  const x = leaf(0);
  function second(): Tensor[] {
    const [g] = autograd.grad(x.pow(1.5).sum(), x, { createGraph: true });
    return autograd.grad(g!.sum(), x, { createGraph: true });
  }
  const error = failureOf(() => detectAnomaly(() => autograd.grad(second()[0]!.mul(0).sum(), x)));
  expect(error.message).toMatch(/^backward: \w+Backward returned NaN/);
  expect(error.message).toMatch(/in the backward pass through PowBackward:\nPowBackward was recorded at/);
});

test('what was recorded without it is named without a place', () => {
  const y = spoiled(leaf(0)).sum();
  const error = failureOf(() => detectAnomaly(() => y.backward()));
  expect(error.message).toMatch(/SqrtBackward was recorded outside of anomaly mode/);
});

test('checkNan: false lets NaN pass', () => {
  const x = leaf(0);
  detectAnomaly(
    () => {
      expect(isAnomalyCheckNanEnabled()).toBe(false);
      spoiled(x).sum().backward();
    },
    { checkNan: false },
  );
  expect(x.grad!.item()).toBeNaN();
  expect(isAnomalyCheckNanEnabled()).toBe(true);
});

test('a clean pass gives the same gradients, and hooks and several outputs work', () => {
  const run = (): number[][] => {
    const x = tensor([[1, 2], [3, 4]], { requiresGrad: true }); // prettier-ignore
    const [a, b] = x.unbind(0);
    a!.mul(b!).sum().backward();
    return x.grad!.tolist();
  };
  expect(detectAnomaly(run)).toEqual(run());
  expect(run()).toEqual([[3, 4], [1, 2]]); // prettier-ignore
});

test('an asynchronous scope has it to itself', async () => {
  const x = leaf(0);
  const inside = detectAnomalyAsync(async () => {
    await Promise.resolve();
    expect(isAnomalyEnabled()).toBe(true);
    spoiled(x).sum().backward();
  });
  expect(isAnomalyEnabled()).toBe(false);
  spoiled(zeros(1).requiresGrad_()).sum().backward();
  await expect(inside).rejects.toThrow(/SqrtBackward returned NaN/);
});

test('bad arguments', () => {
  expectError(
    () => setDetectAnomaly(wrong(1)),
    ArgumentError,
    /^setDetectAnomaly: expected a boolean, got 1/,
  );
  expectError(
    () => setDetectAnomaly(true, wrong({ checkNaN: true })),
    ArgumentError,
    /^setDetectAnomaly: unknown option "checkNaN"; expected checkNan/,
  );
  expectError(
    () => detectAnomaly(() => 1, wrong({ checkNan: 1 })),
    ArgumentError,
    /^detectAnomaly: expected checkNan to be a boolean, got 1/,
  );
  expectError(() => detectAnomaly(() => 1, wrong(null)), ArgumentError, /got null/);
  expectError(() => detectAnomaly(wrong(3)), ArgumentError, /^detectAnomaly: expected a function, got 3/);
  expectError(
    () => detectAnomaly(async () => Promise.resolve(1)),
    ArgumentError,
    /use await detectAnomalyAsync/,
  );
  expect(enableGrad(isAnomalyEnabled)).toBe(false);
});
