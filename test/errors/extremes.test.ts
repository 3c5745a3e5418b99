/** More than can be had: tensors, parts, lists, typed arrays; and values that are not what they pass for. */
import { execFileSync } from 'child_process';
import { join } from 'path';
import {
  ArgumentError,
  IndexError,
  OutOfMemoryError,
  Tensor,
  TenonError,
  arange,
  chunk,
  linalg,
  nn,
  ones,
  split,
  tensor,
  unbind,
  zeros,
} from 'tenon';
import { errorOf, failures, wrong } from './table';

const many = (): Tensor => zeros(1).expand(2 ** 31);

describe('more than can be had', () => {
  failures([
    [() => unbind(many()), OutOfMemoryError, /^unbind: expected at most 4194303 parts, got 2147483648/],
    [() => split(many(), 1), OutOfMemoryError, /^split: expected at most 4194303 parts/],
    [() => chunk(many(), 2 ** 31), OutOfMemoryError, /^split: expected at most 4194303 parts/],
    [() => chunk(zeros(0), 2 ** 31), OutOfMemoryError, /^chunk: expected at most 4194303 parts/],
    [() => [...many().requiresGrad_()], OutOfMemoryError, /^unbind: expected at most/],
    [
      () => zeros(2 ** 40, 0).tolist(),
      OutOfMemoryError,
      /^tolist: lists of shape \[1099511627776, 0\] do not fit JavaScript's heap \(\d+ of \d+ bytes are free\)/,
    ],
    [() => many().tolist(), OutOfMemoryError, /^tolist: lists of shape \[2147483648\]/],
    [() => JSON.stringify(zeros(0, 2 ** 40).t()), OutOfMemoryError, /^toJSON: lists of shape/],
  ]);

  const nested = (levels: number): unknown => (levels === 0 ? 0 : [nested(levels - 1)]);
  const ofItself: unknown[] = [];
  ofItself.push(ofItself);
  failures([
    [() => ones(3).index(wrong(nested(100))), IndexError, /^index: expected at most 64 levels of lists/],
    [() => ones(3).setIndex(wrong(ofItself), 1), IndexError, /^setIndex: expected at most 64 levels/],
  ]);

  test('any number of matrices without elements are decomposed', () => {
    const none = zeros(2 ** 40, 0, 0);
    expect(linalg.qr(none).map((x) => x.shape)).toEqual([none.shape, none.shape]);
    expect(linalg.matrixExp(none).shape).toEqual(none.shape);
    expect(linalg.qr(zeros(2 ** 40, 3, 0))[1].shape).toEqual([2 ** 40, 0, 0]);
  });

  test('lists that fit are made', () => {
    expect(zeros(1).expand(1000, 1000).tolist<number[][]>().at(-1)!.length).toBe(1000);
    expect(zeros(0, 2 ** 40).tolist()).toEqual([]);
  });

  /** With TENON_TEST_FULL: 4 million tensors take their time. */
  const fully = process.env.TENON_TEST_FULL ? test : test.skip;
  fully(
    'tensors beyond what the table of slots holds: first garbage, then an error',
    () => {
      const code = `
      const t = require('./dist');
      const x = t.zeros(1);
      const kept = [];
      const scope = (n) => { for (let i = 0; i < n; i++) kept.push(x.detach()); };
      let error;
      try { scope(2 ** 22 + 10); } catch (e) { error = e; }
      const most = kept.length;
      kept.length = 1000;
      scope(100000);
      console.log(JSON.stringify([error.name, error.message, most > 4190000, kept.at(-1).item()]));`;
      const out = execFileSync(process.execPath, ['--max-old-space-size=4096', '-e', code], {
        cwd: join(__dirname, '../..'),
        encoding: 'utf8',
      });
      expect(JSON.parse(out)).toEqual([
        'OutOfMemoryError',
        'tensor: 4194303 tensors exist, and there can be no more at a time',
        true,
        0,
      ]);
    },
    120_000,
  );
});

describe('what is not what it passes for', () => {
  test("a tensor with an id that was never given out frees nobody's", () => {
    const forged = Object.assign(Object.create(Tensor.prototype) as Tensor, ones(3), { id: 4_000_000 });
    expect(() => forged.add(1)).toThrow(ArgumentError);
    forged.dispose();
    for (let i = 0; i < 10; i++) expect(ones(2).add(i).tolist()).toEqual([1 + i, 1 + i]);
  });

  test('a ModuleList can be extended with itself, and by what is endless up to the first wrong element', () => {
    const list = new nn.ModuleList([new nn.ReLU(), new nn.Tanh()]);
    expect(list.extend(list).length).toBe(4);
    expect(errorOf(() => list.extend(wrong(many())))).toBeInstanceOf(ArgumentError);
    expect(list.length).toBe(4);
  });

  test('an error made with a message that is no text has one', () => {
    expect(new ArgumentError(wrong(Symbol('s'))).message).toBe('a symbol');
    expect(new TenonError('CODE', wrong({})).message).toBe('an object');
  });

  test('typed arrays of shared memory are copied as others are', () => {
    const shared = new Float32Array(new SharedArrayBuffer(16), 4, 2).fill(3);
    expect(tensor(shared).tolist()).toEqual([3, 3]);
    expect(tensor(new BigInt64Array(new SharedArrayBuffer(16))).dtype).toBe('int64');
    expect(arange(2).newTensor(wrong(shared)).tolist()).toEqual([3, 3]);
  });
});
