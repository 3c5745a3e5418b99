/** Arrays with holes: the first hole is what is wrong with them, and of billions of holes not each is looked at. */
import { ArgumentError, amp, einsum, io, linalg, nn, ones, optim } from 'tenon';
import { failures, wrong } from './table';

/** An array of as many elements as there can be, of which few are there. */
const sparse = <T>(...items: T[]): T[] => Object.assign(new Array<T>(2 ** 32 - 1), items);
const { rnn } = nn.utils;
const sgd = () => new optim.SGD([new nn.Parameter(ones(2))], { lr: 0.1 });

describe('sparse arrays', () => {
  failures([
    [() => rnn.unpadSequence(ones(3, 3), sparse(1)), ArgumentError, /^unpadSequence: expected lengths as/],
    [() => rnn.padSequence(sparse(ones(2))), ArgumentError, /^padSequence: expected sequences\[1\] to be/],
    [() => nn.utils.parametersToVector(sparse(ones(2))), ArgumentError, /^parametersToVector: /],
    [() => nn.summary(new nn.Linear(2, 2), sparse(2)), ArgumentError, /^summary: expected the shape/],
    [
      () => new nn.AdaptiveLogSoftmaxWithLoss(4, 10, sparse(2)),
      ArgumentError,
      /^AdaptiveLogSoftmaxWithLoss: expected cutoffs to be rising/,
    ],
    [() => new nn.Unflatten(1, sparse(2)), ArgumentError, /^Unflatten: expected each size/],
    [() => linalg.multiDot(sparse(ones(2, 2))), ArgumentError, /^linalg.multiDot: expected factor 1 to be/],
    [() => einsum('ij,jk', sparse(ones(2, 2))), ArgumentError, /^einsum: expected operand 1 to be/],
    [
      () => new optim.lrScheduler.ChainedScheduler(sparse<optim.lrScheduler.LRScheduler>()),
      ArgumentError,
      /^ChainedScheduler: expected a list of schedulers/,
    ],
    [
      () => new optim.lrScheduler.MultiStepLR(sgd(), [1]).loadStateDict({ milestones: sparse() }),
      ArgumentError,
      /MultiStepLR/,
    ],
    ...['a.safetensors', 'a.pt'].map((path): Parameters<typeof failures>[0][number] => [
      () => io.save({ list: sparse(1) }, path),
      ArgumentError,
      /^save: expected arrays without holes, got one at 1 of "list"/,
    ]),
    [
      () => amp.autocast('cpu', () => linalg.multiDot(sparse(ones(2, 2)))),
      ArgumentError,
      /^linalg.multiDot: expected factor 1/,
    ],
  ]);

  test.each<[string, () => nn.Module]>([
    ['AdaptiveAvgPool2d', () => new nn.AdaptiveAvgPool2d(sparse(1))],
    ['Upsample', () => new nn.Upsample({ scaleFactor: sparse(1) })],
  ])('a layer that is given one is printed: %s', (name, make) => {
    expect(String(make())).toContain(`${name}(`);
    expect(() => void make().forward(ones(1, 1, 2, 2))).toThrow(ArgumentError);
  });

  test('a layer that is given a symbol is printed', () => {
    const layer = new nn.AdaptiveAvgPool2d(wrong<number>(Symbol('size')));
    expect(String(layer)).toBe('AdaptiveAvgPool2d(output_size=a symbol)');
  });
});
