/** The examples run as a user runs them: with ts-node, on the built package. */
import { execFileSync } from 'child_process';
import { join } from 'path';

const ROOT = join(__dirname, '..');

function example(name: string): string {
  return execFileSync(process.execPath, [require.resolve('ts-node/dist/bin'), `examples/${name}.ts`], {
    cwd: ROOT,
    encoding: 'utf8',
  });
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
