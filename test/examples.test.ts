/** The examples run as a user runs them: with ts-node, on the built package. */
import { execFileSync } from 'child_process';
import { join } from 'path';

const ROOT = join(__dirname, '..');

function example(name: string, ...args: string[]): string {
  const run = [require.resolve('ts-node/dist/bin'), `examples/${name}.ts`, ...args];
  return execFileSync(process.execPath, run, { cwd: ROOT, encoding: 'utf8' });
}

test('notebook', () => {
  const text = example('notebook');
  const losses = [...text.matchAll(/^Epoch (\d+), Loss: (\S+)$/gm)];
  expect(losses.map((m) => Number(m[1]))).toEqual(Array.from({ length: 10 }, (_, i) => 1000 * i));
  const [first, last] = [Number(losses[0]![2]), Number(losses[9]![2])];
  expect(first).toBeGreaterThan(last);
  expect(text).toMatch(
    /^predictions: tensor\(\[\[0\.\d{4}\],\n {8}\[0\.\d{4}\]\], gradFn=<SigmoidBackward>\)$/m,
  );
  expect(text).toMatch(
    /^prediction for \[0\.3, 0\.4, 0\.5, 0\.6\]: tensor\(\[0\.\d{4}\], gradFn=<SigmoidBackward>\)$/m,
  );
  expect(text).toContain('tensor([[1., 2., 3.],\n        [4., 5., 6.]])');
  expect(text).toContain('tensor([[0., 0., 0., 0., 0.],\n        [0., 0., 0., 0., 0.]])');
});

test('digits: at least 96 % of the digits that were held out', () => {
  const accuracy = /held-out accuracy: (\S+) % of 360 digits/.exec(example('digits'));
  expect(Number(accuracy?.[1])).toBeGreaterThanOrEqual(96);
});

test('digits by a convolutional network: at least 98 % of the digits that were held out', () => {
  const accuracy = /held-out accuracy: (\S+) % of 360 digits/.exec(example('digits-cnn'));
  expect(Number(accuracy?.[1])).toBeGreaterThanOrEqual(98);
});

test('a GPT learns a text and goes on writing', () => {
  const text = example('char-gpt', '150');
  const loss = /^trained 150 steps in \S+ s; loss (\S+)$/m.exec(text);
  // By single letters 3.1, by pairs of letters 2.4.
  expect(Number(loss?.[1])).toBeLessThan(2.4);
  expect(text).toMatch(/\n\nThe President shall [^]{400}\n$/);
});

test('an LSTM learns to add the marked numbers', () => {
  const text = example('lstm');
  const always1 = Number(/always saying 1: (\S+)/.exec(text)?.[1]);
  const error = Number(/not seen before: (\S+)/.exec(text)?.[1]);
  expect(always1).toBeGreaterThan(0.1);
  expect(error).toBeLessThan(0.1 * always1);
});
